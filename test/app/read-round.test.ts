/** A round: all sources at once, each line once, a budget for the whole trace. */
import { describe, expect, it } from 'vitest';
import type { LogSource, SearchOutcome, SearchRequest } from '../../src/app/ports.ts';
import { createReader } from '../../src/app/read-round.ts';
import type { TraceDeps } from '../../src/app/trace-deps.ts';
import { NO_ARCHITECTURE } from '../../src/domain/architecture.ts';
import type { LogRecord } from '../../src/domain/event.ts';
import { buildHostDirectory } from '../../src/domain/host-names.ts';
import { type HostName, hostName } from '../../src/domain/ids.ts';
import type { Plan } from '../../src/trace/next-lookups.ts';

const [MX1, MX2] = [hostName('mx1'), hostName('mx2')];
const WINDOW = { fromMs: 0, toMs: 1000 };
const LOOKUP = { window: WINDOW, needles: [{ text: 'x', ignoreCase: false, isWhole: true }], isRelated: true };
const plan = (...hosts: HostName[]): Plan => new Map(hosts.map((host) => [host, [LOOKUP]]));

const record = (host: HostName, raw: string, sequence = 0): LogRecord => ({
  host,
  timeMs: 1,
  program: 'postfix/qmgr',
  pid: 1,
  text: raw,
  raw,
  sequence,
});

type Answer = Partial<SearchOutcome> & { afterMs?: number };

/** A source that answers what it is told to, round by round. */
const sourceOf = (
  hosts: readonly HostName[],
  answers: readonly Answer[],
): LogSource & { requests: SearchRequest[] } => {
  const requests: SearchRequest[] = [];
  return {
    kind: 'file',
    hosts,
    requests,
    search: async (request) => {
      const answer = answers[requests.length] ?? {};
      requests.push(request);
      for (let turn = 0; turn < (answer.afterMs ?? 0); turn++) await Promise.resolve();
      return {
        records: answer.records ?? [],
        hosts:
          answer.hosts ??
          request.hosts.map((host) => ({ host, status: 'ok', error: null, linesRead: 0, ambiguousTimes: 0 })),
        isCut: answer.isCut ?? false,
      };
    },
    close: () => Promise.resolve(),
  };
};

const readerOf = (sources: readonly LogSource[], limits: Partial<TraceDeps['limits']> = {}) => {
  const hosts = sources.flatMap((source) => source.hosts);
  const deps: TraceDeps = {
    sources,
    directory: buildHostDirectory({ hosts, clusters: {}, domain: '' }),
    hosts,
    architecture: NO_ARCHITECTURE,
    clusters: {},
    domain: '',
    limits: {
      maxRounds: 8,
      maxTransactions: 10,
      maxLines: 100,
      maxBytes: 10_000,
      followLimitMs: 0,
      logLagMs: 0,
      manyHops: 7,
      slowHopMs: 1,
      ...limits,
    },
    timeZone: 'UTC',
    now: () => 0,
  };
  return createReader(deps, new AbortController().signal);
};

const silent = (): void => undefined;

describe('a round', () => {
  it('asks hosts that are asked the same in one request, and others apart', async () => {
    const source = sourceOf([MX1, MX2], []);
    await readerOf([source]).read(plan(MX1, MX2), silent);
    expect(source.requests.map(({ hosts }) => hosts)).toEqual([[MX1, MX2]]);
    const apart = sourceOf([MX1, MX2], []);
    await readerOf([apart]).read(
      new Map([
        [MX1, [LOOKUP]],
        [MX2, [{ ...LOOKUP, isRelated: false }]],
      ]),
      silent,
    );
    expect(apart.requests.map(({ hosts }) => hosts)).toEqual([[MX1], [MX2]]);
  });

  it('asks no source that serves none of the hosts', async () => {
    const [one, other] = [sourceOf([MX1], []), sourceOf([MX2], [])];
    await readerOf([one, other]).read(plan(MX1), silent);
    expect([one.requests.length, other.requests.length]).toEqual([1, 0]);
  });

  it('returns lines in the order of the sources, whoever answers first', async () => {
    const slow = sourceOf([MX1], [{ records: [record(MX1, 'a')], afterMs: 20 }]);
    const fast = sourceOf([MX2], [{ records: [record(MX2, 'b')] }]);
    const records = await readerOf([slow, fast]).read(plan(MX1, MX2), silent);
    expect(records.map(({ raw }) => raw)).toEqual(['a', 'b']);
  });

  it('tells how many hosts have answered', async () => {
    const seen: [number, number][] = [];
    const sources = [sourceOf([MX1], []), sourceOf([MX2], [])];
    await readerOf(sources).read(plan(MX1, MX2), (answered, asked) => seen.push([answered, asked]));
    expect(seen).toEqual([
      [0, 2],
      [1, 2],
      [2, 2],
    ]);
  });

  it('hands the signal on', async () => {
    const source = sourceOf([MX1], []);
    const signals: AbortSignal[] = [];
    const spy: LogSource = {
      ...source,
      search: (request, signal) => {
        signals.push(signal);
        return source.search(request, signal);
      },
    };
    await readerOf([spy]).read(plan(MX1), silent);
    expect(signals[0]?.aborted).toBe(false);
  });
});

describe('a line', () => {
  it('that a later round brings again is the same line', async () => {
    const reader = readerOf([
      sourceOf([MX1], [{ records: [record(MX1, 'a')] }, { records: [record(MX1, 'a'), record(MX1, 'b')] }]),
    ]);
    await reader.read(plan(MX1), silent);
    expect((await reader.read(plan(MX1), silent)).map(({ raw }) => raw)).toEqual(['b']);
    expect(reader.reports()[0]).toMatchObject({ linesRead: 2, rounds: 2 });
  });

  it('that stands twice in one answer is two lines', async () => {
    const reader = readerOf([sourceOf([MX1], [{ records: [record(MX1, 'a'), record(MX1, 'a', 1)] }])]);
    expect(await reader.read(plan(MX1), silent)).toHaveLength(2);
  });

  it('of another host is another line', async () => {
    const reader = readerOf([sourceOf([MX1, MX2], [{ records: [record(MX1, 'a'), record(MX2, 'a')] }])]);
    expect(await reader.read(plan(MX1, MX2), silent)).toHaveLength(2);
  });
});

describe('the budget', () => {
  it('is passed on as what is left, and ends the reading', async () => {
    const source = sourceOf(
      [MX1],
      [{ records: [record(MX1, 'a'), record(MX1, 'b')] }, { records: [record(MX1, 'c'), record(MX1, 'd')] }],
    );
    const reader = readerOf([source], { maxLines: 3 });
    await reader.read(plan(MX1), silent);
    expect(reader.isCut()).toBe(false);
    expect((await reader.read(plan(MX1), silent)).map(({ raw }) => raw)).toEqual(['c']);
    expect(reader.isCut()).toBe(true);
    expect(source.requests.map(({ budget }) => budget.maxLines)).toEqual([3, 1]);
  });

  it('counts bytes', async () => {
    const reader = readerOf(
      [sourceOf([MX1], [{ records: [record(MX1, 'x'.repeat(90)), record(MX1, 'y'.repeat(90)), record(MX1, 'z')] }])],
      { maxBytes: 100 },
    );
    await reader.read(plan(MX1), silent);
    expect(reader.isCut()).toBe(true);
  });

  it('is used up when a source says so', async () => {
    const reader = readerOf([sourceOf([MX1], [{ isCut: true }])]);
    await reader.read(plan(MX1), silent);
    expect(reader.isCut()).toBe(true);
  });
});

describe('the report of the sources', () => {
  const reading = (facts: object) => ({
    host: MX1,
    status: 'ok' as const,
    error: null,
    linesRead: 0,
    ambiguousTimes: 0,
    ...facts,
  });

  it('keeps the worst status and the first error', async () => {
    const reader = readerOf([
      sourceOf(
        [MX1],
        [
          { hosts: [reading({ status: 'unreachable', error: 'no route' })] },
          { hosts: [reading({ status: 'incomplete', error: 'later' })] },
          { hosts: [reading({})] },
        ],
      ),
    ]);
    for (let round = 0; round < 3; round++) await reader.read(plan(MX1), silent);
    expect(reader.reports()).toMatchObject([{ host: MX1, status: 'unreachable', error: 'no route', rounds: 3 }]);
  });

  it('names every host, also one that was never asked', async () => {
    const reader = readerOf([sourceOf([MX1, MX2], [])]);
    await reader.read(plan(MX1), silent);
    expect(reader.reports().map(({ host, rounds, status }) => [host, rounds, status])).toEqual([
      [MX1, 1, 'ok'],
      [MX2, 0, 'ok'],
    ]);
  });

  it('counts unknown lines and lines without a header, each once', async () => {
    const reader = readerOf([
      sourceOf([MX1], [{ hosts: [reading({ headlessLines: 2 })] }, { hosts: [reading({ headlessLines: 2 })] }]),
    ]);
    for (let round = 0; round < 2; round++) await reader.read(plan(MX1), silent);
    reader.countUnknown(MX1);
    expect(reader.reports()[0]?.unknownLines).toBe(3);
  });
});
