/** Between following and alerts: what a round read goes in, what is to be committed with its checkpoint comes out. */
import type { LogRecord, MtaEvent } from '../domain/event.js';
import type { Reject, Transaction } from '../domain/transaction.js';
import type { StateChanges } from './ports.js';

/** What one round of following read. Times are epoch milliseconds. */
export type AlertBatch = Readonly<{
  /** Every line of the round with what it says, in the order they were read; lines that say nothing may be left out. */
  lines: readonly Readonly<{ record: LogRecord; events: readonly MtaEvent[] }>[];
  /** Every transaction that a line of the round belongs to, as known after the round; all lifetimes of a queue ID. */
  transactions: readonly Transaction[];
  /** Refusals that no line states: the fold concluded them from how a session ended. */
  aborted: readonly Reject[];
  /** Event time: all partitions have reached it. The wall clock when caught up, the watermark of the logs before. */
  eventTimeMs: number;
  /** The wall clock. */
  nowMs: number;
}>;

/** To be committed at once with the positions of the round. */
export type AlertChanges = Pick<StateChanges, 'alertIds' | 'incidents' | 'outbox' | 'done'>;

export interface Alerting {
  /**
   * Makes alerts of the lines, and incidents of the alerts. To be called after every poll, also when nothing was read: time
   * alone closes incidents. `index.write` of the round comes before it: the chain of an alert is looked up there.
   * @param commit writes the changes and the positions, all or nothing; called exactly once. Nobody else touches incidents
   * and outbox meanwhile. What it throws comes out of `handle`, and then nothing has changed.
   */
  handle(batch: AlertBatch, commit: (changes: AlertChanges) => Promise<void>): Promise<void>;
}
