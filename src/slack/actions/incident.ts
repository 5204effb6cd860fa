/** Buttons under an incident: acknowledge, mute, and back. Who presses must have the right to subscribe. */
import type { IncidentAct } from '../../app/incident-acts.js';
import { type DeskDeps, findScope, receive, tell, type Visit } from '../desk.js';
import { clock } from '../replies/answer-context.js';
import { own, paragraph, type Reply, reply } from '../replies/blocks.js';
import { INCIDENT_ACTION, type IncidentDeed, isDeed } from '../replies/incident-buttons.js';
import { noAlertsReply, staleButtonReply } from '../replies/problems.js';
import type { ActionArgs } from './trace-chain.js';

const say = (text: string): Reply => reply([text], [paragraph([own(text)])]);

type Promised = Readonly<{ act: IncidentAct; done: string }>;

const actOf = (
  deed: IncidentDeed,
  by: string,
  untilMs: Readonly<{ ack: number; mute: number }>,
  zone: string,
): Promised => {
  switch (deed) {
    case 'acknowledge':
      return {
        act: { kind: 'acknowledge', by, untilMs: untilMs.ack },
        done: `You look after it until ${clock(untilMs.ack, zone)}: until then its thread stays quiet. The message shows it.`,
      };
    case 'withdraw':
      return { act: { kind: 'withdraw' }, done: 'The acknowledgement is withdrawn.' };
    case 'mute':
      return {
        act: { kind: 'mute', untilMs: untilMs.mute },
        done: `Its thread is muted until ${clock(untilMs.mute, zone)}. The message stays current.`,
      };
    case 'unmute':
      return { act: { kind: 'mute', untilMs: null }, done: 'It is no longer muted.' };
  }
};

const serve = async (deps: DeskDeps, visit: Visit, deed: IncidentDeed, id: string): Promise<void> => {
  const text = `${deed} incident ${id.slice(0, 40)} (button)`;
  if ((await findScope(deps, visit, text, 'subscribe')) === null) return;
  const { alerts } = deps;
  if (alerts === null) return tell(deps, visit, text, 'refused: no alerts', noAlertsReply());
  const nowMs = deps.answer.now();
  const untilMs = { ack: nowMs + alerts.acknowledgeForMs, mute: nowMs + alerts.muteForMs };
  const { act, done } = actOf(deed, visit.person.name, untilMs, visit.timeZone);
  switch (await alerts.actOnIncident({ id, channel: visit.visitor.channel.id }, act)) {
    case 'done':
      return tell(deps, visit, text, 'done', say(done));
    case 'closed':
      return tell(deps, visit, text, 'refused: closed', say('This incident is closed already: nothing is to be done.'));
    case 'elsewhere':
      return tell(deps, visit, text, 'problem: usage', staleButtonReply());
  }
};

/** `actionId`: of the button. */
export const incidentAction =
  (deps: DeskDeps) =>
  async ({
    ack,
    respond,
    user,
    channel,
    value,
    actionId,
  }: Omit<ActionArgs, 'message'> & Readonly<{ actionId: string }>) => {
    await ack();
    await receive(deps, { ...user, channel, respond }, async (visit) => {
      const deed = actionId.slice(INCIDENT_ACTION.length);
      if (isDeed(deed)) await serve(deps, visit, deed, value);
    });
  };
