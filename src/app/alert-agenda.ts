/** What of the outbox is to be sent next in a channel: the most urgent of what may be sent. Pure; times are epoch milliseconds. */
import type { Incident, Subscription } from '../domain/subscription.js';
import { isAcknowledged, mutedUntilMs } from '../trace/incident.js';
import { isUrgent } from './alert-outbox.js';
import type { OutboxEntry } from './ports.js';

export type Task = Readonly<{
  kind: OutboxEntry['kind'];
  channel: string;
  incidentId: string;
  /** All that are dealt with by it: details of a while are one message. */
  entries: readonly OutboxEntry[];
  /** A message is edited, none is posted. */
  isUpdate: boolean;
  /** Not before. */
  atMs: number;
  /** The earliest goes first. */
  deadlineMs: number;
}>;

export type AgendaInput = Readonly<{
  /** Of one channel, oldest first. */
  entries: readonly OutboxEntry[];
  incident: (id: string) => Incident | undefined;
  subscription: (id: string) => Subscription | undefined;
  /** Incident → when its message was last updated. */
  updatedMs: ReadonlyMap<string, number>;
  /** When the last detail message was posted in the channel. */
  detailedMs: number;
  nowMs: number;
}>;

/** Messages are edited at most so often, however fast the lines come. */
const UPDATE_GAP_MS = 4000;
/** A message must be current 10 s after a line; sending and waiting for others take the rest. */
const CURRENT_WITHIN_MS = 4000;
/** A moment to gather what belongs together. */
const GATHER_MS = 5000;
/** What stands in a thread may come later than what is in the channel. */
const THREAD_PATIENCE_MS = 10_000;
const NOTICE_PATIENCE_MS = 30_000;
/** Of all incidents of a channel together: their messages, which must be current, come in between. */
const CHANNEL_DETAIL_GAP_MS = 6000;
const DETAIL_GAP_MS = 30_000;
const DETAIL_GAP_MAX_MS = 10 * 60_000;

/** Each further detail message of an incident takes twice as long, from half a minute up to ten. */
const detailGapMs = (details: number): number =>
  details === 0 ? 0 : Math.min(DETAIL_GAP_MAX_MS, DETAIL_GAP_MS * 2 ** Math.min(details - 1, 10));

type Base = Pick<Task, 'channel' | 'incidentId' | 'entries'>;

const parentTask = (
  base: Base,
  entry: OutboxEntry,
  incident: Incident,
  muteMs: number | null,
  lastMs: number,
): Task => {
  if (incident.messageTs === null) {
    const atMs = Math.max(entry.dueAtMs, muteMs ?? 0);
    return { ...base, kind: 'parent', isUpdate: false, atMs, deadlineMs: entry.createdAtMs };
  }
  const atMs = isUrgent(entry) ? entry.dueAtMs : Math.max(entry.dueAtMs, lastMs + UPDATE_GAP_MS);
  return { ...base, kind: 'parent', isUpdate: true, atMs, deadlineMs: entry.createdAtMs + CURRENT_WITHIN_MS };
};

const detailTask = (base: Base, incident: Incident, holdMs: number): Task => {
  const { details, lastDetailMs } = incident.tally;
  const sinceMs = Math.min(...base.entries.map(({ createdAtMs }) => createdAtMs));
  const dueMs = Math.max(...base.entries.map(({ dueAtMs }) => dueAtMs), holdMs);
  const atMs = Math.max(dueMs, sinceMs + GATHER_MS, lastDetailMs === null ? 0 : lastDetailMs + detailGapMs(details));
  return { ...base, kind: 'detail', isUpdate: false, atMs, deadlineMs: atMs + THREAD_PATIENCE_MS };
};

type Group = Partial<Record<OutboxEntry['kind'], OutboxEntry[]>>;

const groupOf = (entries: readonly OutboxEntry[]): Group => {
  const group: Group = {};
  for (const entry of entries) {
    group[entry.kind] ??= [];
    group[entry.kind]?.push(entry);
  }
  return group;
};

/** Nobody needs to read these any more. */
const voidOf = (group: Group, incident: Incident, isMuted: boolean): readonly OutboxEntry[] => {
  if (incident.state !== 'closed') return [];
  // What is posted closed, or closes while muted, says all in its message.
  const isTold = incident.messageTs === null || isMuted;
  return [...(group.detail ?? []), ...(isTold ? (group.summary ?? []) : [])];
};

const tasksOf = (group: Group, incident: Incident, input: AgendaInput): readonly Task[] => {
  const { nowMs, updatedMs } = input;
  const restMs = input.detailedMs + CHANNEL_DETAIL_GAP_MS;
  const { channel, id: incidentId, messageTs, state } = incident;
  const muteMs = mutedUntilMs(incident, input.subscription(incident.subscriptionId) ?? null, nowMs);
  const base = { channel, incidentId };
  const [parent] = group.parent ?? [];
  if (parent !== undefined) {
    const lastMs = updatedMs.get(incidentId) ?? Number.NEGATIVE_INFINITY;
    const own = parentTask({ ...base, entries: [parent] }, parent, incident, muteMs, lastMs);
    // Replies need a message to reply to, and the last word comes after its last state.
    if (messageTs === null || state === 'closed') return [own];
    return group.detail === undefined
      ? [own]
      : [own, ...detailTasks(base, group.detail, incident, Math.max(muteMs ?? 0, restMs), nowMs)];
  }
  if (messageTs === null) return [];
  const [summary] = group.summary ?? [];
  if (summary !== undefined) {
    const deadlineMs = summary.createdAtMs + THREAD_PATIENCE_MS;
    return [{ ...base, kind: 'summary', entries: [summary], isUpdate: false, atMs: summary.dueAtMs, deadlineMs }];
  }
  return group.detail === undefined
    ? []
    : detailTasks(base, group.detail, incident, Math.max(muteMs ?? 0, restMs), nowMs);
};

const detailTasks = (
  base: Omit<Base, 'entries'>,
  entries: readonly OutboxEntry[],
  incident: Incident,
  holdMs: number,
  nowMs: number,
): readonly Task[] => {
  // Somebody looks after it: the message shows how it goes on, and nobody is called.
  const ackMs = isAcknowledged(incident, nowMs) ? (incident.acknowledgedUntilMs ?? 0) : 0;
  return [detailTask({ ...base, entries }, incident, Math.max(holdMs, ackMs))];
};

const noticeTask = (entry: OutboxEntry): Task => ({
  kind: 'notice',
  channel: entry.channel,
  incidentId: entry.incidentId,
  entries: [entry],
  isUpdate: false,
  atMs: entry.dueAtMs,
  deadlineMs: entry.createdAtMs + NOTICE_PATIENCE_MS,
});

export type Agenda = Readonly<{
  /** Of the channel, in the order of their deadlines; also those whose time has not come. */
  tasks: readonly Task[];
  /** Entries that became void. */
  void: readonly OutboxEntry[];
}>;

const byIncident = (entries: readonly OutboxEntry[]): ReadonlyMap<string, readonly OutboxEntry[]> => {
  const groups = new Map<string, OutboxEntry[]>();
  for (const entry of entries) {
    if (entry.kind === 'notice') continue;
    const group = groups.get(entry.incidentId);
    if (group) group.push(entry);
    else groups.set(entry.incidentId, [entry]);
  }
  return groups;
};

export const agendaOf = (input: AgendaInput): Agenda => {
  const { entries, nowMs } = input;
  const tasks: Task[] = entries.filter(({ kind }) => kind === 'notice').map(noticeTask);
  const gone: OutboxEntry[] = [];
  for (const [id, own] of byIncident(entries)) {
    const incident = input.incident(id);
    if (incident === undefined) {
      gone.push(...own);
      continue;
    }
    const isMuted = mutedUntilMs(incident, input.subscription(incident.subscriptionId) ?? null, nowMs) !== null;
    const done = voidOf(groupOf(own), incident, isMuted);
    gone.push(...done);
    tasks.push(...tasksOf(groupOf(own.filter((entry) => !done.includes(entry))), incident, input));
  }
  return { tasks: tasks.sort((a, b) => a.deadlineMs - b.deadlineMs), void: gone };
};
