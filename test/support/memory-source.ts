/** A LogSource over lines in memory: the simplest thing that keeps the port's promises; it passes the same contract. */
import type { HostReading, LogSource, Lookup, Needle, SearchOutcome, SearchRequest } from '../../src/app/ports.ts';
import type { LogRecord } from '../../src/domain/event.ts';
import { type HostName, hostName } from '../../src/domain/ids.ts';
import { isInside } from '../../src/domain/time-window.ts';
import { createHeaderParser } from '../../src/parsers/syslog-header.ts';
import { createZone } from '../../src/zone.ts';

const WORD = /[A-Za-z0-9_-]/;

export const holdsNeedle = (raw: string, { text, ignoreCase, isWhole }: Needle): boolean => {
  const fold = (s: string): string => (ignoreCase ? s.replace(/[A-Z]/g, (c) => c.toLowerCase()) : s);
  const [line, wanted] = [fold(raw), fold(text)];
  for (let at = line.indexOf(wanted); at !== -1; at = line.indexOf(wanted, at + 1)) {
    if (!isWhole) return true;
    if (!WORD.test(line[at - 1] ?? ' ') && !WORD.test(line[at + wanted.length] ?? ' ')) return true;
  }
  return false;
};

/** @param logs host → its lines, oldest first. `zones`: for stamps without an offset */
export const createMemorySource = (
  logs: Readonly<Record<string, readonly string[]>>,
  options: { nearMs: number; zones?: Readonly<Record<string, string>> },
): LogSource & { requests: SearchRequest[] } => {
  const records = new Map<HostName, LogRecord[]>();
  let sequence = 0;
  for (const [name, lines] of Object.entries(logs)) {
    const zone = createZone(options.zones?.[name] ?? 'UTC');
    const parse = createHeaderParser({ zoneOf: () => zone, nearMs: options.nearMs });
    const host = hostName(name);
    const parsed = lines.flatMap((raw): LogRecord[] => {
      const header = parse(raw);
      if (header === null) return [];
      return [
        {
          host,
          timeMs: header.timeMs,
          program: header.program,
          pid: header.pid,
          text: header.text,
          raw,
          sequence: sequence++,
        },
      ];
    });
    records.set(host, parsed);
  }
  const hitsOf = (all: readonly LogRecord[], { window, needles }: Lookup): LogRecord[] =>
    all.filter(
      (record) =>
        isInside(window, record.timeMs) && (needles.length === 0 || needles.some((n) => holdsNeedle(record.raw, n))),
    );
  const relatedTo = (hits: readonly LogRecord[], all: readonly LogRecord[], lookup: Lookup): LogRecord[] => {
    const { related, relatedWindow } = lookup;
    if (related === null) return [];
    const ids = new Set(hits.flatMap((hit) => related(hit)));
    const namesOne = (record: LogRecord): boolean =>
      (record.raw.match(/[A-Za-z0-9_-]+/g) ?? []).some((w) => ids.has(w));
    return all.filter((record) => isInside(relatedWindow, record.timeMs) && namesOne(record));
  };
  const searchHost = (host: HostName, lookups: readonly Lookup[]): LogRecord[] => {
    const all = records.get(host) ?? [];
    const chosen = new Set(
      lookups.flatMap((lookup) => {
        const hits = hitsOf(all, lookup);
        return [...hits, ...relatedTo(hits, all, lookup)];
      }),
    );
    return all.filter((record) => chosen.has(record));
  };
  const requests: SearchRequest[] = [];
  return {
    kind: 'file',
    hosts: [...records.keys()],
    requests,
    search: (request): Promise<SearchOutcome> => {
      requests.push(request);
      const found = request.hosts.map((host) => ({ host, records: searchHost(host, request.lookups) }));
      const { maxLines } = request.budget;
      const flat = found.flatMap(({ records: list }) => list);
      return Promise.resolve({
        records: flat.slice(0, maxLines),
        hosts: found.map(
          ({ host, records: list }): HostReading => ({
            host,
            status: 'ok',
            error: null,
            linesRead: list.length,
            ambiguousTimes: 0,
          }),
        ),
        isCut: flat.length > maxLines,
      });
    },
    close: () => Promise.resolve(),
  };
};
