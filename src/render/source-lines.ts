/** What the report could not see: hosts that were not read, with the remedy, and lines nobody understood. */
import type { SourceReport, TraceReport } from '../domain/chain.js';
import { type Fact, renderFacts } from './facts.js';
import type { Style } from './style.js';
import { printable } from './text-width.js';

/** Hosts named for their unknown lines; the sum counts all. */
const HOSTS_MAX = 5;

/** Texts are told once, with all hosts they are true of. */
const groupByFault = (sources: readonly SourceReport[]): readonly (readonly SourceReport[])[] => {
  const groups = new Map<string, SourceReport[]>();
  for (const source of sources) {
    if (source.status === 'ok') continue;
    const key = [source.kind, source.status, source.error ?? ''].join('\0');
    groups.set(key, [...(groups.get(key) ?? []), source]);
  }
  return [...groups.values()];
};

/** `mx2.example, mx3.example (file, unreadable): EACCES …`, one text for each fault. */
export const sourceFaultTexts = (sources: readonly SourceReport[]): readonly string[] =>
  groupByFault(sources).map((group) => {
    const { kind, status, error } = group[0]!;
    const hosts = group.map(({ host }) => printable(host)).join(', ');
    return `${hosts} (${printable(kind)}, ${status})${error === null ? '' : `: ${printable(error)}`}`;
  });

const unknownText = (sources: readonly SourceReport[]): string | null => {
  const counted = sources
    .filter(({ unknownLines }) => unknownLines > 0)
    .toSorted((a, b) => b.unknownLines - a.unknownLines);
  const total = counted.reduce((sum, { unknownLines }) => sum + unknownLines, 0);
  if (total === 0) return null;
  const named = counted.slice(0, HOSTS_MAX).map(({ host, unknownLines }) => `${printable(host)} ${unknownLines}`);
  const more = counted.length > HOSTS_MAX ? `, ${counted.length - HOSTS_MAX} more hosts` : '';
  return `${total} ${total === 1 ? 'line was' : 'lines were'} not understood (${named.join(', ')}${more})`;
};

/** No lines when everything was read and understood. */
export const sourceLines = (
  { sources, complete }: TraceReport,
  { columns, style }: Readonly<{ columns: number | null; style: Style }>,
): readonly string[] => {
  const unknown = unknownText(sources);
  const facts: readonly Fact[] = [
    ...sourceFaultTexts(sources).map((text) => ({ label: 'not read', text, paint: style.bad })),
    ...(complete
      ? []
      : [
          {
            label: 'incomplete',
            text: 'This answer may lack messages or hops for the reasons named here.',
            paint: style.warn,
          },
        ]),
    ...(unknown === null ? [] : [{ label: 'ignored', text: unknown, paint: style.faint }]),
  ];
  return renderFacts(facts, columns, style);
};
