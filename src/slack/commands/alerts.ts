/** `/mailtrace subscribe`, `unsubscribe`, `subscriptions`, `mute`, `unmute`. */
import { alertScopeOf } from '../../app/subscriptions.js';
import type { AlertScope } from '../../domain/subscription.js';
import { MailtraceError } from '../../errors.js';
import type { Command } from '../../query/parse-command.js';
import { type AlertDesk, type DeskDeps, findScope, note, tell, type Visit } from '../desk.js';
import type { Reply } from '../replies/blocks.js';
import { noAlertsReply, ownAlertsReply, problemReply, unauditedReply } from '../replies/problems.js';
import {
  mutedReply,
  notInChannelReply,
  subscribedReply,
  subscriptionsReply,
  unsubscribedReply,
} from '../replies/subscriptions.js';
import { isNotMember } from '../slack-call.js';

export type AlertCommand = Extract<
  Command,
  { kind: 'subscribe' | 'unsubscribe' | 'subscriptions' | 'mute' | 'unmute' }
>;

/** Word for the audit log, and what the asker sees. */
type Outcome = Readonly<{ word: string; reply: Reply }>;

type Subscribe = Extract<AlertCommand, { kind: 'subscribe' }>;

const subscribe = async (
  deps: DeskDeps,
  { subscriptions }: AlertDesk,
  visit: Visit,
  text: string,
  { rule }: Subscribe,
  scope: AlertScope,
): Promise<void> => {
  const { sender, botName } = deps.answer;
  const { visitor, person, onShown } = visit;
  const { channel } = visitor;
  const done = await subscriptions.subscribe({ rule, channel, user: person.id, scope });
  try {
    // Only a member of the channel can whisper by this call: it tells whether alerts can be posted here.
    await sender.ephemeral(channel.id, person.id, subscribedReply(done));
    onShown();
  } catch (error) {
    if (isNotMember(error)) {
      await subscriptions.restore(done);
      return tell(deps, visit, text, 'refused: not in channel', notInChannelReply(botName));
    }
    if (!(error instanceof MailtraceError)) throw error;
    await visit.whisper(subscribedReply(done));
  }
  if (await note(deps, visit, text, 'subscribed')) return;
  await subscriptions.restore(done);
  await visit.whisper(unauditedReply());
};

const perform = async (
  deps: DeskDeps,
  desk: AlertDesk,
  visit: Visit,
  command: Exclude<AlertCommand, Subscribe>,
): Promise<Outcome> => {
  const { subscriptions } = desk;
  const { channel } = visit.visitor;
  const { timeZone } = visit;
  const nowMs = deps.answer.now();
  const list = (): Outcome => ({
    word: 'listed',
    reply: subscriptionsReply({ subscriptions: subscriptions.list(channel.id), nowMs, timeZone }),
  });
  switch (command.kind) {
    case 'subscriptions':
      return list();
    case 'unsubscribe': {
      const { what } = command;
      if (what.kind === 'list') return list();
      return { word: 'unsubscribed', reply: unsubscribedReply(await subscriptions.unsubscribe(channel.id, what)) };
    }
    case 'mute':
    case 'unmute': {
      const untilMs = command.kind === 'mute' ? nowMs + command.forMs : null;
      const muted = await subscriptions.mute(channel.id, untilMs);
      const word = untilMs === null ? 'unmuted' : `muted until ${new Date(untilMs).toISOString()}`;
      return { word, reply: mutedReply({ subscriptions: muted, untilMs, timeZone }) };
    }
  }
};

/** Whoever may not subscribe learns nothing of what is watched here. */
export const serveAlertCommand = async (
  deps: DeskDeps,
  visit: Visit,
  text: string,
  command: AlertCommand,
): Promise<void> => {
  const scope = await findScope(deps, visit, text, 'subscribe');
  if (scope === null) return;
  const desk = deps.alerts;
  if (desk === null) return tell(deps, visit, text, 'refused: no alerts', noAlertsReply());
  const alertScope = alertScopeOf(scope);
  if (alertScope === null) return tell(deps, visit, text, 'denied', ownAlertsReply());
  try {
    if (command.kind === 'subscribe') return await subscribe(deps, desk, visit, text, command, alertScope);
    const { word, reply } = await perform(deps, desk, visit, command);
    await tell(deps, visit, text, word, reply);
  } catch (error) {
    if (!(error instanceof MailtraceError) || error.code !== 'usage') throw error;
    await tell(deps, visit, text, `problem: ${error.code}`, problemReply(error));
  }
};
