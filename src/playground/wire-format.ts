/** The workspace's things as they look on Slack's wire. */
import type { JsonObject } from './json.js';
import type { Conversation, Message, SlackFile, View, Workspace } from './workspace.js';
import { type PlaygroundUser, SLACKBOT_ID } from './world.js';

const MINUTE_MS = 60_000;

/** Seconds east of UTC of the zone at this instant. */
const zoneOffsetSeconds = (timeZone: string, nowMs: number): number => {
  const minute = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const part = Object.fromEntries(format.formatToParts(minute).map(({ type, value }) => [type, Number(value)]));
  const local = Date.UTC(part['year']!, part['month']! - 1, part['day'], part['hour'], part['minute']);
  return (local - minute) / 1000;
};

const zoneLabel = (timeZone: string, nowMs: number): string =>
  new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'long' })
    .formatToParts(nowMs)
    .find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;

const FOREIGN_TEAM = 'T9PARTNER';

/** A user object: /reference/objects/user-object. `withEmail`: the token has `users:read.email`. */
export const wireUser = (
  user: PlaygroundUser,
  teamId: string,
  nowMs: number,
  { withEmail }: Readonly<{ withEmail: boolean }>,
): JsonObject => ({
  id: user.id,
  team_id: user.kind === 'foreign' ? FOREIGN_TEAM : teamId,
  name: user.name,
  deleted: user.kind === 'deactivated',
  real_name: user.realName,
  tz: user.timeZone,
  tz_label: zoneLabel(user.timeZone, nowMs),
  tz_offset: zoneOffsetSeconds(user.timeZone, nowMs),
  profile: {
    real_name: user.realName,
    display_name: user.name,
    team: user.kind === 'foreign' ? FOREIGN_TEAM : teamId,
    ...(withEmail && user.email !== null ? { email: user.email } : {}),
  },
  is_admin: false,
  is_owner: false,
  is_bot: false,
  is_app_user: false,
  is_restricted: user.kind === 'guest',
  is_ultra_restricted: false,
  ...(user.kind === 'foreign' ? { is_stranger: true } : {}),
  is_email_confirmed: user.isEmailConfirmed,
  updated: 1_700_000_000,
});

export const wireBotUser = ({ world }: Workspace): JsonObject => ({
  id: world.botUserId,
  team_id: world.teamId,
  name: world.botName,
  deleted: false,
  real_name: world.botName,
  tz: 'UTC',
  tz_label: 'UTC',
  tz_offset: 0,
  profile: { real_name: world.botName, display_name: world.botName, api_app_id: world.appId, bot_id: world.botId },
  is_bot: true,
  is_app_user: false,
  is_restricted: false,
  is_ultra_restricted: false,
});

/** A conversation object: /reference/objects/conversation-object. */
export const wireConversation = (conversation: Conversation, workspace: Workspace): JsonObject => {
  const { id, kind, name, members, topic, isArchived } = conversation;
  const { botUserId, teamId } = workspace.world;
  if (kind === 'im') {
    const user = [...members].find((member) => member !== botUserId);
    return { id, is_im: true, is_org_shared: false, user, is_user_deleted: false, priority: 0 };
  }
  const isShared = [...members].some((member) => workspace.users.get(member)?.kind === 'foreign');
  return {
    id,
    name,
    name_normalized: name,
    is_channel: kind === 'public',
    is_group: false,
    is_im: false,
    is_mpim: kind === 'mpim',
    is_private: kind !== 'public',
    is_member: members.has(botUserId),
    is_archived: isArchived,
    is_general: name === 'general',
    is_shared: isShared,
    is_ext_shared: isShared,
    context_team_id: teamId,
    topic: { value: topic, creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
    num_members: members.size,
  };
};

const extension = (name: string): string => /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? '';
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const mimeTypes: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  json: 'application/json',
  txt: 'text/plain',
  log: 'text/plain',
  dot: 'text/plain',
  svg: 'image/svg+xml',
  pdf: 'application/pdf',
};

/** What the bytes are: PNG by its signature, else by the name's suffix. */
export const mimeTypeOf = ({ bytes, name }: SlackFile): string => {
  if (bytes !== null && PNG_SIGNATURE.every((byte, index) => bytes[index] === byte)) return 'image/png';
  return mimeTypes[extension(name)] ?? 'application/octet-stream';
};

/** Width and height of a PNG; null for anything else. */
export const pngSize = (bytes: Uint8Array | null): Readonly<{ width: number; height: number }> | null => {
  if (bytes === null || bytes.length < 24) return null;
  if (!PNG_SIGNATURE.every((byte, index) => bytes[index] === byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
};

/** A file object: /reference/objects/file-object. Empty mimetype until the scan is over. */
export const wireFile = (file: SlackFile, workspace: Workspace, url: string): JsonObject => {
  const size = file.isReady ? pngSize(file.bytes) : null;
  const share = (kind: 'public' | 'private'): JsonObject => {
    const shares = file.shares.filter(({ channelId }) => {
      const isPublic = workspace.conversations.get(channelId)?.kind === 'public';
      return isPublic === (kind === 'public');
    });
    return Object.fromEntries(
      shares.map(({ channelId, ts, threadTs }) => [
        channelId,
        [{ ts, ...(threadTs === null ? {} : { thread_ts: threadTs }), team_id: workspace.world.teamId }],
      ]),
    );
  };
  return {
    id: file.id,
    created: Math.floor(file.createdAtMs / 1000),
    timestamp: Math.floor(file.createdAtMs / 1000),
    name: file.name,
    title: file.title,
    mimetype: file.isReady ? mimeTypeOf(file) : '',
    filetype: file.isReady ? extension(file.name) : '',
    user: workspace.world.botUserId,
    size: file.bytes?.length ?? 0,
    mode: 'hosted',
    is_external: false,
    file_access: 'visible',
    alt_txt: file.altText,
    url_private: `${url}/files-pri/${workspace.world.teamId}-${file.id}/${encodeURIComponent(file.name)}`,
    ...(size === null ? {} : { original_w: size.width, original_h: size.height }),
    shares: { public: share('public'), private: share('private') },
  };
};

/** A message object as history and interaction payloads carry it. */
export const wireMessage = (message: Message, workspace: Workspace, url: string): JsonObject => {
  const { world } = workspace;
  const replies = message.ephemeralTo === null ? workspace.replies(message).filter((m) => m.ephemeralTo === null) : [];
  const last = replies.at(-1);
  const files = message.fileIds.flatMap((id) => workspace.files.get(id) ?? []);
  return {
    type: 'message',
    ...(message.isTombstone ? { subtype: 'tombstone' } : message.subtype === null ? {} : { subtype: message.subtype }),
    ts: message.ts,
    user: message.userId,
    team: world.teamId,
    text: message.text,
    ...(message.userId === world.botUserId ? botFields(workspace) : {}),
    ...(message.userId === SLACKBOT_ID ? { bot_id: 'B0SLACKBOT' } : {}),
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.attachments.length > 0 ? { attachments: message.attachments } : {}),
    ...(files.length > 0 ? { files: files.map((file) => wireFile(file, workspace, url)) } : {}),
    ...(message.metadata === null ? {} : { metadata: message.metadata }),
    ...(message.isEdited ? { edited: { user: message.userId, ts: message.ts } } : {}),
    ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
    ...(message.reactions.size === 0 ? {} : { reactions: wireReactions(message) }),
    ...(message.ephemeralTo === null ? {} : { is_ephemeral: true }),
    ...(last === undefined
      ? {}
      : {
          thread_ts: message.ts,
          reply_count: replies.length,
          reply_users: [...new Set(replies.map((reply) => reply.userId))],
          latest_reply: last.ts,
        }),
  };
};

const wireReactions = ({ reactions }: Message): readonly JsonObject[] =>
  [...reactions].map(([name, users]) => ({ name, users: [...users], count: users.size }));

const botFields = ({ world }: Workspace): JsonObject => ({
  bot_id: world.botId,
  app_id: world.appId,
  bot_profile: { id: world.botId, app_id: world.appId, name: world.botName, team_id: world.teamId, deleted: false },
});

/** A view object as views.* answer and interaction payloads carry it. */
export const wireView = (view: View, workspace: Workspace): JsonObject => ({
  private_metadata: '',
  callback_id: '',
  external_id: '',
  clear_on_close: false,
  notify_on_close: false,
  ...view.body,
  id: view.id,
  team_id: workspace.world.teamId,
  app_id: workspace.world.appId,
  app_installed_team_id: workspace.world.teamId,
  bot_id: workspace.world.botId,
  hash: view.hash,
  root_view_id: view.rootViewId,
  previous_view_id: view.previousViewId,
  state: { values: view.values },
});
