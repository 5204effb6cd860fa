/** Several messages match: the newest with a button each. */
import type { types } from '@slack/bolt';
import type { TraceReport } from '../../domain/chain.js';
import type { Match } from '../matches.js';
import {
  type Asked,
  clock,
  faultBlocks,
  faultsOf,
  keywordSpans,
  keywordText,
  windowLine,
  windowText,
} from './answer-context.js';
import { bold, footnote, own, paragraph, plural, prose, quote, type Reply, reply } from './blocks.js';
import { findingBlocks } from './findings.js';
import { matchText } from './rejects.js';
import { traceThisButton } from './trace-button.js';
import { pathSpans, verdictSpan } from './verdict-words.js';

/** Two blocks each, and a message takes 50; more than these nobody reads. */
const LIST_MAX = 10;

const entry = ({ chain }: Match, position: number, timeZone: string): readonly types.KnownBlock[] => {
  const first = chain.transactions[0];
  const name = first === undefined ? [] : [own(' · '), quote(first.queueId, 64), own(' on '), quote(first.host, 80)];
  const button = traceThisButton(chain, position);
  return [
    paragraph(
      [own(`${position}. `), ...verdictSpan(chain.verdict), own(` · ${clock(chain.firstSeenMs, timeZone)}`), ...name],
      pathSpans(chain),
      [prose(chain.summary, 200)],
    ),
    ...(button === null ? [] : [button]),
  ];
};

/** `3 delivered, 1 bounced`, in order of first appearance. */
const tally = (matches: readonly Match[]): string => {
  const counts = new Map<string, number>();
  for (const { chain } of matches) counts.set(chain.verdict, (counts.get(chain.verdict) ?? 0) + 1);
  return [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ');
};

/** Slack refuses some 13,200 characters of blocks (`msg_blocks_too_long`). */
const MAX_CHARS = 11_500;

/** As many entries as there is room for; the newest come first. */
const fitEntries = (matches: readonly Match[], timeZone: string, room: number): (readonly types.KnownBlock[])[] => {
  const entries: (readonly types.KnownBlock[])[] = [];
  let chars = 0;
  for (const [index, match] of matches.slice(0, LIST_MAX).entries()) {
    const blocks = entry(match, index + 1, timeZone);
    chars += JSON.stringify(blocks).length;
    if (chars > room && index > 0) break;
    entries.push(blocks);
  }
  return entries;
};

const moreBlock = (left: number): readonly types.KnownBlock[] =>
  left === 0
    ? []
    : [
        paragraph([
          own(`${plural(left, 'older message')} not shown: narrow the window, or add a keyword such as a recipient.`),
        ]),
      ];

export const listReply = (facts: Readonly<{ asked: Asked; matches: readonly Match[]; report: TraceReport }>): Reply => {
  const { asked, matches, report } = facts;
  const rejects = report.rejects.length > 0 ? ` ${matchText(report.rejects.length)} too.` : '';
  const head = paragraph(
    [
      bold(plural(matches.length, 'message')),
      own(' match '),
      ...keywordSpans(asked),
      own(`: ${tally(matches)}.${rejects}`),
    ],
    windowLine(asked),
  );
  const searched = `${plural(report.sources.length, 'host')} searched`;
  const tail = [
    ...faultBlocks(faultsOf(report)),
    ...findingBlocks(report.findings),
    footnote(`Asked by ${asked.by}. ${searched}. Press a button to see one message in the thread.`),
  ];
  const entries = fitEntries(matches, asked.timeZone, MAX_CHARS - JSON.stringify([head, ...tail]).length);
  return reply(
    [`${plural(matches.length, 'message')} match ${keywordText(asked)}: ${tally(matches)}.`, windowText(asked)],
    [head, ...entries.flat(), ...moreBlock(matches.length - entries.length), ...tail],
  );
};
