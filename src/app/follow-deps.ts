/** What following is made of, and its bounds. */
import type { HostDirectory } from '../domain/host-names.js';
import type { LiveFold } from '../trace/live-fold.js';
import type { LiveSettings } from '../trace/live-memory.js';
import type { Alerting } from './alerting.js';
import type { EventClock } from './event-time.js';
import type { FollowStatus } from './follow-status.js';
import type { Clock, Log, LogFollower, Meter, Position, SpanSink, StateStore, TransactionIndex } from './ports.js';
import type { LineJoiner } from './rejoin-lines.js';
import type { SeenMachines } from './seen-machines.js';
import type { Sleep, Steps } from './until-done.js';

export type FollowSettings = Readonly<{
  /** Between polls, when there is nothing more to read. */
  intervalMs: number;
  /** A transaction still open so long after its arrival is sent as open. */
  holdMs: number;
  /** Share of messages whose spans are sent, 0 to 1. */
  share: number;
  /** An open transaction of which nothing is logged for so long is given up. */
  giveUpMs: number;
  /** Ended transactions stay in the index so long after their last line. */
  retentionMs: number;
}>;

export type FollowDeps = Readonly<{
  /** Name of the source in the checkpoints. */
  source: string;
  follower: LogFollower;
  state: Pick<StateStore, 'commit' | 'prune'>;
  index: TransactionIndex;
  sink: SpanSink;
  alerting: Alerting;
  directory: HostDirectory;
  steps: Steps;
  status: FollowStatus;
  meter: Meter;
  log: Log;
  now: Clock;
  sleep: Sleep;
  settings: FollowSettings;
}>;

export type Following = FollowDeps &
  Readonly<{
    fold: LiveFold;
    clock: EventClock;
    machines: SeenMachines;
    joiner: LineJoiner;
    /** What was dealt with since the last checkpoint, by partition. */
    positions: Map<string, Readonly<{ source: string; partition: string; position: Position }>>;
    /** Ends the round at hand. */
    grace: AbortSignal;
  }>;

/** `lateMs`: documents that are indexed late, hosts that ship in batches. A place in memory has some 5 KiB. */
export const LIVE_SETTINGS: Omit<LiveSettings, 'giveUpMs'> = {
  closeMs: 5 * 60_000,
  lateMs: 20_000,
  idleMs: 60_000,
  placesMax: 100_000,
};

/** After the wish to stop, the round at hand has so long. */
const GRACE_MS = 8000;

/** Aborts `GRACE_MS` after `signal`. */
export const graceAfter = (signal: AbortSignal, sleep: Sleep): AbortSignal => {
  const controller = new AbortController();
  signal.addEventListener('abort', () => void sleep(GRACE_MS).then(() => controller.abort()), { once: true });
  return controller.signal;
};
