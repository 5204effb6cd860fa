/** Alerts → Slack, one try each: the dispatcher decides when the next one is due. */
import { z } from 'zod';
import type { AlertMessage, AlertReceipt, AlertSink } from '../app/ports.js';
import { MailtraceError } from '../errors.js';
import type { Pacer } from './pace.js';
import type { Reply } from './replies/blocks.js';
import { detailReply, incidentReply, summaryReply } from './replies/incident.js';
import type { IncidentView } from './replies/incident-buttons.js';
import { suspendedReply } from './replies/subscriptions.js';
import { postArguments, type Sent, updateArguments } from './send.js';
import { isSlackError, readAnswer, type SlackCall, SlackCallError } from './slack-call.js';

export type AlertSinkDeps = Readonly<{
  /** Fails at once, also when it is limited. */
  call: SlackCall;
  /** Of the whole bot: answers to traces go to the same channels. */
  pacer: Pacer;
  view: IncidentView;
}>;

const postAnswer = z.object({
  channel: z.string(),
  ts: z.string(),
  message: z.looseObject({ thread_ts: z.string().optional() }).optional(),
});
const openAnswer = z.object({ channel: z.object({ id: z.string() }) });

/** Nothing can be written there, until somebody does something about it. */
const NO_CHANNEL = [
  'not_in_channel',
  'channel_not_found',
  'is_archived',
  'restricted_action',
  'restricted_action_read_only_channel',
  'restricted_action_thread_only_channel',
  'restricted_action_non_threadable_channel',
  'messages_tab_disabled',
  'channel_is_limited_access',
  'team_access_not_granted',
];
const NO_MESSAGE = ['message_not_found', 'thread_not_found', 'cant_reply_to_message'];
/** Faults of Slack's own, and of tokens, scopes and workspaces, which an administrator mends: the alerts wait. */
const LATER = [
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'unreachable',
  'unexpected_answer',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
  'missing_scope',
  'no_permission',
  'org_login_required',
  'ekm_access_denied',
  'enterprise_is_restricted',
  'accesslimited',
  'access_denied',
];

const receiptOf = (error: MailtraceError): AlertReceipt => {
  const text = `${error.message} ${error.hint}`;
  if (isSlackError(error, ...NO_CHANNEL)) return { kind: 'no-channel', error: text };
  if (isSlackError(error, ...NO_MESSAGE)) return { kind: 'no-message' };
  const isServerFault = error instanceof SlackCallError && error.slackError.startsWith('http_');
  if (isServerFault || isSlackError(error, ...LATER)) {
    return { kind: 'later', afterMs: error instanceof SlackCallError ? error.retryAfterMs : null, error: text };
  }
  return { kind: 'refused', error: text };
};

const update = async ({ call, pacer }: AlertSinkDeps, sent: Sent, reply: Reply): Promise<AlertReceipt> => {
  await pacer.run(sent.channel, () => call('chat.update', updateArguments(sent, reply)));
  return { kind: 'sent', messageTs: sent.ts };
};

const post = async (
  { call, pacer }: AlertSinkDeps,
  channel: string,
  threadTs: string | null,
  reply: Reply,
): Promise<AlertReceipt> => {
  const method = 'chat.postMessage';
  const posted = await pacer.run(channel, () => call(method, postArguments({ channel, threadTs }, reply)));
  const answer = readAnswer(method, postAnswer, posted);
  // Where the message of the thread was deleted, Slack puts the reply into the channel and says so only by leaving this out.
  if (threadTs !== null && answer.message !== undefined && answer.message.thread_ts === undefined) {
    await call('chat.delete', { channel: answer.channel, ts: answer.ts });
    return { kind: 'no-message' };
  }
  return { kind: 'sent', messageTs: answer.ts };
};

/** A channel that cannot be written to is only news when it is the one of the subscription. */
const notify = async (deps: AlertSinkDeps, user: string, reply: Reply): Promise<AlertReceipt> => {
  const method = 'conversations.open';
  const { channel } = readAnswer(method, openAnswer, await deps.call(method, { users: user }));
  return post(deps, channel.id, null, reply);
};

const show = (deps: AlertSinkDeps, message: AlertMessage): Promise<AlertReceipt> => {
  const { view } = deps;
  if (message.kind === 'notice') {
    return notify(deps, message.subscription.createdBy, suspendedReply(message.subscription));
  }
  const { incident } = message;
  const { channel, messageTs } = incident;
  switch (message.kind) {
    case 'parent': {
      const reply = incidentReply({ incident, subscription: message.subscription, view });
      return messageTs === null ? post(deps, channel, null, reply) : update(deps, { channel, ts: messageTs }, reply);
    }
    case 'detail': {
      const { alerts, more } = message;
      return post(deps, channel, messageTs, detailReply({ alerts, more, timeZone: view.timeZone }));
    }
    case 'summary':
      return post(
        deps,
        channel,
        messageTs,
        summaryReply({ incident, subscription: message.subscription, timeZone: view.timeZone }),
      );
  }
};

export const createAlertSink = (deps: AlertSinkDeps): AlertSink => ({
  send: async (message) => {
    try {
      return await show(deps, message);
    } catch (error) {
      if (!(error instanceof MailtraceError)) throw error;
      const receipt = receiptOf(error);
      // Somebody whose direct messages cannot be reached is nobody's channel.
      return message.kind === 'notice' && receipt.kind === 'no-channel'
        ? { kind: 'refused', error: receipt.error }
        : receipt;
    }
  },
});
