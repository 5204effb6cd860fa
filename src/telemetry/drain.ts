/** Empties the spool: oldest first, one request after the other, with growing waits while the receiver is away. */
import type { Log } from '../app/ports.js';
import type { Span } from '../domain/span.js';
import { whenAborted } from './abort.js';
import { BATCH_SPANS_MAX, splitBatches } from './batches.js';
import type { Connection } from './connection.js';
import { type Delivery, deliver, type Send } from './deliver.js';
import type { DropCount } from './drop-count.js';
import type { Receiver } from './receiver.js';
import type { Spool } from './spool.js';

export type Drain = Readonly<{
  /** Begins when there is something and nobody is at it. */
  start: () => void;
  /** Goes on without waits until the spool is empty, the receiver is away, or `signal` aborts. Nothing is begun after that. */
  finish: (signal: AbortSignal) => Promise<void>;
}>;

export type DrainDeps = Readonly<{
  connection: Connection;
  spool: Spool;
  receiver: Receiver;
  drops: DropCount;
  log: Log;
}>;

/** After so many failures that may be due to the spans themselves, the receiver is asked with none. */
const DOUBTS_MAX = 3;
/** After a fault of the disk. */
const FAULT_WAIT_MS = 5000;

type Step = 'went-on' | 'empty' | 'later' | 'fault';

/** One batch of the spool → the receiver. It is forgotten when all of it was dealt with; else it comes again as a whole. */
const createStep = ({ connection, spool, receiver, drops }: DrainDeps, signal: AbortSignal) => {
  let doubts = 0;

  /** The receiver takes a request without spans, but not this one: what is wrong with it is narrowed down and given up. */
  const blame: Send = async (spans) => {
    const outcome = await connection.export(spans);
    return outcome.kind === 'doubtful' ? { kind: 'refused', reason: outcome.reason } : outcome;
  };
  const chooseSend = async (): Promise<Send> => {
    if (doubts < DOUBTS_MAX) return connection.export;
    return (await connection.export([])).kind === 'accepted' ? blame : connection.export;
  };

  const note = ({ trouble }: Delivery): void => {
    doubts = trouble?.isDoubtful === true ? doubts + 1 : 0;
    receiver.note(trouble);
  };

  const sendAll = async (spans: readonly Span[]): Promise<readonly Delivery[] | null> => {
    const deliveries: Delivery[] = [];
    for (const batch of splitBatches(spans)) {
      const delivery = await deliver(batch, await chooseSend());
      if (signal.aborted) return null;
      note(delivery);
      if (delivery.trouble !== null) return null;
      deliveries.push(delivery);
    }
    return deliveries;
  };

  return async (): Promise<Step> => {
    const batch = await spool.peek(BATCH_SPANS_MAX);
    if (batch === null) return 'empty';
    const deliveries = await sendAll(batch.spans);
    if (deliveries === null) return 'later';
    await spool.release();
    for (const { spans, reason } of deliveries.flatMap(({ dropped }) => dropped)) drops.add(spans, reason);
    drops.add(batch.unreadable, 'a file of the spool is damaged');
    return 'went-on';
  };
};

/** A wait that can be ended; it does not keep the process alive: what waits on disk is safe. */
const createWait = () => {
  let wake: () => void = () => undefined;
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  return { wait, wake: () => wake() };
};

export const createDrain = (deps: DrainDeps): Drain => {
  const { spool, receiver, log } = deps;
  const stop = new AbortController();
  const { wait, wake } = createWait();
  const step = createStep(deps, stop.signal);
  let isClosing = false;
  let running: Promise<void> | null = null;

  const tryStep = async (): Promise<Step> => {
    if (!isClosing && !receiver.isDue()) await wait(receiver.waitMs());
    try {
      return stop.signal.aborted ? 'later' : await step();
    } catch (error) {
      log.error({ error }, 'The spool on disk cannot be emptied at present.');
      return 'fault';
    }
  };

  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const outcome = await tryStep();
      if (outcome === 'empty' || (isClosing && outcome !== 'went-on')) return;
      if (outcome === 'fault') await wait(FAULT_WAIT_MS);
    }
  };

  const start = (): void => {
    if (running !== null || isClosing) return;
    running = run().finally(() => {
      running = null;
      if (spool.state().spans > 0) start();
    });
  };

  return {
    start,
    finish: async (signal) => {
      if (spool.state().spans > 0) start();
      isClosing = true;
      wake();
      await Promise.race([running, whenAborted(signal)]);
      stop.abort();
    },
  };
};
