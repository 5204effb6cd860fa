/** conversations.*: /reference/methods/conversations.open and its neighbours. */
import type { Core } from '../core.js';
import type { JsonObject } from '../json.js';
import { wireConversation, wireMessage } from '../wire-format.js';
import type { Message } from '../workspace.js';
import {
  ApiRefusal,
  argFlag,
  argList,
  argText,
  joinedConversation,
  knownConversation,
  type Method,
  page,
  TIER,
} from './method.js';

const open: Method['run'] = (args, core) => {
  const { workspace } = core;
  const { botUserId } = workspace.world;
  const users = argList(args, 'users');
  const channel = argText(args, 'channel');
  if (users.length === 0 && channel === null) throw new ApiRefusal('users_list_not_supplied');
  for (const id of users) {
    const user = workspace.users.get(id);
    if (user === undefined) throw new ApiRefusal('user_not_found');
    if (user.kind === 'deactivated') throw new ApiRefusal('user_disabled');
  }
  const conversation =
    users.length === 0 ? joinedConversation(core, channel ?? '') : workspace.openDirect([botUserId, ...users]);
  const wire = argFlag(args, 'return_im') ? wireConversation(conversation, workspace) : { id: conversation.id };
  return { ok: true, channel: wire };
};

const info: Method['run'] = (args, core) => {
  const conversation = knownConversation(core, argText(args, 'channel') ?? '');
  const { num_members: members, ...wire } = wireConversation(conversation, core.workspace);
  return { ok: true, channel: argFlag(args, 'include_num_members') ? { ...wire, num_members: members } : wire };
};

const members: Method['run'] = (args, core) => {
  const conversation = knownConversation(core, argText(args, 'channel') ?? '');
  const { items, response_metadata } = page([...conversation.members], args, { limit: 100, max: 1000 });
  return { ok: true, members: items, response_metadata };
};

const kindNames = { public: 'public_channel', private: 'private_channel', im: 'im', mpim: 'mpim' } as const;

const list: Method['run'] = (args, core) => {
  const { workspace } = core;
  const wanted = argText(args, 'types') === null ? ['public_channel'] : argList(args, 'types');
  const visible = [...workspace.conversations.values()].filter(
    (conversation) =>
      wanted.includes(kindNames[conversation.kind]) &&
      (conversation.kind === 'public' || conversation.members.has(workspace.world.botUserId)) &&
      !(argFlag(args, 'exclude_archived') && conversation.isArchived),
  );
  const { items, response_metadata } = page(visible, args, { limit: 100, max: 1000 });
  return { ok: true, channels: items.map((item) => wireConversation(item, workspace)), response_metadata };
};

const inRange = (args: JsonObject, { ts }: Message): boolean => {
  const oldest = Number(argText(args, 'oldest') ?? 0);
  const latest = Number(argText(args, 'latest') ?? Number.POSITIVE_INFINITY);
  const at = Number(ts);
  if (argFlag(args, 'inclusive')) return at >= oldest && at <= latest;
  return at > oldest && at < latest;
};

const answer = (core: Core, args: JsonObject, messages: readonly Message[]): JsonObject => {
  const { items, response_metadata, has_more } = page(messages, args, { limit: 100, max: 999 });
  const wire = items.map((message) => wireMessage(message, core.workspace, core.url()));
  return { ok: true, messages: wire, has_more, response_metadata };
};

/** Newest first, replies left out unless broadcast; whispers are in no history. */
const history: Method['run'] = (args, core) => {
  const conversation = joinedConversation(core, argText(args, 'channel') ?? '');
  const shown = core.workspace
    .messages(conversation.id)
    .filter((message) => message.ephemeralTo === null && (message.threadTs === null || message.isBroadcast))
    .filter((message) => inRange(args, message));
  return answer(core, args, [...shown].reverse());
};

/** The parent, then its replies, oldest first. */
const replies: Method['run'] = (args, core) => {
  const conversation = joinedConversation(core, argText(args, 'channel') ?? '');
  const named = core.workspace.find(conversation.id, argText(args, 'ts') ?? '');
  if (named === undefined || named.ephemeralTo !== null) throw new ApiRefusal('thread_not_found');
  const parent = named.threadTs === null ? named : (core.workspace.find(conversation.id, named.threadTs) ?? named);
  const shown = core.workspace.replies(parent).filter(({ ephemeralTo }) => ephemeralTo === null);
  return answer(core, args, [parent, ...shown.filter((message) => inRange(args, message))]);
};

const paged = ['cursor', 'limit'];
const ranged = [...paged, 'oldest', 'latest', 'inclusive', 'include_all_metadata'];
const readScopes = ['channels:read', 'groups:read', 'im:read', 'mpim:read'];
const historyScopes = ['channels:history', 'groups:history', 'im:history', 'mpim:history'];

export const conversationMethods: Readonly<Record<string, Method>> = {
  'conversations.open': {
    token: 'bot',
    scopes: ['im:write', 'mpim:write', 'channels:manage', 'groups:write'],
    perMinute: TIER.three,
    required: [],
    optional: ['users', 'channel', 'return_im', 'prevent_creation'],
    run: open,
  },
  'conversations.info': {
    token: 'bot',
    scopes: readScopes,
    perMinute: TIER.three,
    required: ['channel'],
    optional: ['include_locale', 'include_num_members'],
    run: info,
  },
  'conversations.members': {
    token: 'bot',
    scopes: readScopes,
    perMinute: TIER.four,
    required: ['channel'],
    optional: paged,
    run: members,
  },
  'conversations.list': {
    token: 'bot',
    scopes: readScopes,
    perMinute: TIER.two,
    required: [],
    optional: [...paged, 'types', 'exclude_archived', 'team_id'],
    run: list,
  },
  'conversations.history': {
    token: 'bot',
    scopes: historyScopes,
    perMinute: TIER.three,
    required: ['channel'],
    optional: ranged,
    run: history,
  },
  'conversations.replies': {
    token: 'bot',
    scopes: historyScopes,
    perMinute: TIER.three,
    required: ['channel', 'ts'],
    optional: ranged,
    run: replies,
  },
};
