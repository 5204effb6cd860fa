/**
 * What following does with the lines of a poll, in two parts. First they are parsed and folded, and it is decided which spans are
 * due. Then, while the next lines are in the first part: the spans are sent, the transactions go to the index, what went wrong to
 * the alerts, and the checkpoint is committed.
 */
import type { LogRecord } from '../domain/event.js';
import type { Span } from '../domain/span.js';
import type { Transaction } from '../domain/transaction.js';
import { parseRecord } from '../parsers/registry.js';
import type { QueuePlace, ReadLine, Review } from '../trace/live-fold.js';
import { placeKey } from '../trace/live-memory.js';
import type { AlertBatch, AlertChanges } from './alerting.js';
import { type Following, LIVE_SETTINGS } from './follow-deps.js';
import { planSpans, type SpanRules } from './follow-spans.js';
import type { FollowPoll, IndexChanges, StateChanges, TransactionRecord } from './ports.js';

export type Rounds = Readonly<{
  /** Resolves when the first part is done; rejects also with what the second part of an earlier round has thrown. */
  follow: (poll: FollowPoll) => Promise<void>;
  /** Everything of the rounds so far is done. */
  settled: () => Promise<void>;
  /** For what was loaded without lines: sends what is due, and writes what changed. */
  review: () => Promise<void>;
}>;

const isEmpty = (changes: object): boolean =>
  Object.values(changes).every((part: unknown) => Array.isArray(part) && part.length === 0);

const placeOf = ({ host, queueId }: QueuePlace): string => placeKey(host, queueId);

/** Queue IDs of which the index will say something else than now. */
const placesOf = ({ put, remove, close }: IndexChanges): ReadonlySet<string> =>
  new Set([...put.map(({ transaction }) => transaction), ...remove, ...close].map(placeOf));

/** One thing at a time goes on beside the rounds, and what it throws reaches who asks for its end. */
const createBackground = () => {
  let places: ReadonlySet<string> = new Set();
  let last: Promise<void> = Promise.resolve();
  return {
    settled: (): Promise<void> => last,
    /** To be called when what was begun before is done. */
    begin: (changes: IndexChanges, work: () => Promise<void>): void => {
      places = placesOf(changes);
      last = work().then(() => {
        places = new Set();
      });
      last.catch(() => {});
    },
    /** The index may be asked about these. */
    readyFor: async (asked: readonly QueuePlace[]): Promise<void> => {
      if (asked.some((place) => places.has(placeOf(place)))) await last;
    },
  };
};

const readLines = (records: readonly LogRecord[], { meter }: Following): readonly ReadLine[] => {
  let unknown = 0;
  const lines: ReadLine[] = [];
  for (const record of records) {
    const outcome = parseRecord(record);
    if (outcome.kind === 'unknown') unknown++;
    if (outcome.kind === 'events') lines.push({ record, events: outcome.events });
  }
  meter.add('mailtrace_unknown_lines_total', unknown);
  return lines;
};

const rulesOf = ({ machines, settings }: Following): SpanRules => ({
  machines: machines.directory(),
  holdMs: settings.holdMs,
  lateMs: LIVE_SETTINGS.lateMs,
  share: settings.share,
});

/** What is to be sent, and what the index must learn once it was. */
type Due = Readonly<{ review: Review; spans: readonly Span[]; changes: IndexChanges }>;

const decide = (following: Following): Due => {
  const { fold, clock, now } = following;
  const review = fold.review();
  const { spans, decisions } = planSpans(review.due, rulesOf(following), clock);
  return { review, spans, changes: fold.finish(decisions, clock.of, now()) };
};

/** The index says that a span was sent only when it was. */
const carryOut = async (following: Following, { spans, changes }: Due): Promise<void> => {
  const { sink, index, steps, meter, grace } = following;
  if (spans.length > 0) {
    const receipt = await steps.untilDone('spans', () => sink.send(spans, grace), grace);
    for (const [result, count] of Object.entries(receipt)) meter.add('mailtrace_spans_total', count, { result });
  }
  if (!isEmpty(changes)) await steps.untilDone('index', () => index.write(changes), grace);
};

/** The second part of a round. */
type Rest = Readonly<{ due: Due; batch: AlertBatch; positions: StateChanges['positions'] }>;

const finishRound = async (following: Following, { due, batch, positions }: Rest): Promise<void> => {
  const { alerting, state, steps, grace } = following;
  await carryOut(following, due);
  const commit = async (alerts: AlertChanges): Promise<void> => {
    if (positions.length > 0 || !isEmpty(alerts)) await state.commit({ ...alerts, positions });
  };
  await steps.untilDone('state', () => alerting.handle(batch, commit), grace);
};

/** What the positions of this poll add to; nothing is committed while a line waits for its other part. */
const takePositions = (following: Following, poll: FollowPoll): StateChanges['positions'] => {
  const { joiner, positions, source, now } = following;
  for (const [partition, position] of poll.positions) positions.set(partition, { source, partition, position });
  if (joiner.isHolding(now())) return [];
  const reached = [...positions.values()];
  positions.clear();
  return reached;
};

export const createRounds = (following: Following): Rounds => {
  const { fold, clock, joiner, machines, index, steps, meter, now, grace } = following;
  const background = createBackground();

  const ask = async (
    step: (of: readonly QueuePlace[]) => Promise<readonly TransactionRecord[]>,
    places: readonly QueuePlace[],
  ): Promise<readonly TransactionRecord[]> => {
    if (places.length === 0) return [];
    await background.readyFor(places);
    return steps.untilDone('index', () => step(places), grace);
  };

  /** Brings what the lines are about into memory, then the lines themselves. @returns closed transactions that late lines name */
  const takeIn = async (lines: readonly ReadLine[]): Promise<readonly Transaction[]> => {
    const nowMs = now();
    fold.load(await ask((of) => index.findOpen(of), fold.wanted(lines, clock.of)), nowMs);
    for (const line of lines) fold.add(line, nowMs);
    const closed = await ask((of) => index.findClosed(of), fold.strays());
    return closed.flatMap(({ transaction }) => {
      const late = fold.dropLate(transaction);
      meter.add('mailtrace_late_lines_total', late);
      return late > 0 ? [transaction] : [];
    });
  };

  return {
    follow: async (poll) => {
      meter.add('mailtrace_lines_total', poll.records.length);
      const lines = readLines(joiner.take(poll.records, now()), following);
      machines.note(lines);
      const closed = await takeIn(lines);
      const due = decide(following);
      const transactions = [...closed, ...due.review.touched];
      const batch = { lines, transactions, aborted: due.review.aborted, eventTimeMs: clock.all(), nowMs: now() };
      const rest = { due, batch, positions: takePositions(following, poll) };
      await background.settled();
      background.begin(due.changes, () => finishRound(following, rest));
    },
    settled: background.settled,
    review: async () => {
      await background.settled();
      await carryOut(following, decide(following));
    },
  };
};
