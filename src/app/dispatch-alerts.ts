/**
 * The outbox → messages: at least once, in order in each channel, never faster than is allowed. What cannot be sent stays in the
 * outbox. Only a crash between sending and writing that down can send something twice.
 */
import type { Incident } from '../domain/subscription.js';
import { type Agenda, agendaOf, type Task } from './alert-agenda.js';
import type { Ledger } from './alert-ledger.js';
import { mergeDetails, readDetail } from './alert-outbox.js';
import { nextLapseMs, whenLapsed, whenLater, whenMessageGone, whenRefused, whenSent } from './alert-settlement.js';
import type { AlertMessage, AlertReceipt, AlertSink, Clock, Log, Meter } from './ports.js';
import { createSendRates, type SendRates } from './send-rates.js';
import { suspendChannel } from './suspend.js';

export type DispatcherDeps = Readonly<{
  ledger: Ledger;
  sink: AlertSink;
  now: Clock;
  /** Ends early, without an error, when `signal` aborts. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  log: Log;
  meter: Pick<Meter, 'add' | 'set'>;
}>;

export type Dispatcher = Readonly<{
  /** Sends until `signal` aborts; then waits for what is on its way. */
  run: (signal: AbortSignal) => Promise<void>;
}>;

/** Messages on their way at once, each in a channel of its own. */
const AT_ONCE = 8;
/** The disk may be full: an administrator needs a moment. */
const STORE_PAUSE_MS = 5000;
/** Something may have been missed: look again. */
const IDLE_MS = 60_000;

/** What is needed of incident and outbox to say it; null when there is nothing left to say. */
const messageOf = (ledger: Ledger, task: Task, incident: Incident | undefined): AlertMessage | null => {
  if (task.kind === 'notice') {
    const suspended = ledger.subscription(task.incidentId);
    return suspended === undefined ? null : { kind: 'notice', subscription: suspended };
  }
  if (incident === undefined) return null;
  const subscription = ledger.subscription(incident.subscriptionId) ?? null;
  if (task.kind !== 'detail') return { kind: task.kind, incident, subscription };
  const { alerts, count } = mergeDetails(task.entries.map(readDetail));
  const shown = alerts.reduce((sum, { times }) => sum + times, 0);
  return { kind: 'detail', incident, alerts, more: Math.max(0, count - shown) };
};

type Work = DispatcherDeps &
  Readonly<{
    rates: SendRates;
    /** Incident → when its message was last sent. */
    updatedMs: Map<string, number>;
    /** Channel → when a detail message was last sent. */
    detailedMs: Map<string, number>;
    busy: Map<string, Promise<void>>;
  }>;

const settle = async (work: Work, task: Task, drawn: Incident | undefined, receipt: AlertReceipt): Promise<void> => {
  const { ledger, now, log, rates } = work;
  const nowMs = now();
  const current = ledger.incident(task.incidentId);
  const settlement = drawn === undefined || current === undefined ? null : { task, drawn, current, nowMs };
  switch (receipt.kind) {
    case 'sent':
      if (rates.failures() > 0) log.info({}, 'alerts can be sent again');
      rates.succeeded();
      return ledger.commit(settlement === null ? whenRefused(task) : whenSent(settlement, receipt.messageTs));
    case 'later': {
      const untilMs = rates.failed(receipt.afterMs, nowMs);
      const level = rates.failures() === 1 ? 'warn' : 'debug';
      log[level]({ error: receipt.error, waiting: ledger.outbox().length, untilMs }, 'alerts wait to be sent');
      return ledger.commit(whenLater(task, untilMs));
    }
    case 'no-message':
      return ledger.commit(settlement === null ? whenRefused(task) : whenMessageGone(settlement));
    case 'no-channel':
      log.warn(
        { channel: task.channel, error: receipt.error },
        'alerts cannot be posted there: its subscriptions sleep',
      );
      await ledger.commit(whenRefused(task));
      return suspendChannel(ledger, task.channel, receipt.error, nowMs);
    case 'refused':
      log.error(
        { channel: task.channel, kind: task.kind, error: receipt.error },
        'an alert was refused and is given up',
      );
      return ledger.commit(whenRefused(task));
  }
};

/** A bug in drawing one incident must not keep the others from being shown. */
const sendSafely = async (work: Work, message: AlertMessage, signal: AbortSignal): Promise<AlertReceipt> => {
  try {
    return await work.sink.send(message, signal);
  } catch (error) {
    work.log.error({ err: error }, 'bug');
    return { kind: 'refused', error: String(error) };
  }
};

/** What was sent and is not written down would be sent again: nothing more goes to this channel before it is. */
const writeDown = async (
  { ledger, log, sleep }: Work,
  write: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  do {
    try {
      return await ledger.alone(write);
    } catch (error) {
      log.error({ err: error }, 'an alert that was sent could not be written down; trying again');
      await sleep(STORE_PAUSE_MS, signal);
    }
  } while (!signal.aborted);
};

const perform = async (work: Work, task: Task, signal: AbortSignal): Promise<void> => {
  const { ledger, rates, updatedMs, now, meter } = work;
  const drawn = ledger.incident(task.incidentId);
  const message = messageOf(ledger, task, drawn);
  if (message === null) return ledger.alone(() => ledger.commit(whenRefused(task)));
  for (const { id } of task.entries) ledger.sending.add(id);
  try {
    rates.take(task.isUpdate, now());
    const receipt = await sendSafely(work, message, signal);
    rates.ended(task.channel, now());
    if (task.kind === 'parent') updatedMs.set(task.incidentId, now());
    if (task.kind === 'detail') work.detailedMs.set(task.channel, now());
    meter.add('mailtrace_alert_messages_total', 1, { kind: task.kind, outcome: receipt.kind });
    await writeDown(work, () => settle(work, task, drawn, receipt), signal);
  } finally {
    for (const { id } of task.entries) ledger.sending.delete(id);
  }
};

const agendas = ({ ledger, updatedMs, detailedMs, busy }: Work, nowMs: number): readonly Agenda[] => {
  const byChannel = new Map<string, ReturnType<Ledger['outbox']>[number][]>();
  for (const entry of ledger.outbox()) {
    if (busy.has(entry.channel)) continue;
    const entries = byChannel.get(entry.channel);
    if (entries) entries.push(entry);
    else byChannel.set(entry.channel, [entry]);
  }
  const { incident, subscription } = ledger;
  return [...byChannel].map(([channel, entries]) => {
    const lastMs = detailedMs.get(channel) ?? Number.NEGATIVE_INFINITY;
    return agendaOf({ entries, incident, subscription, updatedMs, detailedMs: lastMs, nowMs });
  });
};

/** Forgets when messages were sent that nobody asks about any more. */
const forget = ({ ledger, updatedMs, detailedMs }: Work, nowMs: number): void => {
  for (const id of updatedMs.keys()) if (ledger.incident(id) === undefined) updatedMs.delete(id);
  for (const [channel, atMs] of detailedMs) if (nowMs - atMs > IDLE_MS) detailedMs.delete(channel);
};

/** Lets acknowledgements and mutes lapse, and strikes out what nobody needs to read any more. */
const tidy = async (work: Work, nowMs: number): Promise<void> => {
  const { ledger } = work;
  if (nextLapseMs(ledger.incidents()) <= nowMs) {
    await ledger.alone(() => ledger.commit(whenLapsed(ledger.incidents(), nowMs)));
  }
  const gone = agendas(work, nowMs).flatMap((agenda) => agenda.void);
  if (gone.length > 0) await ledger.alone(() => ledger.commit({ done: gone.map(({ id }) => id) }));
  forget(work, nowMs);
};

/** Starts what may be sent now. @returns when there is something to do again */
const startDue = (work: Work, begin: (task: Task) => void): number => {
  const { ledger, rates, now, busy } = work;
  const nowMs = now();
  let nextMs = nextLapseMs(ledger.incidents());
  // In each channel the most urgent of what may be sent; the most urgent channel first.
  const chosen = agendas(work, nowMs).flatMap(({ tasks }) => {
    nextMs = Math.min(nextMs, ...tasks.map(({ atMs }) => atMs).filter((atMs) => atMs > nowMs));
    return tasks.find(({ atMs }) => atMs <= nowMs) ?? [];
  });
  for (const task of chosen.sort((a, b) => a.deadlineMs - b.deadlineMs)) {
    const freeAtMs = rates.freeAtMs(task.channel, task.isUpdate, nowMs);
    if (freeAtMs > nowMs) nextMs = Math.min(nextMs, freeAtMs);
    else if (busy.size < AT_ONCE) begin(task);
  }
  return nextMs;
};

/** @returns when there is something to do again */
const takeTurn = async (work: Work, begin: (task: Task) => void): Promise<number> => {
  const { ledger, log, meter, now } = work;
  try {
    await tidy(work, now());
    const nextMs = startDue(work, begin);
    meter.set('mailtrace_alert_outbox', ledger.outbox().length);
    return nextMs;
  } catch (error) {
    log.error({ err: error }, 'alerts cannot be looked after; trying again');
    return now() + STORE_PAUSE_MS;
  }
};

export const createDispatcher = (deps: DispatcherDeps): Dispatcher => {
  const work: Work = {
    ...deps,
    rates: createSendRates(),
    updatedMs: new Map(),
    detailedMs: new Map(),
    busy: new Map(),
  };
  let alarm = new AbortController();
  const wake = (): void => alarm.abort();
  deps.ledger.onChange(wake);

  const begin = (task: Task, signal: AbortSignal): void => {
    const sent = perform(work, task, signal)
      .catch((error: unknown) => {
        deps.log.error({ err: error }, 'bug');
        work.rates.failed(null, deps.now());
      })
      .finally(() => {
        work.busy.delete(task.channel);
        wake();
      });
    work.busy.set(task.channel, sent);
  };

  return {
    run: async (signal) => {
      signal.addEventListener('abort', wake, { once: true });
      while (!signal.aborted) {
        alarm = new AbortController();
        const nextMs = await takeTurn(work, (task) => begin(task, signal));
        const waitMs = Math.min(IDLE_MS, Math.max(0, nextMs - deps.now()));
        if (waitMs > 0 && !signal.aborted) await deps.sleep(waitMs, alarm.signal);
      }
      await Promise.allSettled(work.busy.values());
    },
  };
};
