/** Following gives the transactions that a trace on demand gives, however the lines come. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TransactionIndex, TransactionRecord } from '../../src/app/ports.ts';
import type { LogRecord } from '../../src/domain/event.ts';
import type { HostName } from '../../src/domain/ids.ts';
import type { Transaction } from '../../src/domain/transaction.ts';
import { parseRecord } from '../../src/parsers/registry.ts';
import { createFold } from '../../src/trace/fold.ts';
import { createLiveFold, type LiveFold, type ReadLine } from '../../src/trace/live-fold.ts';
import { readMailbed } from '../support/mailbed-records.ts';
import { memoryIndex } from '../support/memory-stores.ts';

const SETTINGS = {
  giveUpMs: 6 * 86_400_000,
  closeMs: 300_000,
  lateMs: 20_000,
  idleMs: 60_000,
  placesMax: 100_000,
};

const readLine = (record: LogRecord): ReadLine => {
  const outcome = parseRecord(record);
  return { record, events: outcome.kind === 'events' ? outcome.events : [] };
};

const inOrder = (transactions: readonly Transaction[]): readonly Transaction[] => {
  const keyOf = ({ host, queueId, firstSeenMs }: Transaction): string => `${host} ${queueId} ${firstSeenMs}`;
  return transactions.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
};

const foldAtOnce = (lines: readonly ReadLine[]): readonly Transaction[] => {
  const fold = createFold(1_000_000);
  for (const { record, events } of lines) fold.add(record, events);
  return inOrder(fold.result().transactions);
};

type WatchedIndex = TransactionIndex & Readonly<{ records: ReadonlyMap<string, TransactionRecord> }>;

/** Shows everything that stands in it. */
const createIndex = (): WatchedIndex => {
  const index = memoryIndex();
  const records = new Map<string, TransactionRecord>();
  return {
    ...index,
    records,
    write: async (changes) => {
      for (const { key } of changes.remove) records.delete(key);
      for (const record of changes.put) records.set(record.key, record);
      await index.write(changes);
    },
  };
};

/** Feeds the lines in rounds, as following does, with nothing to send. */
const createFollowing = (index: WatchedIndex, settings = SETTINGS) => {
  const reached = new Map<HostName, number>();
  const eventTime = (host: HostName): number => reached.get(host) ?? Number.NEGATIVE_INFINITY;
  let fold: LiveFold = createLiveFold(settings);
  let wallMs = 0;
  let inHand = 0;
  const finish = async (): Promise<void> => {
    const review = fold.review();
    inHand = review.due.length;
    await index.write(
      fold.finish(new Map(review.due.map((live) => [live, { sent: null, wakeAtMs: null }])), eventTime, wallMs),
    );
  };
  return {
    round: async (lines: readonly ReadLine[]): Promise<void> => {
      wallMs += 100;
      const oldest = new Map<HostName, number>();
      for (const { record } of lines) {
        oldest.set(record.host, Math.min(oldest.get(record.host) ?? Number.POSITIVE_INFINITY, record.timeMs));
      }
      for (const [host, timeMs] of oldest) reached.set(host, Math.max(eventTime(host), timeMs));
      fold.load(await index.findOpen(fold.wanted(lines, eventTime)), wallMs);
      for (const line of lines) fold.add(line, wallMs);
      await finish();
    },
    /** Nothing is logged for a while. */
    pass: async (ms: number): Promise<void> => {
      wallMs += ms;
      for (const [host, timeMs] of reached) reached.set(host, timeMs + ms);
      fold.load(await index.findOpen(fold.wanted([], eventTime)), wallMs);
      await finish();
    },
    /** The process is killed and starts again: only the index is left. */
    restart: async (): Promise<void> => {
      fold = createLiveFold(settings);
      fold.load(await index.listOpen({ arrivedBeforeMs: Number.POSITIVE_INFINITY, after: null, limit: 1e9 }), wallMs);
      await finish();
    },
    /** Transactions that the last round looked at. */
    inHand: () => inHand,
  };
};

const stored = (index: WatchedIndex): readonly Transaction[] =>
  inOrder([...index.records.values()].map(({ transaction }) => transaction));

let lines: readonly ReadLine[] = [];
let expected: readonly Transaction[] = [];

beforeAll(async () => {
  lines = (await readMailbed('rfc3339')).records.map(readLine);
  expected = foldAtOnce(lines);
});

/**
 * What differs, a few words each: two thousand transactions are too many to look at. The lines of a session are in no message's
 * record until the message arrives: what leaves memory in between loses its encryption, and whether it was accepted at all.
 */
const differences = (actual: readonly Transaction[], { isSessionLost = false } = {}): readonly string[] => {
  const keyOf = ({ host, queueId, firstSeenMs }: Transaction): string => `${host} ${queueId} ${firstSeenMs}`;
  const found = new Map(actual.map((t) => [keyOf(t), t]));
  const lacking = expected.flatMap((wanted): string[] => {
    const t = found.get(keyOf(wanted));
    found.delete(keyOf(wanted));
    if (t === undefined) return [`missing ${keyOf(wanted)}`];
    const { tls: _, ...facts } = wanted;
    const names = Object.keys(isSessionLost ? facts : wanted) as (keyof Transaction)[];
    const other = names.filter((name) => JSON.stringify(t[name]) !== JSON.stringify(wanted[name]));
    return other.map(
      (name) => `${keyOf(t)}: ${name} is ${JSON.stringify(t[name])}, not ${JSON.stringify(wanted[name])}`,
    );
  });
  const isUndecided = ({ recipients, recipientCount }: Transaction): boolean =>
    recipients.length === 0 && recipientCount === null;
  const further = [...found.values()].filter((t) => !(isSessionLost && isUndecided(t)));
  return [...lacking, ...further.map((t) => `not expected ${keyOf(t)}`)];
};

/** What shippers do: lines up to `disorderMs` late, in chunks of any size, some of them twice. */
type Shipping = Readonly<{
  disorderMs: number;
  seed: number;
  sizes: readonly number[];
  twice: number;
  restarts: number;
}>;

const shipping: fc.Arbitrary<Shipping> = fc.record({
  disorderMs: fc.constantFrom(0, 5, 1000, 20_000),
  seed: fc.nat(1_000_000),
  sizes: fc.array(fc.integer({ min: 50, max: 3000 }), { minLength: 1, maxLength: 8 }),
  twice: fc.constantFrom(0, 3, 10),
  restarts: fc.constantFrom(0, 5, 13),
});

/** A generator with a seed: the same shipping again and again. */
const createRandom = (seed: number) => {
  let state = seed + 1;
  return (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};

const ship = (all: readonly ReadLine[], { disorderMs, seed }: Shipping): readonly ReadLine[] => {
  const random = createRandom(seed);
  return all
    .map((line) => ({ line, atMs: line.record.timeMs + random() * disorderMs }))
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ line }, sequence) => ({ ...line, record: { ...line.record, sequence } }));
};

const follow = async (all: readonly ReadLine[], how: Shipping, settings = SETTINGS): Promise<WatchedIndex> => {
  const index = createIndex();
  const following = createFollowing(index, settings);
  const shipped = ship(all, how);
  for (let at = 0, round = 1; at < shipped.length; round++) {
    const size = how.sizes[round % how.sizes.length]!;
    const batch = shipped.slice(at, at + size);
    await following.round(batch);
    if (how.twice > 0 && round % how.twice === 0) await following.round(shipped.slice(Math.max(0, at - 50), at + size));
    if (how.restarts > 0 && round % how.restarts === 0) {
      await following.restart();
      // What was read since the last checkpoint comes again.
      await following.round(batch);
    }
    at += size;
  }
  await following.pass(86_400_000);
  return index;
};

describe('following the mailbed', { timeout: 120_000 }, () => {
  it('reads a corpus worth following', () => {
    expect(lines.length).toBeGreaterThan(10_000);
    expect(expected.length).toBeGreaterThan(1000);
  });

  it('gives the transactions of a trace at once, when all comes in one round', async () => {
    const index = await follow(lines, { disorderMs: 0, seed: 1, sizes: [1e9], twice: 0, restarts: 0 });
    expect(differences(stored(index))).toEqual([]);
    expect(stored(index)).toHaveLength(expected.length);
  });

  it('gives them however the lines are shipped, and whenever the process is killed', async () => {
    await fc.assert(
      fc.asyncProperty(shipping, async (how) => {
        const transactions = stored(await follow(lines, how));
        expect(differences(transactions, { isSessionLost: how.restarts > 0 })).toEqual([]);
      }),
      { numRuns: 12, seed: 5, endOnFailure: true },
    );
  });

  it('gives them with next to nothing in memory', async () => {
    const how = { disorderMs: 1000, seed: 3, sizes: [40], twice: 7, restarts: 0 };
    const transactions = stored(await follow(lines, how, { ...SETTINGS, placesMax: 50 }));
    expect(differences(transactions, { isSessionLost: true })).toEqual([]);
  });
});

describe('a queue ID that is used again and again', () => {
  const CYCLE_MS = 10_000;
  const USES = 200;
  const messageId = (use: number): string => `use-${use}@campus.example`;

  /** A message from its arrival to its removal, within a second. */
  const useOnce = (use: number): readonly ReadLine[] => {
    const texts = [
      'A1B2C3D4E5: client=mx.example.org[192.0.2.1]',
      `A1B2C3D4E5: message-id=<${messageId(use)}>`,
      'A1B2C3D4E5: from=<a@example.org>, size=900, nrcpt=1 (queue active)',
      'A1B2C3D4E5: to=<b@campus.example>, relay=local, delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, status=sent (delivered)',
      'A1B2C3D4E5: removed',
    ];
    const programs = ['postfix/smtpd', 'postfix/cleanup', 'postfix/qmgr', 'postfix/local', 'postfix/qmgr'];
    const timeMs = Date.UTC(2026, 10, 21) + use * CYCLE_MS;
    return texts.map((text, at) =>
      readLine({
        host: 'gw' as HostName,
        timeMs: timeMs + at * 100,
        program: programs[at]!,
        pid: 7,
        text,
        raw: text,
        sequence: use * texts.length + at,
      }),
    );
  };

  it('costs what its last minutes cost, and each use is a transaction of its own', async () => {
    const index = createIndex();
    const following = createFollowing(index);
    const counts: number[] = [];
    for (let use = 0; use < USES; use++) {
      await following.round(useOnce(use));
      counts.push(following.inHand());
    }
    const kept = SETTINGS.closeMs / CYCLE_MS + 1;
    // The one that is closed by a round was looked at in it.
    expect(Math.max(...counts)).toBe(kept + 1);
    const records = [...index.records.values()];
    expect(records.map(({ transaction }) => transaction.messageId)).toEqual(
      Array.from({ length: USES }, (_, use) => messageId(use)),
    );
    expect(await index.countOpen()).toBe(kept);
  });
});
