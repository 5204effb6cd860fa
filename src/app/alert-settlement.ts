/** What becomes of incident and outbox when a message was sent, or was not. Pure. */
import type { Incident } from '../domain/subscription.js';
import type { Task } from './alert-agenda.js';
import { parentEntry } from './alert-outbox.js';
import type { AlertChanges } from './alerting.js';

/** As it is shown: an incident that differs in nothing of this need not be drawn again. */
const faceOf = (incident: Incident): string =>
  JSON.stringify({
    ...incident,
    messageTs: null,
    tally: {
      ...incident.tally,
      senders: [],
      recipients: [],
      recentMs: [],
      reasons: [],
      details: 0,
      lastDetailMs: null,
    },
  });

const idsOf = ({ entries }: Task): readonly string[] => entries.map(({ id }) => id);

type Settlement = Readonly<{
  task: Task;
  /** As it was shown. */
  drawn: Incident;
  /** As it is now. */
  current: Incident;
  nowMs: number;
}>;

export const whenSent = ({ task, drawn, current, nowMs }: Settlement, messageTs: string): Partial<AlertChanges> => {
  switch (task.kind) {
    case 'parent': {
      const isCurrent = faceOf(drawn) === faceOf(current);
      return {
        incidents: current.messageTs === messageTs ? [] : [{ ...current, messageTs }],
        // What came while it was sent is shown next; the wait for it begins now.
        outbox: isCurrent ? [] : [parentEntry(current, nowMs)],
        done: isCurrent ? idsOf(task) : [],
      };
    }
    case 'detail': {
      const tally = { ...current.tally, details: current.tally.details + 1, lastDetailMs: nowMs };
      return { incidents: [{ ...current, tally }], done: idsOf(task) };
    }
    case 'summary':
    case 'notice':
      return { done: idsOf(task) };
  }
};

/** Its message was deleted: an open incident gets a new one, a closed one is left at that. */
export const whenMessageGone = ({ task, current, nowMs }: Settlement): Partial<AlertChanges> => {
  if (current.state === 'closed') return { done: idsOf(task) };
  return {
    incidents: [{ ...current, messageTs: null }],
    outbox: [parentEntry(current, nowMs)],
    done: task.kind === 'parent' ? [] : idsOf(task),
  };
};

/** Kept, and tried again from `untilMs` on. */
export const whenLater = (task: Task, untilMs: number): Partial<AlertChanges> => ({
  outbox: task.entries.map((entry) => ({ ...entry, tries: entry.tries + 1, dueAtMs: untilMs })),
});

export const whenRefused = (task: Task): Partial<AlertChanges> => ({ done: idsOf(task) });

/** Acknowledgements and mutes that are over: the message says so. */
export const whenLapsed = (incidents: readonly Incident[], nowMs: number): Partial<AlertChanges> => {
  const isOver = (untilMs: number | null): boolean => untilMs !== null && untilMs <= nowMs;
  const lapsed = incidents
    .filter(
      ({ state, acknowledgedUntilMs, mutedUntilMs }) =>
        state === 'open' && (isOver(acknowledgedUntilMs) || isOver(mutedUntilMs)),
    )
    .map((incident) => ({
      ...incident,
      acknowledgedUntilMs: isOver(incident.acknowledgedUntilMs) ? null : incident.acknowledgedUntilMs,
      mutedUntilMs: isOver(incident.mutedUntilMs) ? null : incident.mutedUntilMs,
    }));
  return { incidents: lapsed, outbox: lapsed.map((incident) => parentEntry(incident, nowMs)) };
};

/** When the next of them is over; Infinity when there is none. */
export const nextLapseMs = (incidents: readonly Incident[]): number =>
  Math.min(
    ...incidents
      .filter(({ state }) => state === 'open')
      .flatMap(({ acknowledgedUntilMs, mutedUntilMs }) => [acknowledgedUntilMs, mutedUntilMs])
      .filter((untilMs) => untilMs !== null),
  );
