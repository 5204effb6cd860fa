/**
 * The walk of `trace-message.ts` without an end: logs are followed, parsed and folded; what is due of each transaction becomes
 * spans; the transactions go to the index, what went wrong to the alerts; then the checkpoint is committed (follow-rounds.ts).
 * After a crash the lines since the last checkpoint come again, and all they lead to has the same ids as before.
 */
import { MailtraceError } from '../errors.js';
import { createLiveFold } from '../trace/live-fold.js';
import { createEventClock } from './event-time.js';
import { type FollowDeps, type Following, graceAfter, LIVE_SETTINGS } from './follow-deps.js';
import { createRounds, type Rounds } from './follow-rounds.js';
import { createUpkeep } from './follow-upkeep.js';
import type { FollowPoll } from './ports.js';
import { createLineJoiner } from './rejoin-lines.js';
import { createSeenMachines } from './seen-machines.js';

const notePoll = ({ status, clock, meter, log }: Following, poll: FollowPoll): void => {
  status.notePoll(poll);
  clock.note(poll);
  for (const loss of poll.losses) log.warn({ loss }, 'Part of a log was lost before it was read.');
  meter.add('mailtrace_losses_total', poll.losses.length);
};

/** @throws the reason of the signal when it aborts meanwhile */
const follow = async (following: Following, rounds: Rounds, signal: AbortSignal): Promise<void> => {
  const { follower, settings, sleep, meter, now } = following;
  const upkeep = createUpkeep(following, rounds);
  await upkeep.resume(signal);
  let next: Promise<FollowPoll> | null = null;
  while (!signal.aborted) {
    const startedMs = now();
    const poll: FollowPoll = await (next ?? follower.poll(signal));
    const polledMs = now();
    // The source reads on while these lines are dealt with.
    next = poll.isCaughtUp ? null : follower.poll(signal);
    next?.catch(() => {});
    notePoll(following, poll);
    await rounds.follow(poll);
    if (poll.isCaughtUp) await rounds.settled();
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
  const rounds = createRounds(following);
  try {
    await follow(following, rounds, signal);
    await rounds.settled();
  } catch (error) {
    const isStopped = signal.aborted && (error === signal.reason || error instanceof MailtraceError);
    if (!isStopped) throw error;
    deps.log.info({}, 'Stopped within a round; its lines are read again at the next start.');
  } finally {
    await rounds.settled().catch(() => {});
    await deps.follower.close();
  }
};
