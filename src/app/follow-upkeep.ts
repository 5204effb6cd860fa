/** What following does besides its rounds: takes up what was open, gives up what stays silent, counts, and tells its progress. */
import type { Following } from './follow-deps.js';
import type { Rounds } from './follow-rounds.js';
import type { FollowFault, FollowPoll, TransactionIndex, TransactionRecord } from './ports.js';

/** Of the index, at once. */
const PAGE = 500;
/** How often what stays silent is looked for. */
const SWEEP_MS = 3_600_000;
/** Counted alerts and closed incidents are remembered so long: no line comes again later. */
const REMEMBERED_MS = 30 * 86_400_000;
/** While catching up, progress is told so often. */
const PROGRESS_MS = 10_000;
/** How often open transactions are counted. */
const COUNT_MS = 60_000;

export type Upkeep = Readonly<{
  /** To be called once, before the first poll: everything that is open is looked at. */
  resume: (signal: AbortSignal) => Promise<void>;
  afterRound: (poll: FollowPoll, signal: AbortSignal) => Promise<void>;
}>;

type Cursor = Parameters<TransactionIndex['listOpen']>[0]['after'];

/** Looks at every open transaction that arrived before. @returns how many there were */
const sweep = async (
  { index, fold, steps, now, grace }: Following,
  rounds: Rounds,
  arrivedBeforeMs: number,
  signal: AbortSignal,
): Promise<number> => {
  const listFrom = (after: Cursor): Promise<readonly TransactionRecord[]> =>
    steps.untilDone('index', () => index.listOpen({ arrivedBeforeMs, after, limit: PAGE }), grace);
  // What leaves memory is looked for in the index.
  await rounds.settled();
  let count = 0;
  let page = await listFrom(null);
  while (page.length > 0 && !signal.aborted) {
    fold.resume(page, now());
    await rounds.review();
    count += page.length;
    const { transaction, key } = page.at(-1)!;
    page = await listFrom({ arrivedAtMs: transaction.arrivedAtMs, key });
  }
  return count;
};

/** Says what cannot be read when that begins, and when it ends; not with every poll. */
const createFaultLog = ({ log, meter }: Following) => {
  let known: ReadonlyMap<string, FollowFault> = new Map();
  return (faults: readonly FollowFault[]): void => {
    const current = new Map(faults.map((fault) => [`${fault.host ?? ''}\0${fault.error}`, fault]));
    for (const [key, { host, status, error }] of current) {
      if (!known.has(key)) log.warn({ host, status, error }, 'A log cannot be read; it is tried again.');
    }
    for (const [key, { host }] of known) if (!current.has(key)) log.info({ host }, 'The log can be read again.');
    known = current;
    meter.set('mailtrace_source_faults', faults.length);
  };
};

/** Gauges of the round; progress in the log as long as there is more to read. */
const createProgress = ({ log, meter, clock, fold, sink, now }: Following) => {
  let toldMs = now();
  let lines = 0;
  let wasBehind = false;
  const tell = (poll: FollowPoll, lagMs: number): void => {
    lines += poll.records.length;
    const isTold = !poll.isCaughtUp && now() - toldMs >= PROGRESS_MS;
    if (isTold) {
      const behindS = Math.round(lagMs / 1000);
      log.info({ lines, behindS, waitingLines: poll.waitingLines }, 'Catching up.');
      wasBehind = true;
    }
    if (poll.isCaughtUp && wasBehind) log.info({ lines }, 'Caught up.');
    if (poll.isCaughtUp) wasBehind = false;
    if (isTold || poll.isCaughtUp) {
      toldMs = now();
      lines = 0;
    }
  };
  return (poll: FollowPoll): void => {
    const reachedMs = clock.all();
    const lagMs = Number.isFinite(reachedMs) ? Math.max(0, now() - reachedMs) : 0;
    tell(poll, lagMs);
    const { spooled, dropped, isReceiverUp } = sink.state();
    meter.set('mailtrace_lag_seconds', lagMs / 1000);
    meter.set('mailtrace_waiting_lines', poll.waitingLines ?? Number.NaN);
    meter.set('mailtrace_caught_up', Number(poll.isCaughtUp));
    meter.set('mailtrace_places_in_memory', fold.size());
    meter.set('mailtrace_spans_spooled', spooled);
    meter.set('mailtrace_spans_dropped', dropped);
    meter.set('mailtrace_receiver_up', Number(isReceiverUp));
  };
};

export const createUpkeep = (following: Following, rounds: Rounds): Upkeep => {
  const { index, state, steps, meter, log, now, settings, grace } = following;
  const noteFaults = createFaultLog(following);
  const noteProgress = createProgress(following);
  let sweptMs = now();
  let countedMs = Number.NEGATIVE_INFINITY;
  return {
    resume: async (signal) => {
      const count = await sweep(following, rounds, Number.MAX_SAFE_INTEGER, signal);
      if (count > 0) log.info({ transactions: count }, 'Open transactions of an earlier run are taken up.');
    },
    afterRound: async (poll, signal) => {
      noteFaults(poll.faults);
      noteProgress(poll);
      if (now() - countedMs >= COUNT_MS) {
        countedMs = now();
        meter.set('mailtrace_open_transactions', await steps.untilDone('index', () => index.countOpen(), grace));
      }
      if (now() - sweptMs < SWEEP_MS) return;
      sweptMs = now();
      const given = await sweep(following, rounds, now() - settings.giveUpMs, signal);
      if (given > 0) log.info({ transactions: given }, 'Old open transactions were looked at.');
      await steps.untilDone('state', () => state.prune(now() - REMEMBERED_MS), grace);
      const pruned = await steps.untilDone('index', () => index.prune(now() - settings.retentionMs), grace);
      if (pruned > 0) log.info({ transactions: pruned }, 'Transactions past index.retention were removed.');
    },
  };
};
