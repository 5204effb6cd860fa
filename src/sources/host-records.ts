/** The lines of one host, out of several logs, as records in log order. */
import type { LogRecord } from '../domain/event.js';
import type { FoundLine } from './log-reading.js';

/** What stands in the brackets of the tag: the process, or a queue file. */
const bracketOf = ({ program, pid }: FoundLine['header']): string =>
  pid === null ? program.slice(program.indexOf('[') + 1 || program.length) : String(pid);

/** The same line written by two rsyslog rules may have two forms, one without the daemon: second, process and text tell it. */
const copyKey = ({ header }: FoundLine): string =>
  `${Math.floor(header.timeMs / 1000)}|${bracketOf(header)}|${header.text}`;

/**
 * Leaves out what an earlier log has already: Debian writes each mail line to mail.log and to mail.info, and both match
 * `mail.*`. A line that stands twice in one log stays twice.
 */
const dropCopies = (logs: readonly (readonly FoundLine[])[]): readonly (readonly FoundLine[])[] => {
  if (logs.length <= 1) return logs;
  const known = new Map<string, number>();
  return logs.map((lines) => {
    const own = new Map<string, number>();
    const kept = lines.filter((line) => {
      const key = copyKey(line);
      const count = (own.get(key) ?? 0) + 1;
      own.set(key, count);
      return count > (known.get(key) ?? 0);
    });
    for (const [key, count] of own) known.set(key, Math.max(count, known.get(key) ?? 0));
    return kept;
  });
};

/** Merges logs by time and keeps the order within each, also where its clock was corrected. */
const merge = (logs: readonly (readonly FoundLine[])[]): readonly FoundLine[] => {
  if (logs.length <= 1) return logs[0] ?? [];
  const timed = logs.flatMap((lines) => {
    let latestMs = Number.NEGATIVE_INFINITY;
    return lines.map((line) => {
      latestMs = Math.max(latestMs, line.header.timeMs);
      return { latestMs, line };
    });
  });
  return timed.sort((a, b) => a.latestMs - b.latestMs).map(({ line }) => line);
};

/** Oldest piece first. */
const inLogOrder = (lines: readonly FoundLine[]): readonly FoundLine[] =>
  [...lines].sort((a, b) => (a.pieceMs === b.pieceMs ? a.offset - b.offset : a.pieceMs - b.pieceMs));

/** `logs`: the lines of one host, by the log they were found in. */
export const mergeLogs = (logs: readonly (readonly FoundLine[])[]): readonly FoundLine[] =>
  merge(dropCopies(logs.filter((lines) => lines.length > 0).map(inLogOrder)));

export const toRecord = ({ host, header, raw }: FoundLine, sequence: number): LogRecord => ({
  host,
  timeMs: header.timeMs,
  program: header.program,
  pid: header.pid,
  text: header.text,
  raw,
  sequence,
});
