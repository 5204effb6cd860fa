/** What people do with an incident: the buttons under its message. */
import type { Incident } from '../domain/subscription.js';
import { acknowledge, withdrawAcknowledgement } from '../trace/incident.js';
import type { Ledger } from './alert-ledger.js';
import { urgentParentEntry } from './alert-outbox.js';
import type { Clock } from './ports.js';

export type IncidentAct =
  /** `by`: a name, text of others. */
  | Readonly<{ kind: 'acknowledge'; by: string; untilMs: number }>
  | Readonly<{ kind: 'withdraw' }>
  /** null: no longer. */
  | Readonly<{ kind: 'mute'; untilMs: number | null }>;

/** `elsewhere`: it is none of this channel, or none at all. */
export type ActOnIncident = (
  of: Readonly<{ id: string; channel: string }>,
  act: IncidentAct,
) => Promise<'done' | 'closed' | 'elsewhere'>;

const applyAct = (incident: Incident, act: IncidentAct): Incident => {
  switch (act.kind) {
    case 'acknowledge':
      return acknowledge(incident, act.by, act.untilMs);
    case 'withdraw':
      return withdrawAcknowledgement(incident);
    case 'mute':
      return { ...incident, mutedUntilMs: act.untilMs };
  }
};

export const createActOnIncident =
  ({ ledger, now }: Readonly<{ ledger: Ledger; now: Clock }>): ActOnIncident =>
  ({ id, channel }, act) =>
    ledger.alone(async () => {
      const incident = await ledger.findIncident(id);
      if (incident === null || incident.channel !== channel) return 'elsewhere';
      if (incident.state === 'closed') return 'closed';
      const changed = applyAct(incident, act);
      await ledger.commit({ incidents: [changed], outbox: [urgentParentEntry(changed, now())] });
      return 'done';
    });
