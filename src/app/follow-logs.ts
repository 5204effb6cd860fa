/**
 * The walk of `trace-message.ts` without an end: logs are followed, parsed and folded; what is due of each transaction becomes
 * spans; the transactions go to the index, what went wrong to the alerts; then the checkpoint is committed. After a crash the
 * lines since the last checkpoint come again, and all they lead to has the same ids as before.
 */
import type { LogRecord } from '../domain/event.js';
import type { Transaction } from '../domain/transaction.js';
import { MailtraceError } from '../errors.js';
import { parseRecord } from '../parsers/registry.js';
import { createLiveFold, type ReadLine, type Review } from '../trace/live-fold.js';
import type { AlertChanges } from './alerting.js';
import { createEventClock } from './event-time.js';
import { type FollowDeps, type Following, graceAfter, LIVE_SETTINGS } from './follow-deps.js';
import { planSpans, type SpanRules } from './follow-spans.js';
import { createUpkeep } from './follow-upkeep.js';
import type { FollowPoll } from './ports.js';
import { createLineJoiner } from './rejoin-lines.js';
import { createSeenMachines } from './seen-machines.js';

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

/** Brings what the lines are about into memory, then the lines themselves. @returns closed transactions that late lines name */
const takeIn = async (following: Following, lines: readonly ReadLine[]): Promise<readonly Transaction[]> => {
  const { fold, clock, index, steps, meter, now, grace } = following;
  const nowMs = now();
  const wanted = fold.wanted(lines, clock.of);
  if (wanted.length > 0) fold.load(await steps.untilDone('index', () => index.findOpen(wanted), grace), nowMs);
  for (const line of lines) fold.add(line, nowMs);
  const strays = fold.strays();
  if (strays.length === 0) return [];
  const closed = await steps.untilDone('index', () => index.findClosed(strays), grace);
  return closed.flatMap(({ transaction }) => {
    const late = fold.dropLate(transaction);
    meter.add('mailtrace_late_lines_total', late);
    return late > 0 ? [transaction] : [];
  });
};

const rulesOf = ({ machines, settings }: Following): SpanRules => ({
  machines: machines.directory(),
  holdMs: settings.holdMs,
  lateMs: LIVE_SETTINGS.lateMs,
  share: settings.share,
});

/** Sends the spans that are due, and writes what changed to the index. */
const handOn = async (following: Following): Promise<Review> => {
  const { fold, clock, index, sink, steps, meter, now, grace } = following;
  const review = fold.review();
  const plan = planSpans(review.due, rulesOf(following), clock);
  if (plan.spans.length > 0) {
    const receipt = await steps.untilDone('spans', () => sink.send(plan.spans, grace), grace);
    for (const [result, count] of Object.entries(receipt)) meter.add('mailtrace_spans_total', count, { result });
  }
  const changes = fold.finish(plan.decisions, clock.of, now());
  if (changes.put.length + changes.remove.length + changes.close.length > 0) {
    await steps.untilDone('index', () => index.write(changes), grace);
  }
  return review;
};

const isEmpty = ({ alertIds, incidents, outbox, done }: AlertChanges): boolean =>
  alertIds.length + incidents.length + outbox.length + done.length === 0;

/** One round: everything that a poll gave is dealt with, and then its positions are committed. */
const followRound = async (following: Following, poll: FollowPoll): Promise<void> => {
  const { alerting, clock, joiner, machines, meter, state, source, steps, positions, now, grace } = following;
  meter.add('mailtrace_lines_total', poll.records.length);
  const lines = readLines(joiner.take(poll.records, now()), following);
  machines.note(lines);
  const closed = await takeIn(following, lines);
  const { touched, aborted } = await handOn(following);
  const batch = { lines, transactions: [...closed, ...touched], aborted, eventTimeMs: clock.all(), nowMs: now() };
  for (const [partition, position] of poll.positions) positions.set(partition, { source, partition, position });
  const isDone = !joiner.isHolding(now());
  const commit = async (changes: AlertChanges): Promise<void> => {
    const reached = isDone ? [...positions.values()] : [];
    if (reached.length > 0 || !isEmpty(changes)) await state.commit({ ...changes, positions: reached });
  };
  await steps.untilDone('state', () => alerting.handle(batch, commit), grace);
  if (isDone) positions.clear();
};

const notePoll = ({ status, clock, meter, log }: Following, poll: FollowPoll): void => {
  status.notePoll(poll);
  clock.note(poll);
  for (const loss of poll.losses) log.warn({ loss }, 'Part of a log was lost before it was read.');
  meter.add('mailtrace_losses_total', poll.losses.length);
};

/** @throws the reason of the signal when it aborts meanwhile */
const follow = async (following: Following, signal: AbortSignal): Promise<void> => {
  const { follower, settings, sleep, meter, now } = following;
  const upkeep = createUpkeep(following, () => handOn(following));
  await upkeep.resume(signal);
  let next: Promise<FollowPoll> | null = null;
  while (!signal.aborted) {
    const startedMs = now();
    const poll: FollowPoll = await (next ?? follower.poll(signal));
    const polledMs = now();
    // The source reads on while these lines are dealt with; what it gives is not looked at before they are committed.
    next = poll.isCaughtUp ? null : follower.poll(signal);
    next?.catch(() => {});
    notePoll(following, poll);
    await followRound(following, poll);
    meter.add('mailtrace_polls_total', 1);
    meter.add('mailtrace_poll_seconds_total', (polledMs - startedMs) / 1000);
    meter.add('mailtrace_round_seconds_total', (now() - polledMs) / 1000);
    await upkeep.afterRound(poll, signal);
    if (poll.isCaughtUp) await sleep(settings.intervalMs, signal);
  }
};

/**
 * Follows until `signal` aborts. The round at hand is finished, or given up within seconds: its lines come again at the next
 * start.
 * @throws what is no failure of a source or a sink
 */
export const followLogs = async (deps: FollowDeps, signal: AbortSignal): Promise<void> => {
  const following: Following = {
    ...deps,
    fold: createLiveFold({ ...LIVE_SETTINGS, giveUpMs: deps.settings.giveUpMs }),
    clock: createEventClock(deps.now),
    machines: createSeenMachines(deps.directory),
    joiner: createLineJoiner(),
    positions: new Map(),
    grace: graceAfter(signal, deps.sleep),
  };
  try {
    await follow(following, signal);
  } catch (error) {
    const isStopped = signal.aborted && (error === signal.reason || error instanceof MailtraceError);
    if (!isStopped) throw error;
    deps.log.info({}, 'Stopped within a round; its lines are read again at the next start.');
  } finally {
    await deps.follower.close();
  }
};
