/** What the report could not see: hosts that were not read, with the remedy, and lines nobody understood. */
import type { SourceReport, TraceReport } from '../domain/chain.js';
import { type Fact, renderFacts } from './facts.js';
import type { Style } from './style.js';
import { printable } from './text-width.js';

/** Hosts named for their unknown lines; the sum counts all. */
const HOSTS_MAX = 5;

/** `mx2.example (file, unreadable): EACCES …`; not for sources whose status is `ok`. */
export const sourceFaultText = ({ host, kind, status, error }: SourceReport): string =>
  `${printable(host)} (${printable(kind)}, ${status})${error === null ? '' : `: ${printable(error)}`}`;

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
  const faults = sources.filter(({ status }) => status !== 'ok');
  const facts: readonly Fact[] = [
    ...faults.map((source) => ({ label: 'not read', text: sourceFaultText(source), paint: style.bad })),
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
