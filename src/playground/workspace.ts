/** The simulated workspace: conversations, messages, files, views, and who is told when they change. */
import { randomBytes } from 'node:crypto';
import type { JsonObject } from './json.js';
import { KEPT_FILES, KEPT_MESSAGES_PER_CHANNEL, KEPT_REVISIONS } from './limits.js';
import type { LiveMailState } from './live-mail.js';
import { type PlaygroundUser, SLACKBOT_ID, type World } from './world.js';

export type Conversation = {
  readonly id: string;
  readonly name: string;
  readonly kind: 'public' | 'private' | 'im' | 'mpim';
  readonly members: Set<string>;
  readonly topic: string;
  readonly isArchived: boolean;
};

export type Revision = Readonly<{ atMs: number; text: string; blocks: readonly JsonObject[] }>;

export type Message = {
  readonly channelId: string;
  /** Slack's name of the message within its channel: seconds and microseconds. */
  readonly ts: string;
  readonly userId: string;
  /** `ts` of the thread's first message, for replies. */
  readonly threadTs: string | null;
  /** Also shown in the channel. */
  readonly isBroadcast: boolean;
  /** The one user who sees it; null = everyone in the channel. */
  readonly ephemeralTo: string | null;
  readonly subtype: 'channel_join' | null;
  text: string;
  blocks: readonly JsonObject[];
  attachments: readonly JsonObject[];
  readonly fileIds: readonly string[];
  metadata: JsonObject | null;
  /** Slack shows "(edited)": the text was changed, not only the blocks. */
  isEdited: boolean;
  /** Deleted, but its replies are still there. */
  isTombstone: boolean;
  isPinned: boolean;
  readonly reactions: Map<string, Set<string>>;
  /** What it said before, oldest first. */
  readonly revisions: Revision[];
};

export type SlackFile = {
  readonly id: string;
  readonly uploadToken: string;
  readonly name: string;
  readonly declaredBytes: number;
  readonly altText: string;
  readonly createdAtMs: number;
  title: string;
  bytes: Uint8Array | null;
  /** Content type of the upload request, without parameters. */
  uploadedAs: string | null;
  isCompleted: boolean;
  /** The scan is over: only now `slack_file` and a non-empty mimetype. */
  isReady: boolean;
  readonly shares: { channelId: string; ts: string; threadTs: string | null }[];
};

export type View = {
  readonly id: string;
  readonly userId: string;
  readonly type: 'modal' | 'home';
  readonly rootViewId: string;
  readonly previousViewId: string | null;
  hash: string;
  /** As the app sent it, with block ids filled in. */
  body: JsonObject;
  values: JsonObject;
};

export type Change =
  | Readonly<{ kind: 'message'; message: Message }>
  | Readonly<{ kind: 'message-gone'; message: Message }>
  | Readonly<{ kind: 'file'; file: SlackFile }>
  | Readonly<{ kind: 'views'; userId: string }>
  | Readonly<{ kind: 'conversations' }>
  /** Something was delivered to the app, or could not be. */
  | Readonly<{ kind: 'delivery' }>
  | Readonly<{ kind: 'app'; isConnected: boolean }>
  | Readonly<{ kind: 'fleet'; fleet: LiveMailState }>;

export type MessageDraft = Readonly<
  Pick<Message, 'channelId' | 'userId' | 'text'> &
    Partial<
      Pick<
        Message,
        'threadTs' | 'isBroadcast' | 'ephemeralTo' | 'subtype' | 'blocks' | 'attachments' | 'fileIds' | 'metadata'
      >
    >
>;

export const newId = (prefix: string): string => `${prefix}${randomBytes(5).toString('hex').toUpperCase()}`;

/** Slack fills in a `block_id` where the app gave none. */
const withBlockIds = (blocks: readonly JsonObject[]): readonly JsonObject[] =>
  blocks.map((block) => (block['block_id'] === undefined ? { ...block, block_id: newId('') } : block));

export class Workspace {
  readonly world: World;
  readonly users: ReadonlyMap<string, PlaygroundUser>;
  readonly conversations = new Map<string, Conversation>();
  readonly files = new Map<string, SlackFile>();
  readonly #messages = new Map<string, Message[]>();
  readonly #views = new Map<string, View[]>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #now: () => number;
  #lastStamp = 0;

  constructor(world: World, now: () => number) {
    this.world = world;
    this.#now = now;
    this.users = new Map(world.users.map((user) => [user.id, user]));
    for (const { id, name, isPrivate, isArchived, hasBot, members, topic } of world.channels) {
      const everyone = new Set(hasBot ? [...members, world.botUserId] : members);
      const kind = isPrivate ? 'private' : 'public';
      this.conversations.set(id, { id, name, kind, members: everyone, topic, isArchived });
    }
  }

  /** A new, larger stamp: Slack's are unique within a channel, ours within the workspace. */
  nextStamp(): string {
    this.#lastStamp = Math.max(this.#lastStamp + 1, this.#now() * 1000);
    return `${Math.floor(this.#lastStamp / 1e6)}.${String(this.#lastStamp % 1e6).padStart(6, '0')}`;
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  announce(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  /** The direct conversation of exactly these people; made when there is none. */
  openDirect(userIds: readonly string[]): Conversation {
    const wanted = [...new Set(userIds)].sort();
    const key = wanted.join(' ');
    for (const conversation of this.conversations.values()) {
      const isDirect = conversation.kind === 'im' || conversation.kind === 'mpim';
      if (isDirect && [...conversation.members].sort().join(' ') === key) return conversation;
    }
    const kind = wanted.length > 2 ? 'mpim' : 'im';
    const conversation: Conversation = {
      id: newId(kind === 'im' ? 'D' : 'G'),
      name: kind === 'im' ? 'directmessage' : `mpdm-${wanted.join('--').toLowerCase()}-1`,
      kind,
      members: new Set(wanted),
      topic: '',
      isArchived: false,
    };
    this.conversations.set(conversation.id, conversation);
    this.announce({ kind: 'conversations' });
    return conversation;
  }

  join(conversation: Conversation, userId: string): void {
    conversation.members.add(userId);
    this.announce({ kind: 'conversations' });
  }

  messages(channelId: string): readonly Message[] {
    return this.#messages.get(channelId) ?? [];
  }

  find(channelId: string, ts: string): Message | undefined {
    return this.messages(channelId).find((message) => message.ts === ts);
  }

  replies(parent: Message): readonly Message[] {
    return this.messages(parent.channelId).filter(({ threadTs }) => threadTs === parent.ts);
  }

  post(draft: MessageDraft): Message {
    const message: Message = {
      threadTs: null,
      isBroadcast: false,
      ephemeralTo: null,
      subtype: null,
      attachments: [],
      fileIds: [],
      metadata: null,
      ...draft,
      ts: this.nextStamp(),
      blocks: withBlockIds(draft.blocks ?? []),
      isEdited: false,
      isTombstone: false,
      isPinned: false,
      reactions: new Map(),
      revisions: [],
    };
    const list = this.#messages.get(message.channelId) ?? [];
    list.push(message);
    if (list.length > KEPT_MESSAGES_PER_CHANNEL) list.shift();
    this.#messages.set(message.channelId, list);
    this.announce({ kind: 'message', message });
    return message;
  }

  /** Slack's voice: visible to one person, from Slackbot. */
  whisper(channelId: string, userId: string, text: string): Message {
    return this.post({ channelId, userId: SLACKBOT_ID, ephemeralTo: userId, text });
  }

  change(message: Message, content: Readonly<Pick<Message, 'text' | 'blocks' | 'attachments'>>): void {
    message.revisions.push({ atMs: this.#now(), text: message.text, blocks: message.blocks });
    if (message.revisions.length > KEPT_REVISIONS) message.revisions.shift();
    // chat.update: the flag is not shown when blocks are used.
    message.isEdited ||= content.blocks.length === 0 && content.text !== message.text;
    message.text = content.text;
    message.blocks = withBlockIds(content.blocks);
    message.attachments = content.attachments;
    this.announce({ kind: 'message', message });
  }

  remove(message: Message): void {
    if (message.threadTs === null && this.replies(message).length > 0) {
      message.isTombstone = true;
      message.text = 'This message was deleted.';
      message.blocks = [];
      message.attachments = [];
      this.announce({ kind: 'message', message });
      return;
    }
    const kept = this.messages(message.channelId).filter((other) => other !== message);
    this.#messages.set(message.channelId, kept);
    this.announce({ kind: 'message-gone', message });
  }

  addFile(file: SlackFile): void {
    this.files.set(file.id, file);
    const oldest = this.files.keys().next().value;
    if (this.files.size > KEPT_FILES && oldest !== undefined) this.files.delete(oldest);
  }

  /** The open modals of one person, bottom first, or the published home tab. */
  views(userId: string): readonly View[] {
    return this.#views.get(userId) ?? [];
  }

  findView(id: string): View | undefined {
    for (const views of this.#views.values()) {
      const found = views.find((view) => view.id === id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  setViews(userId: string, views: readonly View[]): void {
    this.#views.set(userId, [...views]);
    this.announce({ kind: 'views', userId });
  }
}

/** What one person sees of the messages: no one else's whispers, no channel they are not in. */
export const isVisibleTo = (workspace: Workspace, message: Message, userId: string): boolean => {
  const conversation = workspace.conversations.get(message.channelId);
  if (conversation === undefined || !canSee(conversation, userId)) return false;
  return message.ephemeralTo === null || message.ephemeralTo === userId;
};

export const canSee = (conversation: Conversation, userId: string): boolean =>
  conversation.members.has(userId) || (conversation.kind === 'public' && !conversation.isArchived);
