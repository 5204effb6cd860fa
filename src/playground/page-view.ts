/** What the page is told: the workspace as one person sees it. Plain JSON, in our own words, not Slack's. */
import type { Core } from './core.js';
import type { LiveMail } from './live-mail.js';
import { homeKey } from './web-api/views.js';
import { mimeTypeOf, pngSize } from './wire-format.js';
import { type Change, canSee, isVisibleTo, type Message, type SlackFile } from './workspace.js';
import { type PlaygroundUser, SLACKBOT_ID } from './world.js';

/** A command the page offers; a click puts it into the composer. */
export type Proposal = Readonly<{ title: string; command: string; note: string }>;

/** What the page shows of the fleet and does with it. */
export type PageFleet = Pick<LiveMail, 'state' | 'send' | 'setRelayBroken' | 'onChange'> &
  Readonly<{
    /** Puts the clock of the fleet, and of who follows it, forward. */
    passTime: (ms: number) => void;
  }>;

export type PageOptions = Readonly<{
  /** `timeZone` is that of the person who is shown them. */
  proposals: (timeZone: string) => readonly Proposal[];
  /** Name of the channel the page opens with. */
  homeChannel: string;
  /** Mail that can be sent from the page; null: the logs are only read. */
  fleet: PageFleet | null;
}>;

const pageFile = (file: SlackFile): object => ({
  id: file.id,
  name: file.name,
  title: file.title,
  altText: file.altText,
  mimeType: mimeTypeOf(file),
  bytes: file.bytes?.length ?? 0,
  ...pngSize(file.bytes),
});

const pageMessage = (core: Core, message: Message): object => ({
  channelId: message.channelId,
  ts: message.ts,
  userId: message.userId,
  threadTs: message.threadTs,
  isBroadcast: message.isBroadcast,
  isEphemeral: message.ephemeralTo !== null,
  subtype: message.subtype,
  text: message.text,
  blocks: message.blocks,
  attachments: message.attachments,
  files: message.fileIds.flatMap((id) => {
    const file = core.workspace.files.get(id);
    return file === undefined ? [] : [pageFile(file)];
  }),
  isEdited: message.isEdited,
  isTombstone: message.isTombstone,
  isPinned: message.isPinned,
  reactions: [...message.reactions].map(([name, users]) => ({ name, count: users.size })),
});

const pagePerson = ({ id, name, realName, timeZone, kind }: PlaygroundUser): object => ({
  id,
  name,
  realName,
  timeZone,
  kind,
});

const conversationsOf = (core: Core, userId: string): readonly object[] => {
  const { conversations, world } = core.workspace;
  return [...conversations.values()]
    .filter((conversation) => canSee(conversation, userId))
    .map(({ id, name, kind, members, topic }) => ({
      id,
      name,
      kind,
      topic,
      members: [...members],
      isMember: members.has(userId),
      hasBot: members.has(world.botUserId),
    }));
};

const viewsOf = (core: Core, userId: string): object => ({
  modal: core.workspace.views(userId).map(({ id, hash, body }) => ({ id, hash, body })),
  home: core.workspace.views(homeKey(userId)).map(({ id, hash, body }) => ({ id, hash, body })),
});

/** Everything, as the first thing a page gets. */
export const pageSnapshot = (
  core: Core,
  options: PageOptions,
  user: PlaygroundUser,
  isAppConnected: boolean,
): object => {
  const { workspace } = core;
  const { world } = workspace;
  // The direct conversation with the app is always in the sidebar.
  workspace.openDirect([user.id, world.botUserId]);
  const visible = [...workspace.conversations.keys()].flatMap((channelId) =>
    workspace.messages(channelId).filter((message) => isVisibleTo(workspace, message, user.id)),
  );
  return {
    kind: 'snapshot',
    you: pagePerson(user),
    team: world.teamName,
    people: [...workspace.users.values()].map(pagePerson),
    bot: { id: world.botUserId, name: world.botName },
    slackbotId: SLACKBOT_ID,
    userGroups: world.userGroups.map(({ id, handle }) => ({ id, handle })),
    conversations: conversationsOf(core, user.id),
    homeChannel: options.homeChannel,
    slashCommands: world.slashCommands,
    proposals: options.proposals(user.timeZone),
    isAppConnected,
    fleet: options.fleet?.state() ?? null,
    messages: visible.map((message) => pageMessage(core, message)),
    views: viewsOf(core, user.id),
  };
};

/** A change as one person learns of it; null when it is none of their business. */
export const pageChange = (core: Core, change: Change, userId: string): object | null => {
  switch (change.kind) {
    case 'message':
      if (!isVisibleTo(core.workspace, change.message, userId)) return null;
      return { kind: 'message', message: pageMessage(core, change.message) };
    case 'message-gone':
      if (!isVisibleTo(core.workspace, change.message, userId)) return null;
      return { kind: 'message-gone', channelId: change.message.channelId, ts: change.message.ts };
    case 'conversations':
      return { kind: 'conversations', conversations: conversationsOf(core, userId) };
    case 'views':
      if (change.userId !== userId && change.userId !== homeKey(userId)) return null;
      return { kind: 'views', views: viewsOf(core, userId) };
    case 'app':
    case 'fleet':
      return change;
    case 'file':
    case 'delivery':
      return null;
  }
};

/** True when the person may load the file: it was shared where they can see it. */
export const mayLoadFile = (core: Core, file: SlackFile, userId: string): boolean =>
  file.shares.some(({ channelId, ts }) => {
    const message = core.workspace.find(channelId, ts);
    return message !== undefined && isVisibleTo(core.workspace, message, userId);
  });
