/** chat.*: /reference/methods/chat.postMessage and its neighbours. */
import { refuseBlocks } from '../blocks/blocks.js';
import { type Core, hasScope } from '../core.js';
import { type JsonObject, objectsOf, textOf } from '../json.js';
import { POST_TEXT_MAX, UPDATE_TEXT_MAX } from '../limits.js';
import { wireMessage } from '../wire-format.js';
import type { Conversation, Message } from '../workspace.js';
import {
  ApiRefusal,
  argFlag,
  argObject,
  argText,
  joinedConversation,
  knownConversation,
  type Method,
  sharedMessage,
  TIER,
} from './method.js';

const ATTACHMENTS_MAX = 100;

export type Content = Readonly<{ text: string; blocks: readonly JsonObject[]; attachments: readonly JsonObject[] }>;

export const isFileReady =
  (core: Core) =>
  (file: JsonObject): boolean => {
    const id = textOf(file['id']);
    const byUrl = [...core.workspace.files.values()].find((known) => textOf(file['url']).includes(`-${known.id}/`));
    return (core.workspace.files.get(id) ?? byUrl)?.isReady === true;
  };

const checkBlocks = (core: Core, blocks: unknown): void => {
  const refusal = refuseBlocks(blocks, '/blocks', { surface: 'message', isFileReady: isFileReady(core) });
  if (refusal === null) return;
  const { error, problems } = refusal;
  if (problems.length === 0) throw new ApiRefusal(error);
  const messages = problems.map((text) => `[ERROR] ${text}`);
  throw new ApiRefusal(error, { errors: problems, response_metadata: { messages } });
};

/** Text, blocks and attachments of a call, checked as Slack checks them. */
export const readContent = (core: Core, args: JsonObject): Content => {
  const text = argText(args, 'text') ?? '';
  const blocks = args['blocks'] ?? [];
  const attachments = args['attachments'] ?? [];
  checkBlocks(core, blocks);
  if (!Array.isArray(attachments)) throw new ApiRefusal('invalid_attachments');
  if (attachments.length > ATTACHMENTS_MAX) throw new ApiRefusal('too_many_attachments');
  for (const attachment of objectsOf(attachments)) checkBlocks(core, attachment['blocks'] ?? []);
  const content = { text, blocks: objectsOf(blocks), attachments: objectsOf(attachments) };
  if (text === '' && content.blocks.length === 0 && content.attachments.length === 0) throw new ApiRefusal('no_text');
  return content;
};

/** `channel` may be an id, a `#name`, or a user id, which means the direct conversation with them. */
const findTarget = (core: Core, target: string): Conversation => {
  const { workspace } = core;
  if (workspace.users.has(target)) return workspace.openDirect([workspace.world.botUserId, target]);
  const name = target.replace(/^#/, '');
  const named = [...workspace.conversations.values()].find(
    (channel) => channel.name === name && channel.kind === 'public',
  );
  const conversation = knownConversation(core, named?.id ?? target);
  const isMember = conversation.members.has(workspace.world.botUserId);
  if (!isMember && !hasScope(core, 'chat:write.public')) throw new ApiRefusal('not_in_channel');
  if (conversation.isArchived) throw new ApiRefusal('is_archived');
  return conversation;
};

/**
 * The thread a new message belongs to. A reply's ts means its parent's thread. Where the parent is gone, Slack does not
 * fail: the message lands in the channel, and its answer lacks `thread_ts` (slack-go/slack#1571).
 */
export const findThread = (core: Core, channelId: string, threadTs: string | null): string | null => {
  if (threadTs === null) return null;
  const parent = core.workspace.find(channelId, threadTs);
  if (parent === undefined || parent.ephemeralTo !== null) return null;
  return parent.threadTs ?? parent.ts;
};

const postMessage: Method['run'] = (args, core) => {
  const { workspace } = core;
  const conversation = findTarget(core, argText(args, 'channel') ?? '');
  const content = readContent(core, args);
  const threadTs = findThread(core, conversation.id, argText(args, 'thread_ts'));
  const message = workspace.post({
    channelId: conversation.id,
    userId: workspace.world.botUserId,
    ...content,
    text: content.text.slice(0, POST_TEXT_MAX),
    threadTs,
    isBroadcast: threadTs !== null && argFlag(args, 'reply_broadcast'),
    metadata: argObject(args, 'metadata'),
  });
  const isCut = content.text.length > POST_TEXT_MAX;
  return {
    ok: true,
    channel: conversation.id,
    ts: message.ts,
    message: wireMessage(message, workspace, core.url()),
    ...(isCut ? { warning: 'message_truncated', response_metadata: { warnings: ['message_truncated'] } } : {}),
  };
};

const ownMessage = (core: Core, args: JsonObject, error: string): Message => {
  const conversation = joinedConversation(core, argText(args, 'channel') ?? '');
  const message = sharedMessage(core, conversation.id, argText(args, 'ts') ?? '');
  if (message.isTombstone) throw new ApiRefusal('message_not_found');
  if (message.userId !== core.workspace.world.botUserId) throw new ApiRefusal(error);
  return message;
};

const update: Method['run'] = (args, core) => {
  const message = ownMessage(core, args, 'cant_update_message');
  if ((argText(args, 'text') ?? '').length > UPDATE_TEXT_MAX) throw new ApiRefusal('msg_too_long');
  // Left out: blocks stay unless text is given; text stays.
  const hasText = args['text'] !== undefined;
  const kept = hasText ? [] : message.blocks;
  const content = readContent(core, {
    ...args,
    text: hasText ? args['text'] : message.text,
    blocks: args['blocks'] ?? kept,
    attachments: args['attachments'] ?? (hasText ? [] : message.attachments),
  });
  core.workspace.change(message, content);
  const wire = wireMessage(message, core.workspace, core.url());
  return { ok: true, channel: message.channelId, ts: message.ts, text: message.text, message: wire };
};

const remove: Method['run'] = (args, core) => {
  const message = ownMessage(core, args, 'cant_delete_message');
  core.workspace.remove(message);
  return { ok: true, channel: message.channelId, ts: message.ts };
};

const postEphemeral: Method['run'] = (args, core) => {
  const { workspace } = core;
  const conversation = joinedConversation(core, argText(args, 'channel') ?? '');
  if (conversation.isArchived) throw new ApiRefusal('is_archived');
  const userId = argText(args, 'user') ?? '';
  if (!conversation.members.has(userId)) throw new ApiRefusal('user_not_in_channel');
  const content = readContent(core, args);
  const message = workspace.post({
    channelId: conversation.id,
    userId: workspace.world.botUserId,
    ...content,
    threadTs: findThread(core, conversation.id, argText(args, 'thread_ts')),
    ephemeralTo: userId,
  });
  return { ok: true, message_ts: message.ts };
};

const getPermalink: Method['run'] = (args, core) => {
  const conversation = knownConversation(core, argText(args, 'channel') ?? '');
  const message = sharedMessage(core, conversation.id, argText(args, 'message_ts') ?? '');
  const thread = message.threadTs === null ? '' : `?thread_ts=${message.threadTs}&cid=${conversation.id}`;
  const permalink = `${core.url()}/archives/${conversation.id}/p${message.ts.replace('.', '')}${thread}`;
  return { ok: true, channel: conversation.id, permalink };
};

const shown = ['text', 'blocks', 'attachments', 'as_user', 'link_names', 'parse', 'markdown_text'];
const look = ['username', 'icon_emoji', 'icon_url'];

export const chatMethods: Readonly<Record<string, Method>> = {
  'chat.postMessage': {
    token: 'bot',
    scopes: ['chat:write'],
    perMinute: TIER.special,
    required: ['channel'],
    optional: [...shown, ...look, 'thread_ts', 'reply_broadcast', 'unfurl_links', 'unfurl_media', 'mrkdwn', 'metadata'],
    run: postMessage,
  },
  'chat.update': {
    token: 'bot',
    scopes: ['chat:write'],
    perMinute: TIER.three,
    required: ['channel', 'ts'],
    optional: [...shown, 'reply_broadcast', 'metadata', 'file_ids', 'unfurl_links', 'unfurl_media'],
    run: update,
  },
  'chat.delete': {
    token: 'bot',
    scopes: ['chat:write'],
    perMinute: TIER.three,
    required: ['channel', 'ts'],
    optional: ['as_user'],
    run: remove,
  },
  'chat.postEphemeral': {
    token: 'bot',
    scopes: ['chat:write'],
    perMinute: TIER.four,
    required: ['channel', 'user'],
    optional: [...shown, ...look, 'thread_ts'],
    run: postEphemeral,
  },
  'chat.getPermalink': {
    token: 'any',
    scopes: [],
    perMinute: TIER.special,
    required: ['channel', 'message_ts'],
    optional: [],
    run: getPermalink,
  },
};
