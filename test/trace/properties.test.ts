/** What no log may do to a story, however it is shipped: tried on many stories. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogs, FLEET, type Logs, peer } from '../support/postfix-log.ts';
import { type StoryOptions, tellChain, trace } from '../support/trace-story.ts';

const HOSTS = Object.keys(FLEET);
const PARTNER = 'mx.partner.example[198.51.100.1]:25';

type Plot = Readonly<{
  /** Indices of HOSTS, two that follow each other differ. */
  way: readonly number[];
  /** Does the reply at this hop name the next queue ID? */
  names: readonly boolean[];
  hasMessageId: boolean;
  deferrals: number;
  end:
    | 'stored'
    | 'bounced'
    | 'deferred'
    | 'external'
    | 'fan-out'
    | 'alias'
    | 'requeued'
    | 'filtered'
    | 'held'
    | 'deleted';
  begin: number;
}>;

const plots: fc.Arbitrary<Plot> = fc.record({
  way: fc
    .array(fc.nat(HOSTS.length - 1), { minLength: 1, maxLength: 5 })
    .map((way) => way.filter((host, index) => host !== way[index - 1])),
  names: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  hasMessageId: fc.boolean(),
  deferrals: fc.nat(2),
  end: fc.constantFrom(
    'stored',
    'bounced',
    'deferred',
    'external',
    'fan-out',
    'alias',
    'requeued',
    'filtered',
    'held',
    'deleted',
  ),
  begin: fc.nat(300),
});

type Cast = Readonly<{ prefix: string; from: string; to: string; messageId: string }>;
const FIRST: Cast = {
  prefix: 'A1',
  from: 'ann@sender.example',
  to: 'carol@campus.example',
  messageId: 'm1@sender.example',
};
const SECOND: Cast = {
  prefix: 'F2',
  from: 'eve@other.example',
  to: 'dave@campus.example',
  messageId: 'm2@other.example',
};

const TIMED_OUT = { status: 'deferred', relay: 'none', dsn: '4.4.1', response: 'connect to x: timed out' };

const tellEnd = (
  logs: Logs,
  { end }: Plot,
  { prefix, from, to, messageId }: Cast,
  host: string,
  id: string,
  at: number,
): void => {
  const on = logs.on(host);
  const next = `${prefix}EEEEE`;
  switch (end) {
    case 'stored':
      on.delivers(id, at, { to });
      break;
    case 'external':
      on.delivers(id, at, { to, relay: PARTNER });
      break;
    case 'alias':
      on.delivers(id, at, { to: `x.${to}`, origTo: to });
      on.delivers(id, at + 0.2, { to: `y.${to}`, origTo: to });
      break;
    case 'bounced':
      on.delivers(id, at, { to, relay: PARTNER, status: 'bounced', response: 'host x[1] said: 550 5.1.1 no' });
      on.makes(next, at + 0.1);
      on.line(at + 0.15, 'bounce', `${id}: sender non-delivery notification: ${next}`);
      on.delivers(next, at + 2, { to: from, relay: PARTNER });
      on.removes(next, at + 2.1);
      break;
    case 'fan-out':
      on.delivers(id, at, { to: `x.${to}`, relay: PARTNER });
      on.delivers(id, at + 0.2, { to, ...TIMED_OUT });
      return;
    case 'requeued':
      on.line(at, 'postsuper', `${id}: requeued`);
      on.picksUp(next, at + 20, { from, origId: id, messageId });
      on.delivers(next, at + 22, { to });
      on.removes(next, at + 22.1);
      return;
    case 'filtered':
      on.gets(next, at - 0.1, { client: 'localhost[127.0.0.1]', origQueueId: id, from, messageId });
      on.delivers(id, at, { to, relay: '127.0.0.1[127.0.0.1]:10024', response: '250 2.0.0 Ok' });
      on.delivers(next, at + 2, { to });
      on.removes(next, at + 2.1);
      break;
    case 'held':
      on.line(at, 'postsuper', `${id}: placed on hold`);
      return;
    case 'deleted':
      on.line(at, 'postsuper', `${id}: removed`);
      return;
    case 'deferred':
      on.delivers(id, at, { to, ...TIMED_OUT });
      return;
  }
  on.removes(id, at + 1);
};

/** Times are whole seconds apart, so that the order of lines is clear also in logs that count seconds. */
const tell = (logs: Logs, plot: Plot, cast: Cast): void => {
  const { way, names, deferrals, begin } = plot;
  const { prefix, from, to } = cast;
  const messageId = plot.hasMessageId ? cast.messageId : '';
  const id = (index: number): string => `${prefix}A1A1A${index}`;
  const facts = { messageId, from, to };
  logs.on(HOSTS[way[0]!]!).gets(id(0), begin, facts);
  let at = begin + 3;
  for (let index = 0; index + 1 < way.length; index++) {
    const [host, next] = [HOSTS[way[index]!]!, HOSTS[way[index + 1]!]!];
    for (let count = 0; count < deferrals; count++, at += 20)
      logs.on(host).delivers(id(index), at, { to, ...TIMED_OUT });
    logs.on(next).gets(id(index + 1), at - 1, { ...facts, client: peer(host) });
    const response = names[index] ? `250 2.0.0 Ok: queued as ${id(index + 1)}` : '250 2.0.0 Ok';
    logs
      .on(host)
      .delivers(id(index), at, { to, relay: `${peer(next)}:25`, response, delay: 1.5, delays: '0.1/0/0.2/1.2' });
    logs.on(host).removes(id(index), at + 1);
    at += 5;
  }
  tellEnd(logs, plot, { ...cast, messageId }, HOSTS[way.at(-1)!]!, id(way.length - 1), at);
};

const logsOf = (...stories: readonly (readonly [Plot, Cast])[]): Logs => {
  const logs = createLogs();
  for (const [plot, cast] of stories) tell(logs, plot, cast);
  return logs;
};

/** Order is by time, and some of these tests change times: recipients of a hop, lines and chains are put in order here. */
const inOrder = (line: string): string => {
  const [hop, recipients] = line.split(/: (?=[^:]*, )/, 2);
  return recipients === undefined ? line : `${hop}: ${recipients.split(', ').sort().join(', ')}`;
};

const toldFrom = async (logs: Logs, options: StoryOptions = {}): Promise<string[]> => {
  const { report } = await trace(logs, `from:${FIRST.from}`, options);
  return report.chains.map((chain) => tellChain(chain).map(inOrder).sort().join('\n')).sort();
};

const RUNS = { numRuns: 80 };

describe('a story stays the same', () => {
  it('when another message is told between its lines', async () => {
    await fc.assert(
      fc.asyncProperty(plots, plots, async (plot, other) => {
        const alone = await toldFrom(logsOf([plot, FIRST]));
        expect(await toldFrom(logsOf([plot, FIRST], [other, SECOND]))).toEqual(alone);
      }),
      RUNS,
    );
  });

  it('when another message uses its queue IDs later', async () => {
    await fc.assert(
      fc.asyncProperty(plots, plots, async (plot, other) => {
        const alone = await toldFrom(logsOf([plot, FIRST]));
        const later = { ...other, begin: other.begin + 1500 };
        expect(await toldFrom(logsOf([plot, FIRST], [later, { ...SECOND, prefix: FIRST.prefix }]))).toEqual(alone);
      }),
      RUNS,
    );
  });

  it('when lines are shipped twice', async () => {
    await fc.assert(
      fc.asyncProperty(plots, fc.constantFrom('rfc3339', 'rfc3164', 'rfc5424'), async (plot, format) => {
        const logs = logsOf([plot, FIRST]);
        const arrange = (lines: readonly string[]): readonly string[] => lines.flatMap((line) => [line, line]);
        expect(await toldFrom(logs, { arrange, format })).toEqual(await toldFrom(logs, { format }));
      }),
      RUNS,
    );
  });

  it('in every format', async () => {
    await fc.assert(
      fc.asyncProperty(plots, async (plot) => {
        const logs = logsOf([plot, FIRST]);
        const told = await toldFrom(logs);
        expect(await toldFrom(logs, { format: 'rfc3164' })).toEqual(told);
        expect(await toldFrom(logs, { format: 'rfc5424' })).toEqual(told);
      }),
      RUNS,
    );
  });

  it('whatever the order of lines that bear one stamp', async () => {
    await fc.assert(
      fc.asyncProperty(plots, fc.infiniteStream(fc.nat(1000)), async (plot, dice) => {
        const logs = logsOf([plot, FIRST]);
        const arrange = (lines: readonly string[]): readonly string[] =>
          lines
            .map((line) => ({ line, stamp: line.slice(0, 15), die: dice.next().value ?? 0 }))
            .sort((a, b) => (a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : a.die - b.die))
            .map(({ line }) => line);
        expect(await toldFrom(logs, { arrange, format: 'rfc3164' })).toEqual(await toldFrom(logs));
      }),
      RUNS,
    );
  });

  it('whatever the clocks say, three minutes either way', async () => {
    const shifts = fc.array(fc.integer({ min: -180_000, max: 180_000 }), {
      minLength: HOSTS.length,
      maxLength: HOSTS.length,
    });
    await fc.assert(
      fc.asyncProperty(plots, shifts, async (plot, offsets) => {
        const logs = logsOf([plot, FIRST]);
        const shiftMs = Object.fromEntries(HOSTS.map((host, index) => [host, offsets[index]!]));
        expect(await toldFrom(logs, { shiftMs })).toEqual(await toldFrom(logs));
      }),
      RUNS,
    );
  });

  it('by whichever of its names it is found', async () => {
    await fc.assert(
      fc.asyncProperty(plots, async (plot) => {
        const logs = logsOf([plot, FIRST]);
        const bySender = (await trace(logs, `from:${FIRST.from}`)).report.chains.filter(({ isMatch }) => isMatch);
        const names = bySender.flatMap(({ id, transactions }) =>
          transactions
            .flatMap(({ queueId, messageId }) => [`qid:${queueId}`, ...(messageId === null ? [] : [`id:${messageId}`])])
            .map((keyword) => ({ id, keyword })),
        );
        for (const { id, keyword } of names) {
          expect((await trace(logs, keyword)).report.chains.map((chain) => chain.id)).toContain(id);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('a message that is sent twice', () => {
  it('stays two chains, whatever the clocks say and the replies do not', async () => {
    const shifts = fc.array(fc.integer({ min: -180_000, max: 180_000 }), {
      minLength: HOSTS.length,
      maxLength: HOSTS.length,
    });
    await fc.assert(
      fc.asyncProperty(plots, fc.integer({ min: 10, max: 300 }), shifts, async (plot, later, offsets) => {
        const again = { ...FIRST, prefix: 'F2' };
        const logs = logsOf([plot, FIRST], [{ ...plot, begin: plot.begin + later }, again]);
        const shiftMs = Object.fromEntries(HOSTS.map((host, index) => [host, offsets[index]!]));
        const { report } = await trace(logs, `from:${FIRST.from}`, { shiftMs });
        for (const { transactions } of report.chains) {
          expect(new Set(transactions.map(({ queueId }) => queueId.slice(0, 2))).size).toBe(1);
        }
      }),
      RUNS,
    );
  });
});

describe('no log', () => {
  it('throws, invents an edge or joins strangers, however its lines are mixed', async () => {
    await fc.assert(
      fc.asyncProperty(plots, plots, fc.infiniteStream(fc.nat(1_000_000)), async (plot, other, dice) => {
        const logs = logsOf([plot, FIRST], [other, SECOND]);
        const arrange = (lines: readonly string[]): readonly string[] =>
          lines
            .map((line) => ({ line, die: dice.next().value ?? 0 }))
            .sort((a, b) => a.die - b.die)
            .map(({ line }) => line);
        for (const { from, prefix } of [FIRST, SECOND]) {
          const { report } = await trace(logs, `from:${from}`, { arrange });
          expect(report.chains.length).toBeGreaterThan(0);
          for (const { transactions } of report.chains) {
            expect(new Set(transactions.map(({ queueId }) => queueId.slice(0, 2)))).toEqual(new Set([prefix]));
          }
        }
      }),
      RUNS,
    );
  });

  it('throws for cut, spliced and random lines', async () => {
    const cuts = fc.array(fc.tuple(fc.nat(400), fc.nat(400), fc.string({ unit: 'binary', maxLength: 20 })), {
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(plots, cuts, async (plot, places) => {
        const arrange = (lines: readonly string[]): readonly string[] =>
          lines.flatMap((line, index) => {
            const [at, length, noise] = places[index % Math.max(places.length, 1)] ?? [0, 0, ''];
            return index % 3 === 0 ? [line.slice(0, at) + noise + line.slice(at + length), noise] : [line];
          });
        const { report } = await trace(logsOf([plot, FIRST]), FIRST.from, { arrange });
        for (const chain of report.chains) expect(chain.transactions.length).toBeGreaterThan(0);
      }),
      RUNS,
    );
  });
});
