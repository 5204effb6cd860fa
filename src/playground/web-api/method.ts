/** What a Web API method is, and how it refuses. */
import type { Core } from '../core.js';
import { isObject, type JsonObject } from '../json.js';
import type { Conversation, Message } from '../workspace.js';

/** `{"ok": false, "error": …}` with Slack's error word. */
export class ApiRefusal extends Error {
  readonly error: string;
  readonly more: JsonObject;

  constructor(error: string, more: JsonObject = {}) {
    super(error);
    this.name = 'ApiRefusal';
    this.error = error;
    this.more = more;
  }
}

/** Calls a minute: /apis/web-api/rate-limits. */
export const TIER = { one: 1, two: 20, three: 50, four: 100, special: 300 } as const;

export type Method = Readonly<{
  /** Kind of token it takes. */
  token: 'bot' | 'app' | 'any';
  /** One of these is needed; empty = none. */
  scopes: readonly string[];
  perMinute: number;
  required: readonly string[];
  /** Further arguments on the method's page. */
  optional: readonly string[];
  run: (args: JsonObject, core: Core) => JsonObject;
}>;

/** @returns null when absent. Numbers in JSON bodies count as their text. */
export const argText = (args: JsonObject, key: string): string | null => {
  const value = args[key];
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : null;
};

export const argFlag = (args: JsonObject, key: string): boolean =>
  args[key] === true || args[key] === 'true' || args[key] === '1' || args[key] === 1;

const argCount = (args: JsonObject, key: string, fallback: number, max: number): number => {
  const value = Number(args[key] ?? fallback);
  return Number.isInteger(value) && value > 0 ? Math.min(value, max) : fallback;
};

/** The comma-separated or JSON list. */
export const argList = (args: JsonObject, key: string): readonly string[] => {
  const value = args[key];
  const items = Array.isArray(value)
    ? (value as readonly unknown[]).map(String)
    : (argText(args, key) ?? '').split(',');
  return items.map((item) => item.trim()).filter((item) => item !== '');
};

export const invalidArguments = (problems: readonly string[]): ApiRefusal =>
  new ApiRefusal('invalid_arguments', { response_metadata: { messages: problems.map((text) => `[ERROR] ${text}`) } });

/** A conversation the bot can know of: private ones it is not in do not exist for it. */
export const knownConversation = (core: Core, id: string): Conversation => {
  const conversation = core.workspace.conversations.get(id);
  const isHidden =
    conversation?.kind !== 'public' && conversation?.members.has(core.workspace.world.botUserId) !== true;
  if (conversation === undefined || isHidden) throw new ApiRefusal('channel_not_found');
  return conversation;
};

/** A conversation the bot is in. */
export const joinedConversation = (core: Core, id: string): Conversation => {
  const conversation = knownConversation(core, id);
  if (!conversation.members.has(core.workspace.world.botUserId)) throw new ApiRefusal('not_in_channel');
  return conversation;
};

/** A message everyone in the channel sees: a whisper does not exist for the Web API. */
export const sharedMessage = (core: Core, channelId: string, ts: string): Message => {
  const message = core.workspace.find(channelId, ts);
  if (message === undefined || message.ephemeralTo !== null) throw new ApiRefusal('message_not_found');
  return message;
};

const CURSOR = /^after:(\d{1,9})$/;

/** One page of a list and the cursor to the next; /apis/web-api/pagination. */
export const page = <Item>(
  items: readonly Item[],
  args: JsonObject,
  { limit, max }: Readonly<{ limit: number; max: number }>,
): Readonly<{ items: readonly Item[]; response_metadata: JsonObject; has_more: boolean }> => {
  const cursor = argText(args, 'cursor') ?? '';
  const decoded = CURSOR.exec(Buffer.from(cursor, 'base64').toString());
  if (cursor !== '' && decoded === null) throw new ApiRefusal('invalid_cursor');
  const from = Number(decoded?.[1] ?? 0);
  const to = from + argCount(args, 'limit', limit, max);
  const hasMore = to < items.length;
  const next = hasMore ? Buffer.from(`after:${to}`).toString('base64') : '';
  return { items: items.slice(from, to), response_metadata: { next_cursor: next }, has_more: hasMore };
};

export const argObject = (args: JsonObject, key: string): JsonObject | null => {
  const value = args[key];
  return isObject(value) ? value : null;
};
