/** What is to be shown of incidents that changed: one entry for the message, one for the details of a while, one at the end. */
import { z } from 'zod';
import type { Alert, Incident } from '../domain/subscription.js';
import type { OutboxEntry } from './ports.js';

/** The newest alerts since the last detail message, newest first, and how often anything matched since. */
export type Detail = Readonly<{ alerts: readonly Alert[]; count: number }>;

export const DETAIL_ALERTS_MAX = 5;
/** Kept for as long as Slack may be away, so kept small. */
const RESPONSE_MAX = 300;

const URGENT = 'urgent';

const detailSchema = z.object({ alerts: z.array(z.custom<Alert>()), count: z.number() });

export const readDetail = ({ content }: OutboxEntry): Detail => detailSchema.parse(JSON.parse(content));

export const mergeDetails = (details: readonly Detail[]): Detail => ({
  alerts: details
    .flatMap(({ alerts }) => alerts)
    .sort((a, b) => b.timeMs - a.timeMs)
    .slice(0, DETAIL_ALERTS_MAX),
  count: details.reduce((sum, { count }) => sum + count, 0),
});

const short = (alert: Alert): Alert => ({ ...alert, response: alert.response?.slice(0, RESPONSE_MAX) ?? null });

const detailOf = (alerts: readonly Alert[]): Detail =>
  mergeDetails([{ alerts: alerts.map(short), count: alerts.reduce((sum, { times }) => sum + times, 0) }]);

type EntryFacts = Readonly<{ incident: Pick<Incident, 'id' | 'channel'>; nowMs: number }>;

const entry = ({ incident, nowMs }: EntryFacts, kind: OutboxEntry['kind'], id: string, content = ''): OutboxEntry => ({
  id: `${incident.id}:${id}`,
  channel: incident.channel,
  incidentId: incident.id,
  kind,
  content,
  createdAtMs: nowMs,
  dueAtMs: nowMs,
  tries: 0,
});

export const parentEntry = (incident: Incident, nowMs: number): OutboxEntry =>
  entry({ incident, nowMs }, 'parent', 'parent');

/** Somebody pressed a button and looks at the message: it need not wait for its turn. */
export const urgentParentEntry = (incident: Incident, nowMs: number): OutboxEntry => ({
  ...parentEntry(incident, nowMs),
  content: URGENT,
});

export const isUrgent = ({ kind, content }: OutboxEntry): boolean => kind === 'parent' && content === URGENT;

const summaryEntry = (incident: Incident, nowMs: number): OutboxEntry =>
  entry({ incident, nowMs }, 'summary', 'summary');

/** Joined with what waits already, unless that is just being sent. */
const detailEntry = (
  incident: Incident,
  alerts: readonly Alert[],
  { waiting, sending, nowMs }: OutboxState,
): OutboxEntry => {
  const detail = detailOf(alerts);
  const open = waiting.find(
    ({ kind, incidentId, id }) => kind === 'detail' && incidentId === incident.id && !sending.has(id),
  );
  if (open === undefined) {
    return entry({ incident, nowMs }, 'detail', `detail:${incident.count}`, JSON.stringify(detail));
  }
  return { ...open, content: JSON.stringify(mergeDetails([readDetail(open), detail])) };
};

export type OutboxState = Readonly<{
  /** Of all incidents. */
  waiting: readonly OutboxEntry[];
  sending: ReadonlySet<string>;
  nowMs: number;
}>;

/**
 * Entries for one incident after a round. What waits already for the message is enough: it is drawn when it is sent.
 * @param alerts of the round, with their chains
 */
export const entriesFor = (
  incident: Incident,
  alerts: readonly Alert[],
  state: OutboxState,
): readonly OutboxEntry[] => {
  if (incident.openedAtMs === null) return [];
  const { waiting, nowMs } = state;
  const parent = parentEntry(incident, nowMs);
  const isWaiting = waiting.some(({ id }) => id === parent.id);
  // One match alone is told by the message itself.
  const hasDetail = alerts.length > 0 && incident.count > 1;
  return [
    ...(isWaiting ? [] : [parent]),
    ...(hasDetail ? [detailEntry(incident, alerts, state)] : []),
    ...(incident.state === 'closed' ? [summaryEntry(incident, nowMs)] : []),
  ];
};
