/** How following stands, for whoever asks: ready, and if not, why. */
import type { Clock, FollowFault, FollowPoll, SpanSink } from './ports.js';
import type { Steps } from './until-done.js';

export type FollowStatus = Readonly<{
  notePoll: (poll: Pick<FollowPoll, 'records' | 'faults' | 'isCaughtUp'>) => void;
  readiness: () => Readonly<{ isReady: boolean; reasons: readonly string[] }>;
}>;

export type FollowStatusDeps = Readonly<{
  now: Clock;
  steps: Pick<Steps, 'failing'>;
  sink: Pick<SpanSink, 'state'>;
  /** Number of hosts that are followed. */
  hosts: number;
  intervalMs: number;
}>;

/** A round over a slow line; beyond it, and two intervals, nothing happens any more. */
const STUCK_MS = 5 * 60_000;
/** Of the faults that are listed. */
const LISTED_MAX = 10;

const faultText = ({ host, error }: FollowFault): string => (host === null ? error : `${host}: ${error}`);

export const createFollowStatus = ({ now, steps, sink, hosts, intervalMs }: FollowStatusDeps): FollowStatus => {
  let progressMs: number | null = null;
  let faults: readonly FollowFault[] = [];
  const sourceTroubles = (): readonly string[] => {
    if (progressMs === null) return ['The logs have not been read yet.'];
    const silentMs = now() - progressMs;
    const isStuck = silentMs > STUCK_MS + 2 * intervalMs;
    return isStuck ? [`Nothing was read for ${Math.round(silentMs / 1000)} s.`] : [];
  };
  const sinkTroubles = (): readonly string[] => {
    const { isReceiverUp, spooled } = sink.state();
    const receiver = isReceiverUp ? [] : [`The OTLP receiver takes no spans; ${spooled} wait on disk.`];
    return [...receiver, ...[...steps.failing()].map(([step, text]) => `${step}: ${text}`)];
  };
  return {
    notePoll: (poll) => {
      faults = poll.faults;
      if (poll.isCaughtUp || poll.records.length > 0) progressMs = now();
    },
    readiness: () => {
      const troubles = [...sourceTroubles(), ...sinkTroubles()];
      const isUnreadable = faults.some(({ host }) => host === null) || (faults.length > 0 && faults.length >= hosts);
      return {
        isReady: troubles.length === 0 && !isUnreadable,
        reasons: [...troubles, ...faults.slice(0, LISTED_MAX).map(faultText)],
      };
    },
  };
};
