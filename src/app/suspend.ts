/** Subscriptions that cannot go on: the channel is gone, or their creator lost the right. Nothing is lost silently: he is told. */
import type { Incident, Subscription } from '../domain/subscription.js';
import type { Ledger } from './alert-ledger.js';
import { parentEntry } from './alert-outbox.js';
import type { OutboxEntry } from './ports.js';

/** Direct messages have a lane of their own in the outbox. */
const noticeEntry = ({ id, createdBy }: Subscription, nowMs: number): OutboxEntry => ({
  id: `${id}:notice`,
  channel: `@${createdBy}`,
  incidentId: id,
  kind: 'notice',
  content: '',
  createdAtMs: nowMs,
  dueAtMs: nowMs,
  tries: 0,
});

const close = (incident: Incident, nowMs: number): Incident => ({ ...incident, state: 'closed', closedAtMs: nowMs });

const liveOf = (ledger: Ledger, { id }: Subscription): readonly Incident[] =>
  ledger.incidents().filter(({ subscriptionId, state }) => subscriptionId === id && state !== 'closed');

const entriesOf = (ledger: Ledger, incidents: readonly Incident[]): readonly string[] => {
  const ids = new Set(incidents.map(({ id }) => id));
  return ledger
    .outbox()
    .filter(({ incidentId }) => ids.has(incidentId))
    .map(({ id }) => id);
};

/** Only within `alone`. Nothing more can be shown there: what waits for the channel is void. */
export const suspendChannel = async (ledger: Ledger, channel: string, reason: string, nowMs: number): Promise<void> => {
  const asleep = ledger
    .subscriptions()
    .filter((subscription) => subscription.channel === channel && subscription.suspended === null);
  const incidents = asleep.flatMap((subscription) => liveOf(ledger, subscription));
  const waiting = ledger.outbox().filter((entry) => entry.channel === channel);
  for (const subscription of asleep) {
    await ledger.putSubscription({ ...subscription, suspended: { sinceMs: nowMs, reason } });
  }
  await ledger.commit({
    incidents: incidents.map((incident) => close(incident, nowMs)),
    outbox: asleep.map((subscription) => noticeEntry(subscription, nowMs)),
    done: [...new Set([...waiting.map(({ id }) => id), ...entriesOf(ledger, incidents)])],
  });
};

/** Only within `alone`. Its incidents end, and their messages say so. */
export const endIncidents = async (ledger: Ledger, subscription: Subscription, nowMs: number): Promise<void> => {
  const incidents = liveOf(ledger, subscription).map((incident) => close(incident, nowMs));
  const posted = incidents.filter(({ messageTs }) => messageTs !== null);
  await ledger.commit({
    incidents,
    outbox: posted.map((incident) => parentEntry(incident, nowMs)),
    done: entriesOf(ledger, incidents).filter(
      (id) => !posted.some((incident) => parentEntry(incident, nowMs).id === id),
    ),
  });
};

/** Only within `alone`. */
export const suspendOne = async (
  ledger: Ledger,
  subscription: Subscription,
  reason: string,
  nowMs: number,
): Promise<void> => {
  await ledger.putSubscription({ ...subscription, suspended: { sinceMs: nowMs, reason } });
  await endIncidents(ledger, subscription, nowMs);
  await ledger.commit({ outbox: [noticeEntry(subscription, nowMs)] });
};
