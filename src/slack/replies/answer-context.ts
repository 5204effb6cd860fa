/** What every answer repeats: who asked what, and where and when was searched. */
import type { types } from '@slack/bolt';
import type { SourceReport, TraceReport } from '../../domain/chain.js';
import type { TimeWindow } from '../../domain/time-window.js';
import { createZone, formatOffset, formatWall, formatWindow } from '../../zone.js';
import { bold, bullets, type Line, own, paragraph, plural, prose, quote } from './blocks.js';

/** The question as it is shown and logged. */
export type Asked = Readonly<{
  /** Display name of the asker. */
  by: string;
  /** Keywords as the user wrote them. */
  keywords: readonly string[];
  startHost: string | null;
  window: TimeWindow;
  timeZone: string;
  /** Why the zone is not the asker's own; null when it is. */
  zoneNote: string | null;
}>;

const SHOWN_KEYWORDS = 5;
const SHOWN_FAULTS = 3;

export const windowText = ({ window, timeZone }: Pick<Asked, 'window' | 'timeZone'>): string =>
  formatWindow(window, timeZone);

/** @example clock(Date.UTC(2026, 10, 20, 9), 'Europe/Berlin') // 2026-11-20 10:00 CET */
export const clock = (ms: number, timeZone: string): string => {
  const { wallAt, abbreviationAt, offsetMsAt } = createZone(timeZone);
  return `${formatWall(wallAt(ms))} ${abbreviationAt(ms) ?? formatOffset(offsetMsAt(ms))}`;
};

export const windowLine = (asked: Asked): Line => [
  bold('Window: '),
  own(windowText(asked)),
  ...(asked.zoneNote === null ? [] : [own(` (${asked.zoneNote})`)]),
];

export const keywordSpans = ({ keywords }: Pick<Asked, 'keywords'>): Line => {
  const shown = keywords.slice(0, SHOWN_KEYWORDS);
  const more = keywords.length - shown.length;
  const line = shown.flatMap((keyword, index) =>
    index === 0 ? [quote(keyword, 200)] : [own(' and '), quote(keyword, 200)],
  );
  return more > 0 ? [...line, own(` and ${more} more`)] : line;
};

export const keywordText = ({ keywords }: Pick<Asked, 'keywords'>): string =>
  keywords.slice(0, SHOWN_KEYWORDS).join(' and ').slice(0, 300);

/** Hosts whose log could not be read, or not to its end. */
export const faultsOf = ({ sources }: Pick<TraceReport, 'sources'>): readonly SourceReport[] =>
  sources.filter(({ status }) => status !== 'ok');

/** `Not read:` with fault and remedy of each host; nothing when all was read. */
export const faultBlocks = (faults: readonly SourceReport[]): readonly types.KnownBlock[] => {
  if (faults.length === 0) return [];
  const lines = faults
    .slice(0, SHOWN_FAULTS)
    .map(
      ({ host, status, error }): Line => [
        quote(host, 120),
        own(` ${status}: `),
        prose(error ?? 'no reason given', 400),
      ],
    );
  const more = faults.length - SHOWN_FAULTS;
  return [
    paragraph([bold('⚠ Not read, so this answer may lack something:')]),
    bullets(more > 0 ? [...lines, [own(`and ${plural(more, 'more host')}`)]] : lines),
  ];
};
