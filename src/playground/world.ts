/** Who and what there is in the simulated workspace. Plain data; ids have Slack's prefixes. */

export type PlaygroundUser = Readonly<{
  /** `U…` */
  id: string;
  name: string;
  realName: string;
  /** IANA name. */
  timeZone: string;
  /** null: none visible. */
  email: string | null;
  isEmailConfirmed: boolean;
  kind: 'member' | 'guest' | 'foreign' | 'deactivated';
}>;

export type PlaygroundChannel = Readonly<{
  /** `C…` */
  id: string;
  name: string;
  isPrivate: boolean;
  isArchived: boolean;
  hasBot: boolean;
  /** User ids. */
  members: readonly string[];
  topic: string;
}>;

export type PlaygroundUserGroup = Readonly<{
  /** `S…` */
  id: string;
  handle: string;
  name: string;
  members: readonly string[];
}>;

export type SlashCommand = Readonly<{
  /** With the slash. */
  command: string;
  description: string;
  usageHint: string;
  /** Manifest `should_escape`: users, channels and links arrive as `<…>`. */
  shouldEscape: boolean;
}>;

export type World = Readonly<{
  teamId: string;
  teamName: string;
  domain: string;
  appId: string;
  botUserId: string;
  botId: string;
  botName: string;
  users: readonly PlaygroundUser[];
  channels: readonly PlaygroundChannel[];
  userGroups: readonly PlaygroundUserGroup[];
  slashCommands: readonly SlashCommand[];
}>;

export const SLACKBOT_ID = 'USLACKBOT';

const users: readonly PlaygroundUser[] = [
  {
    id: 'U01ALICE',
    name: 'alice',
    realName: 'Alice Adler',
    timeZone: 'Europe/Berlin',
    email: 'alice@campus.example',
    isEmailConfirmed: true,
    kind: 'member',
  },
  {
    id: 'U02BOB',
    name: 'bob',
    realName: 'Bob Baker',
    timeZone: 'America/New_York',
    email: 'bob@campus.example',
    isEmailConfirmed: true,
    kind: 'member',
  },
  {
    id: 'U03GUEST',
    name: 'gina',
    realName: 'Gina Guest',
    timeZone: 'Europe/Berlin',
    email: 'gina@contractor.example',
    isEmailConfirmed: true,
    kind: 'guest',
  },
  {
    id: 'U04FOREIGN',
    name: 'femi',
    realName: 'Femi Foreign',
    timeZone: 'Africa/Lagos',
    email: null,
    isEmailConfirmed: false,
    kind: 'foreign',
  },
];

const channel = (id: string, name: string, rest: Partial<PlaygroundChannel>): PlaygroundChannel => ({
  id,
  name,
  isPrivate: false,
  isArchived: false,
  hasBot: false,
  members: ['U01ALICE', 'U02BOB'],
  topic: '',
  ...rest,
});

const channels: readonly PlaygroundChannel[] = [
  channel('C01GENERAL', 'general', {
    hasBot: true,
    members: ['U01ALICE', 'U02BOB', 'U03GUEST', 'U04FOREIGN'],
    topic: 'Everyone, and one colleague from a partner',
  }),
  channel('C02MAILOPS', 'mail-ops', {
    hasBot: true,
    members: ['U01ALICE', 'U02BOB', 'U03GUEST'],
    topic: 'Where did my mail go?',
  }),
  channel('C03RANDOM', 'random', { topic: 'mailtrace is not a member here' }),
  channel('C04PRIVATE', 'private', { isPrivate: true, topic: 'Private, and without mailtrace' }),
];

/** Campus Example: four people, four channels, one user group, one command. */
export const defaultWorld: World = {
  teamId: 'T0CAMPUS',
  teamName: 'Campus Example',
  domain: 'campus-example',
  appId: 'A0MAILTRACE',
  botUserId: 'U0MAILTRACE',
  botId: 'B0MAILTRACE',
  botName: 'mailtrace',
  users,
  channels,
  userGroups: [{ id: 'S01POSTMASTERS', handle: 'postmasters', name: 'Postmasters', members: ['U01ALICE'] }],
  slashCommands: [
    {
      command: '/mailtrace',
      description: 'Follow one mail across all mail servers',
      usageHint: 'ann@example.org yesterday 10am 4h · subscribe bounced · explain 5.1.1 · help',
      shouldEscape: false,
    },
  ],
};
