/** One Web API call, and what its failures mean to whoever runs or uses the bot. */
import { webApi } from '@slack/bolt';
import type { z } from 'zod';
import { MailtraceError } from '../errors.js';

/**
 * Calls a Web API method and returns Slack's answer (`ok: true`).
 * @throws SlackCallError
 */
export type SlackCall = (method: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** A call that Slack refused or that did not reach it. */
export class SlackCallError extends MailtraceError {
  readonly method: string;
  /** Slack's own word (`not_in_channel`); `unreachable`, `http_503`, `ratelimited` where there is none. */
  readonly slackError: string;
  /** What Slack asked to wait (Retry-After); null where it did not say. */
  readonly retryAfterMs: number | null;

  constructor(
    method: string,
    slackError: string,
    hint: string,
    options?: { cause?: unknown; retryAfterMs?: number | null },
  ) {
    const what =
      slackError === 'unreachable'
        ? `Slack could not be reached for ${method}.`
        : `Slack refused ${method}: ${slackError}.`;
    super('slack', what, hint, options);
    this.name = 'SlackCallError';
    this.method = method;
    this.slackError = slackError;
    this.retryAfterMs = options?.retryAfterMs ?? null;
  }
}

const NEW_BOT_TOKEN =
  'Install the app again (OAuth & Permissions), set SLACK_BOT_TOKEN to the token shown there (xoxb-…) and restart.';
const INVITE = 'Invite the bot: type /invite @mailtrace in the channel.';

const HINTS: Readonly<Record<string, string>> = {
  invalid_auth: NEW_BOT_TOKEN,
  not_authed: NEW_BOT_TOKEN,
  account_inactive: NEW_BOT_TOKEN,
  token_revoked: NEW_BOT_TOKEN,
  token_expired: NEW_BOT_TOKEN,
  not_allowed_token_type: 'SLACK_BOT_TOKEN takes a bot token (xoxb-…), SLACK_APP_TOKEN an app-level token (xapp-…).',
  not_in_channel: INVITE,
  channel_not_found: INVITE,
  is_archived: 'The channel is archived: ask in another one.',
  restricted_action: 'Who may post here is restricted: ask a workspace administrator.',
  user_not_found: 'The person is not known to this workspace.',
  cannot_dm_bot: 'Direct messages to this account are not possible.',
  file_uploads_disabled: 'File uploads are switched off in this workspace: ask an administrator.',
  ratelimited: 'Slack is limiting this app: try again in a minute.',
  unreachable: 'Check the network, the proxy and SLACK_API_URL; Slack may be down (https://slack-status.com).',
};

const hintFor = (slackError: string, needed: string | undefined): string => {
  if (slackError === 'missing_scope') {
    return `Add the scope ${needed ?? 'it asks for'} to the app (OAuth & Permissions, or manifest.yml) and install it again.`;
  }
  if (slackError.startsWith('http_')) return 'Slack has a fault of its own: try again in a minute.';
  return HINTS[slackError] ?? 'Look the word up on the page of the method in Slack’s documentation.';
};

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Reads what the SDK throws; a bug is returned as it is. */
export const toSlackError = (method: string, error: unknown): unknown => {
  if (error instanceof webApi.WebAPIPlatformError) {
    const data: Readonly<Record<string, unknown>> = { ...error.data };
    const slackError = stringOf(data['error']) ?? 'unknown_error';
    return new SlackCallError(method, slackError.slice(0, 100), hintFor(slackError, stringOf(data['needed'])), {
      cause: error,
    });
  }
  if (error instanceof webApi.WebAPIRequestError) {
    return new SlackCallError(method, 'unreachable', hintFor('unreachable', undefined), { cause: error });
  }
  if (error instanceof webApi.WebAPIHTTPError) {
    return new SlackCallError(method, `http_${error.statusCode}`, hintFor('http_', undefined), { cause: error });
  }
  // What is left when the SDK has repeated a limited call as often as it may.
  if (error instanceof webApi.WebAPIRateLimitedError || (error instanceof Error && /rate limit/.test(error.message))) {
    const retryAfterMs = error instanceof webApi.WebAPIRateLimitedError ? error.retryAfter * 1000 : null;
    return new SlackCallError(method, 'ratelimited', hintFor('ratelimited', undefined), { cause: error, retryAfterMs });
  }
  return error;
};

/** `client.apiCall` of the SDK, with its failures in our words. */
export const createSlackCall =
  (client: Pick<webApi.WebClient, 'apiCall'>): SlackCall =>
  async (method, args) => {
    try {
      return await client.apiCall(method, { ...args });
    } catch (error) {
      throw toSlackError(method, error);
    }
  };

/**
 * What we need of an answer.
 * @throws SlackCallError when Slack answered something else
 */
export const readAnswer = <T>(method: string, schema: z.ZodType<T>, answer: unknown): T => {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new SlackCallError(method, 'unexpected_answer', 'SLACK_API_URL may point to something that is not Slack.', {
    cause: parsed.error,
  });
};

export const isSlackError = (error: unknown, ...words: readonly string[]): error is SlackCallError =>
  error instanceof SlackCallError && (words.length === 0 || words.includes(error.slackError));

/** The bot cannot write there: it is not a member, or the conversation does not exist for it. */
export const isNotMember = (error: unknown): boolean => isSlackError(error, 'not_in_channel', 'channel_not_found');

const NOT_COMING_BACK = [
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
];

/** True when the failure will not go away by itself. */
export const isBadToken = (error: unknown): boolean => isSlackError(error, ...NOT_COMING_BACK);
