/** The double, driven by Slack's own client libraries as Bolt brings them. */
import { readFile } from 'node:fs/promises';
import { App, type Logger, LogLevel, SocketModeReceiver, webApi } from '@slack/bolt';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { parse } from 'yaml';
import {
  type SlackDouble,
  type SlackDoubleOptions,
  sendSigned,
  startSlackDouble,
} from '../../src/playground/playground.ts';

type Problem = { error: string; response_metadata?: { messages?: string[] } };

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Refusals are what is tested here; the libraries need not print them. */
const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
};

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const open = async (options: SlackDoubleOptions = {}): Promise<SlackDouble> => {
  const slack = await startSlackDouble({ shareDelayMs: 5, scanDelayMs: 10, ...options });
  closers.push(() => slack.close());
  return slack;
};

const webClient = (slack: SlackDouble, token: string | undefined = slack.botToken): webApi.WebClient =>
  new webApi.WebClient(token, { slackApiUrl: slack.apiUrl, logger: silent, retryConfig: { retries: 0 } });

/** Slack's error word of a call that must fail. */
const refusal = async (call: Promise<unknown>): Promise<Problem> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof webApi.WebAPIPlatformError) return error.data;
    throw error;
  }
  throw new Error('The call succeeded.');
};

/** `clientPingTimeout` is also what the SDK waits before it connects again. */
const socketReceiver = (slack: SlackDouble): SocketModeReceiver =>
  new SocketModeReceiver({
    appToken: slack.appToken,
    logger: silent,
    clientPingTimeout: 300,
    installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
  });

const startApp = async (slack: SlackDouble): Promise<App> => {
  const clientOptions = { slackApiUrl: slack.apiUrl };
  const receiver = socketReceiver(slack);
  const app = new App({ token: slack.botToken, receiver, logger: silent, clientOptions });
  await app.start();
  closers.push(() => app.stop());
  return app;
};

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const cell = (text: string) => ({ type: 'raw_text', text });
const table = (rows: number, columns: number, text = 'x') => ({
  type: 'table',
  rows: Array.from({ length: rows }, () => Array.from({ length: columns }, () => cell(text))),
});
const modal = (more: object = {}) => ({
  type: 'modal' as const,
  title: { type: 'plain_text' as const, text: 'Settings' },
  blocks: [section('hello')],
  ...more,
});

describe('who may call', () => {
  it('takes the bot token and says who the bot is', async () => {
    const slack = await open();
    expect(await webClient(slack).auth.test()).toMatchObject({
      ok: true,
      user_id: 'U0MAILTRACE',
      bot_id: 'B0MAILTRACE',
    });
  });

  it.each([
    ['a wrong token', 'xoxb-wrong', 'invalid_auth'],
    ['an app token where a bot token is due', 'xapp-playground', 'not_allowed_token_type'],
  ])('refuses %s', async (_name, token, error) => {
    const slack = await open();
    const call = webClient(slack, token).chat.postMessage({ channel: 'C02MAILOPS', text: 'hi' });
    expect(await refusal(call)).toMatchObject({ error });
  });

  it('refuses a call without a token', async () => {
    const slack = await open();
    const response = await fetch(`${slack.apiUrl}auth.test`, { method: 'POST' });
    expect(await response.json()).toEqual({ ok: false, error: 'not_authed' });
  });

  it('takes the token as an argument, too, and keeps it out of the journal', async () => {
    const slack = await open();
    const body = new URLSearchParams({ token: slack.botToken, channel: 'C02MAILOPS', text: 'hi' });
    await fetch(`${slack.apiUrl}chat.postMessage`, { method: 'POST', body });
    expect(slack.calls()).toMatchObject([{ method: 'chat.postMessage', error: null }]);
    expect(JSON.stringify(slack.calls())).not.toContain(slack.botToken);
  });

  it('holds a token to its scopes', async () => {
    const slack = await open({ scopes: ['chat:write', 'users:read'] });
    const client = webClient(slack);
    expect(await refusal(client.usergroups.list())).toMatchObject({
      error: 'missing_scope',
      needed: 'usergroups:read',
    });
    expect((await client.users.info({ user: 'U01ALICE' })).user?.profile?.email).toBeUndefined();
    expect((await webClient(await open()).users.info({ user: 'U01ALICE' })).user?.profile?.email).toBe(
      'alice@campus.example',
    );
  });

  it('knows no other method', async () => {
    const slack = await open();
    expect(await refusal(webClient(slack).apiCall('chat.shout'))).toMatchObject({ error: 'unknown_method' });
  });

  it('refuses JSON that is none, and names what is missing', async () => {
    const slack = await open();
    const headers = { authorization: `Bearer ${slack.botToken}`, 'content-type': 'application/json' };
    const broken = await fetch(`${slack.apiUrl}chat.postMessage`, { method: 'POST', headers, body: '{"channel":' });
    expect(await broken.json()).toEqual({ ok: false, error: 'invalid_json' });
    expect(await refusal(webClient(slack).apiCall('chat.postMessage', { text: 'x' }))).toMatchObject({
      error: 'invalid_arguments',
      response_metadata: { messages: ['[ERROR] missing required field: channel'] },
    });
  });
});

describe('messages', () => {
  it('posts, changes and deletes the bot’s own', async () => {
    const slack = await open();
    const client = webClient(slack);
    const posted = await client.chat.postMessage({
      channel: 'C02MAILOPS',
      text: '[not JSON',
      blocks: [section('one')],
    });
    await client.chat.update({ channel: 'C02MAILOPS', ts: posted.ts!, text: 'two', blocks: [section('two')] });
    const [message] = slack.messages('C02MAILOPS');
    expect(message).toMatchObject({ text: 'two', isEdited: false, revisions: [{ text: '[not JSON' }] });
    expect(message?.blocks[0]?.['block_id']).toMatch(/^[0-9A-F]+$/);
    await client.chat.delete({ channel: 'C02MAILOPS', ts: posted.ts! });
    expect(slack.messages('C02MAILOPS')).toEqual([]);
  });

  it('marks a message as edited when its text changed, and keeps blocks only when no text is given', async () => {
    const slack = await open();
    const client = webClient(slack);
    const { ts } = await client.chat.postMessage({ channel: 'C02MAILOPS', text: 'a', blocks: [section('a')] });
    await client.apiCall('chat.update', { channel: 'C02MAILOPS', ts, attachments: [{ text: 'x' }] });
    expect(slack.messages('C02MAILOPS')[0]?.blocks).toHaveLength(1);
    await client.chat.update({ channel: 'C02MAILOPS', ts: ts!, text: 'b' });
    expect(slack.messages('C02MAILOPS')[0]).toMatchObject({ text: 'b', blocks: [], attachments: [], isEdited: true });
  });

  it('leaves a tombstone where a thread hangs on the deleted message', async () => {
    const slack = await open();
    const client = webClient(slack);
    const { ts } = await client.chat.postMessage({ channel: 'C02MAILOPS', text: 'parent' });
    await client.chat.postMessage({ channel: 'C02MAILOPS', text: 'reply', thread_ts: ts! });
    await client.chat.delete({ channel: 'C02MAILOPS', ts: ts! });
    expect(slack.messages('C02MAILOPS').map(({ text, isTombstone }) => [text, isTombstone])).toEqual([
      ['This message was deleted.', true],
      ['reply', false],
    ]);
  });

  it('threads: parent first, replies in order, counted on the parent', async () => {
    const slack = await open();
    const client = webClient(slack);
    const { ts } = await client.chat.postMessage({ channel: 'C02MAILOPS', text: 'parent' });
    const first = await client.chat.postMessage({ channel: 'C02MAILOPS', text: 'one', thread_ts: ts! });
    await client.chat.postMessage({ channel: 'C02MAILOPS', text: 'two', thread_ts: first.ts! });
    const { messages } = await client.conversations.replies({ channel: 'C02MAILOPS', ts: ts! });
    expect(messages?.map(({ text }) => text)).toEqual(['parent', 'one', 'two']);
    expect(messages?.[0]).toMatchObject({ reply_count: 2 });
    const history = await client.conversations.history({ channel: 'C02MAILOPS' });
    expect(history.messages?.map(({ text }) => text)).toEqual(['parent']);
    expect(await refusal(client.conversations.replies({ channel: 'C02MAILOPS', ts: '1.0' }))).toMatchObject({
      error: 'thread_not_found',
    });
  });

  it('puts a reply to a thread that is gone into the channel, without saying so', async () => {
    const slack = await open();
    const answer = await webClient(slack).chat.postMessage({ channel: 'C02MAILOPS', text: 'x', thread_ts: '1.000001' });
    expect(answer.ok).toBe(true);
    expect(answer.message).not.toHaveProperty('thread_ts');
    expect(slack.messages('C02MAILOPS')[0]?.threadTs).toBeNull();
  });

  it('whispers to one person; nobody can change that or find it', async () => {
    const slack = await open();
    const client = webClient(slack);
    const { message_ts: ts } = await client.chat.postEphemeral({
      channel: 'C02MAILOPS',
      user: 'U01ALICE',
      text: 'psst',
    });
    expect(slack.person('alice').messages('C02MAILOPS')).toHaveLength(1);
    expect(slack.person('bob').messages('C02MAILOPS')).toHaveLength(0);
    const errors = await Promise.all([
      refusal(client.chat.update({ channel: 'C02MAILOPS', ts: ts!, text: 'loud' })),
      refusal(client.chat.getPermalink({ channel: 'C02MAILOPS', message_ts: ts! })),
      refusal(client.chat.postEphemeral({ channel: 'C02MAILOPS', user: 'U04FOREIGN', text: 'psst' })),
    ]);
    expect(errors.map(({ error }) => error)).toEqual(['message_not_found', 'message_not_found', 'user_not_in_channel']);
    expect((await client.conversations.history({ channel: 'C02MAILOPS' })).messages).toEqual([]);
  });

  it('cannot touch messages of others', async () => {
    const slack = await open();
    const client = webClient(slack);
    const { ts } = await slack.person('alice').say('C02MAILOPS', 'mine');
    expect(await refusal(client.chat.update({ channel: 'C02MAILOPS', ts, text: 'yours' }))).toMatchObject({
      error: 'cant_update_message',
    });
    expect(await refusal(client.chat.delete({ channel: 'C02MAILOPS', ts }))).toMatchObject({
      error: 'cant_delete_message',
    });
  });

  it.each([
    ['a public channel without the bot', 'C03RANDOM', 'not_in_channel'],
    ['a private channel without the bot', 'C04PRIVATE', 'channel_not_found'],
    ['no channel', 'C99NONE', 'channel_not_found'],
  ])('does not post to %s', async (_name, channel, error) => {
    const slack = await open();
    const client = webClient(slack);
    expect(await refusal(client.chat.postMessage({ channel, text: 'x' }))).toMatchObject({ error });
    expect(await refusal(client.chat.postEphemeral({ channel, user: 'U01ALICE', text: 'x' }))).toMatchObject({ error });
  });

  it('posts to a person by user id: into their direct conversation', async () => {
    const slack = await open();
    const client = webClient(slack);
    const { channel } = await client.chat.postMessage({ channel: 'U02BOB', text: 'hi' });
    expect((await client.conversations.open({ users: 'U02BOB' })).channel?.id).toBe(channel);
    expect(slack.person('bob').messages(channel!)).toHaveLength(1);
    expect(slack.person('alice').messages(channel!)).toHaveLength(0);
  });

  it('cuts a text at 40,000 characters when posting, and refuses one over 4,000 when changing', async () => {
    const slack = await open();
    const client = webClient(slack);
    const { ts } = await client.chat.postMessage({ channel: 'C02MAILOPS', text: 'x'.repeat(40_001) });
    expect(slack.messages('C02MAILOPS')[0]?.text).toHaveLength(40_000);
    expect(
      await refusal(client.chat.update({ channel: 'C02MAILOPS', ts: ts!, text: 'x'.repeat(4_001) })),
    ).toMatchObject({
      error: 'msg_too_long',
    });
    await client.chat.update({ channel: 'C02MAILOPS', ts: ts!, text: 'x'.repeat(4_000) });
  });

  it('pins and reacts once', async () => {
    const slack = await open();
    const client = webClient(slack);
    const { ts } = await client.chat.postMessage({ channel: 'C02MAILOPS', text: 'x' });
    const at = { channel: 'C02MAILOPS', timestamp: ts! };
    await client.pins.add(at);
    await client.reactions.add({ ...at, name: 'eyes' });
    expect(await refusal(client.pins.add(at))).toMatchObject({ error: 'already_pinned' });
    expect(await refusal(client.reactions.add({ ...at, name: 'eyes' }))).toMatchObject({ error: 'already_reacted' });
    expect(await refusal(client.reactions.add({ ...at, name: 'Ä' }))).toMatchObject({ error: 'invalid_name' });
    expect(slack.messages('C02MAILOPS')[0]).toMatchObject({ isPinned: true });
  });
});

describe('Block Kit', () => {
  const post = async (blocks: unknown): Promise<Problem | null> => {
    const slack = await open({ rateLimits: 'off' });
    const call = webClient(slack).apiCall('chat.postMessage', { channel: 'C02MAILOPS', text: 'x', blocks });
    try {
      return await refusal(call);
    } catch (error) {
      if (error instanceof Error && error.message === 'The call succeeded.') return null;
      throw error;
    }
  };
  const problems = async (blocks: unknown): Promise<readonly string[]> =>
    (await post(blocks))?.response_metadata?.messages ?? [];

  it.each<[string, unknown]>([
    ['a table of 100 × 20', [table(100, 20)]],
    ['a table of 10,000 characters', [table(10, 10, 'x'.repeat(100))]],
    ['50 blocks', Array.from({ length: 50 }, () => ({ type: 'divider' }))],
    ['25 buttons', [{ type: 'actions', elements: Array.from({ length: 25 }, (_, index) => button(String(index))) }]],
    ['a section of 3,000 characters', [section('x'.repeat(3000))]],
  ])('takes %s', async (_name, blocks) => {
    expect(await post(blocks)).toBeNull();
  });

  it.each<[string, unknown, string]>([
    ['a table of 101 rows', [table(101, 1)], '[ERROR] no more than 100 items allowed [json-pointer:/blocks/0/rows]'],
    ['21 cells in a row', [table(1, 21)], '[ERROR] no more than 20 items allowed [json-pointer:/blocks/0/rows/0]'],
    [
      'more than 10,000 characters in a table',
      [table(10, 10, 'x'.repeat(101))],
      '[ERROR] must be less than 10001 characters [json-pointer:/blocks/0/rows]',
    ],
    [
      'an empty cell',
      [{ type: 'table', rows: [[cell('a'), cell('')]] }],
      '[ERROR] must be more than 0 characters [json-pointer:/blocks/0/rows/0/1/text]',
    ],
    [
      'an alert',
      [section('a'), { type: 'alert', text: { type: 'plain_text', text: 'x' } }],
      '[ERROR] alert is not allowed in a message [json-pointer:/blocks/1]',
    ],
    [
      '51 blocks',
      Array.from({ length: 51 }, () => ({ type: 'divider' })),
      '[ERROR] no more than 50 items allowed [json-pointer:/blocks]',
    ],
    [
      'a section of 3,001 characters',
      [section('x'.repeat(3001))],
      '[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
    ],
    ['an empty section', [section('')], '[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
    [
      'a header of 151 characters',
      [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }],
      '[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]',
    ],
    [
      'a header in mrkdwn',
      [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }],
      '[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]',
    ],
    [
      'a button value of 2,001 characters',
      [{ type: 'actions', elements: [{ ...button('a'), value: 'x'.repeat(2001) }] }],
      '[ERROR] must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]',
    ],
    [
      'eleven fields',
      [{ type: 'section', fields: Array.from({ length: 11 }, () => ({ type: 'mrkdwn', text: 'x' })) }],
      '[ERROR] no more than 10 items allowed [json-pointer:/blocks/0/fields]',
    ],
    [
      'an image without a description',
      [{ type: 'image', image_url: 'https://pictures.example/a.png' }],
      '[ERROR] must be a string [json-pointer:/blocks/0/alt_text]',
    ],
    [
      'a misspelt key',
      [{ type: 'divider', colour: 'red' }],
      '[ERROR] invalid additional property: colour [json-pointer:/blocks/0]',
    ],
    ['an unknown block', [{ type: 'marquee' }], '[ERROR] unsupported type: marquee [json-pointer:/blocks/0/type]'],
    [
      'two blocks of one id',
      [
        { type: 'divider', block_id: 'a' },
        { type: 'divider', block_id: 'a' },
      ],
      '[ERROR] block_id "a" already exists [json-pointer:/blocks/1/block_id]',
    ],
    [
      'empty rich text',
      [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: '' }] }] }],
      '[ERROR] must be more than 0 characters [json-pointer:/blocks/0/elements/0/elements/0/text]',
    ],
  ])('refuses %s', async (_name, blocks, problem) => {
    expect(await problems(blocks)).toContain(problem);
  });

  it('takes one table a message', async () => {
    expect(await post([table(1, 1), table(1, 1)])).toMatchObject({
      error: 'invalid_attachments',
      response_metadata: { messages: ['[ERROR] only_one_table_allowed'] },
    });
  });

  it('refuses more text in all blocks together than Slack was seen to take', async () => {
    const many = Array.from({ length: 5 }, () => section('x'.repeat(2900)));
    expect(await post(many)).toMatchObject({ error: 'msg_blocks_too_long' });
    expect(await post(many.slice(0, 4))).toBeNull();
  });

  it('refuses blocks that are no list', async () => {
    expect(await post('[{')).toMatchObject({ error: 'invalid_blocks_format' });
  });
});

const button = (actionId: string) => ({
  type: 'button',
  action_id: actionId,
  text: { type: 'plain_text', text: 'Go' },
  value: `value of ${actionId}`,
});

describe('rates', () => {
  it('lets a short burst through, then one message a second and channel', async () => {
    const clock = { ms: Date.parse('2026-11-21T10:00:00Z') };
    const slack = await open({ now: () => clock.ms });
    const post = async (channel: string): Promise<number> => {
      const body = new URLSearchParams({ token: slack.botToken, channel, text: 'x' });
      const response = await fetch(`${slack.apiUrl}chat.postMessage`, { method: 'POST', body });
      expect(response.headers.get('retry-after')).toBe(response.status === 429 ? '1' : null);
      return response.status;
    };
    const burst: number[] = [];
    for (let index = 0; index < 7; index++) burst.push(await post('C02MAILOPS'));
    expect(burst).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(await post('C01GENERAL')).toBe(200);
    clock.ms += 1000;
    expect([await post('C02MAILOPS'), await post('C02MAILOPS')]).toEqual([200, 429]);
  });

  it('is waited out by the client', async () => {
    const slack = await open();
    slack.faults.plant('chat.postMessage', { kind: 'rate-limited', retryAfterSeconds: 1 });
    const client = new webApi.WebClient(slack.botToken, { slackApiUrl: slack.apiUrl, logger: silent });
    await client.chat.postMessage({ channel: 'C02MAILOPS', text: 'x' });
    expect(slack.calls().map(({ status }) => status)).toEqual([429, 200]);
  });
});

describe('people and channels', () => {
  it('knows the command as the manifest has it', async () => {
    const manifest: unknown = parse(await readFile(new URL('../../manifest.yml', import.meta.url), 'utf8'));
    const [command] = (await open()).world.slashCommands;
    expect(manifest).toMatchObject({
      features: {
        slash_commands: [
          {
            command: command?.command,
            description: command?.description,
            usage_hint: command?.usageHint,
            should_escape: command?.shouldEscape,
          },
        ],
      },
    });
  });

  it('tells zone, offset, address and standing', async () => {
    const slack = await open({ now: () => Date.parse('2026-07-01T12:00:00Z') });
    const client = webClient(slack);
    expect((await client.users.info({ user: 'U01ALICE' })).user).toMatchObject({
      tz: 'Europe/Berlin',
      tz_offset: 7200,
      is_email_confirmed: true,
      is_restricted: false,
      profile: { email: 'alice@campus.example' },
    });
    expect((await client.users.info({ user: 'U02BOB' })).user).toMatchObject({ tz_offset: -14_400 });
    expect((await client.users.info({ user: 'U03GUEST' })).user).toMatchObject({ is_restricted: true });
    expect((await client.users.info({ user: 'U04FOREIGN' })).user).toMatchObject({ team_id: 'T9PARTNER' });
    expect(await refusal(client.users.info({ user: 'U99' }))).toMatchObject({ error: 'user_not_found' });
    expect((await client.users.lookupByEmail({ email: 'Bob@Campus.Example' })).user?.id).toBe('U02BOB');
  });

  it('pages lists by cursor', async () => {
    const client = webClient(await open());
    const names: (string | undefined)[] = [];
    for await (const answer of client.paginate('users.list', { limit: 2 })) {
      names.push(...((answer as webApi.UsersListResponse).members ?? []).map(({ name }) => name));
    }
    expect(names).toEqual(['alice', 'bob', 'gina', 'femi', 'mailtrace']);
    expect((await client.conversations.members({ channel: 'C02MAILOPS' })).members).toContain('U0MAILTRACE');
  });

  it('shows user groups with their people', async () => {
    const client = webClient(await open());
    expect((await client.usergroups.list({ include_users: true })).usergroups).toMatchObject([
      { id: 'S01POSTMASTERS', users: ['U01ALICE'] },
    ]);
    expect((await client.usergroups.users.list({ usergroup: 'S01POSTMASTERS' })).users).toEqual(['U01ALICE']);
  });

  it('shows public channels, and private ones only from inside', async () => {
    const client = webClient(await open());
    const { channels } = await client.conversations.list({ types: 'public_channel,private_channel' });
    expect(channels?.map(({ name, is_member }) => [name, is_member])).toEqual([
      ['general', true],
      ['mail-ops', true],
      ['random', false],
    ]);
    expect(await refusal(client.conversations.info({ channel: 'C04PRIVATE' }))).toMatchObject({
      error: 'channel_not_found',
    });
    expect(await refusal(client.conversations.history({ channel: 'C03RANDOM' }))).toMatchObject({
      error: 'not_in_channel',
    });
  });

  it('lets a person invite the bot', async () => {
    const slack = await open();
    await slack.person('alice').command('C03RANDOM', '/invite @mailtrace');
    await webClient(slack).chat.postMessage({ channel: 'C03RANDOM', text: 'thanks' });
    expect(slack.messages('C03RANDOM').map(({ subtype, text }) => [subtype, text])).toEqual([
      ['channel_join', 'joined the channel'],
      [null, 'thanks'],
    ]);
  });
});

describe('files', () => {
  it('takes an upload of the SDK into a thread; the bytes arrive whole', async () => {
    const slack = await open();
    const client = webClient(slack);
    const { ts } = await client.chat.postMessage({ channel: 'C02MAILOPS', text: 'parent' });
    await client.files.uploadV2({
      channel_id: 'C02MAILOPS',
      thread_ts: ts!,
      file: PNG,
      filename: 'graph.png',
      title: 'The way',
      alt_text: 'one dot',
    });
    const reply = await slack.waitFor('the share', () => slack.messages('C02MAILOPS')[1]);
    const [file] = slack.files();
    expect(reply).toMatchObject({ threadTs: ts, fileIds: [file?.id] });
    expect(file).toMatchObject({
      name: 'graph.png',
      title: 'The way',
      altText: 'one dot',
      uploadedAs: 'multipart/form-data',
    });
    expect(Buffer.from(file!.bytes!).equals(PNG)).toBe(true);
    expect(slack.calls().flatMap(({ undocumented }) => undocumented)).toEqual([]);
  });

  it('takes raw bytes, and is not ready before the scan', async () => {
    const slack = await open({ scanDelayMs: 50 });
    const client = webClient(slack);
    const begun = await client.files.getUploadURLExternal({ filename: 'graph.png', length: PNG.length });
    const upload = await fetch(begun.upload_url!, { method: 'POST', body: PNG });
    expect(await upload.text()).toBe(`OK - ${PNG.length}`);
    await client.files.completeUploadExternal({ files: [{ id: begun.file_id! }], channel_id: 'C02MAILOPS' });
    const image = { type: 'image', alt_text: 'dot', slack_file: { id: begun.file_id! } };
    const early = client.apiCall('chat.postMessage', { channel: 'C02MAILOPS', text: 'x', blocks: [image] });
    expect(await refusal(early)).toMatchObject({
      error: 'invalid_blocks',
      errors: ['invalid slack file [json-pointer:/blocks/0/slack_file]'],
    });
    expect((await client.files.info({ file: begun.file_id! })).file?.mimetype).toBe('');
    await slack.waitFor('the scan', () => slack.files()[0]?.isReady);
    expect((await client.files.info({ file: begun.file_id! })).file).toMatchObject({
      mimetype: 'image/png',
      original_w: 1,
    });
    await client.apiCall('chat.postMessage', { channel: 'C02MAILOPS', text: 'x', blocks: [image] });
    const url = (await client.files.info({ file: begun.file_id! })).file?.url_private;
    const read = await fetch(url!, { headers: { authorization: `Bearer ${slack.botToken}` } });
    expect(Buffer.from(await read.arrayBuffer()).equals(PNG)).toBe(true);
    expect((await fetch(url!)).status).toBe(404);
  });

  it.each([
    ['a channel without the bot', 'C03RANDOM', 'not_in_channel'],
    ['a hidden channel', 'C04PRIVATE', 'channel_not_found'],
  ])('does not share into %s', async (_name, channel, error) => {
    const slack = await open();
    const upload = webClient(slack).files.uploadV2({ channel_id: channel, file: PNG, filename: 'a.png' });
    expect(await refusal(upload)).toMatchObject({ error });
  });

  it('refuses a body of another length than declared, and completing what was never uploaded', async () => {
    const slack = await open();
    const client = webClient(slack);
    const begun = await client.files.getUploadURLExternal({ filename: 'a.png', length: PNG.length + 1 });
    expect((await fetch(begun.upload_url!, { method: 'POST', body: PNG })).status).toBe(400);
    const complete = client.files.completeUploadExternal({ files: [{ id: begun.file_id! }] });
    expect(await refusal(complete)).toMatchObject({ error: 'file_not_found' });
  });

  it('refuses uploads when told to', async () => {
    const slack = await open();
    slack.faults.plant('upload', { kind: 'status', status: 503 });
    await expect(
      webClient(slack).files.uploadV2({ channel_id: 'C02MAILOPS', file: PNG, filename: 'a.png' }),
    ).rejects.toThrow();
    expect(slack.calls().find(({ method }) => method === 'upload')).toMatchObject({ status: 503 });
  });
});

describe('Socket Mode', () => {
  it('brings a command, takes the ack, and shows what is said through the response URL', async () => {
    const slack = await open();
    const app = await startApp(slack);
    app.command('/mailtrace', async ({ ack, respond, command }) => {
      await ack();
      await respond({ text: `looking for ${command.text}` });
      await respond({ text: 'found', response_type: 'in_channel' });
    });
    const delivery = await slack.person('alice').command('C02MAILOPS', '/mailtrace  bob@x.example yesterday');
    expect(delivery).toMatchObject({ kind: 'acked' });
    await slack.waitFor('both answers', () => slack.messages('C02MAILOPS').length === 2);
    expect(slack.messages('C02MAILOPS').map(({ text, ephemeralTo }) => [text, ephemeralTo])).toEqual([
      ['looking for bob@x.example yesterday', 'U01ALICE'],
      ['found', null],
    ]);
  });

  it('shows an answer in the acknowledgement to the one who asked', async () => {
    const slack = await open();
    const app = await startApp(slack);
    app.command('/mailtrace', async ({ ack }) => ack('one moment'));
    await slack.person('bob').command('C02MAILOPS', '/mailtrace x');
    expect(slack.messages('C02MAILOPS')).toMatchObject([{ text: 'one moment', ephemeralTo: 'U02BOB' }]);
  });

  it('tells the person when nothing acknowledges within the time', async () => {
    const slack = await open({ ackTimeoutMs: 50 });
    await startApp(slack);
    const delivery = await slack.person('alice').command('C02MAILOPS', '/mailtrace x');
    expect(delivery).toEqual({ kind: 'timeout' });
    expect(slack.unacked()).toMatchObject([{ type: 'slash_commands', outcome: 'timeout' }]);
    expect(slack.messages('C02MAILOPS')).toMatchObject([
      { text: '/mailtrace failed with the error "operation_timeout"', ephemeralTo: 'U01ALICE', userId: 'USLACKBOT' },
    ]);
  });

  it('tells the person when no app is there, and when the command is unknown', async () => {
    const slack = await open();
    expect(await slack.person('alice').command('C02MAILOPS', '/mailtrace x')).toEqual({ kind: 'unreachable' });
    expect(await slack.person('alice').command('C02MAILOPS', '/nonsense')).toBeNull();
    expect(slack.messages('C02MAILOPS').map(({ text }) => text)).toEqual([
      '/mailtrace failed with the error "dispatch_failed"',
      '`/nonsense` is not a valid command.',
    ]);
  });

  it('sends each envelope to one of several connections', async () => {
    const slack = await open();
    const seen = [0, 0];
    for (const index of [0, 1]) {
      const app = await startApp(slack);
      app.command('/mailtrace', async ({ ack }) => {
        seen[index]! += 1;
        await ack();
      });
    }
    for (let index = 0; index < 4; index++) await slack.person('alice').command('C02MAILOPS', '/mailtrace x');
    expect(seen).toEqual([2, 2]);
  });

  it('delivers an event again, with the same id, until it is acknowledged', async () => {
    const slack = await open({ ackTimeoutMs: 60, eventRetryDelaysMs: [0, 20, 40] });
    const receiver = socketReceiver(slack);
    const seen: [string, number, string][] = [];
    type Envelope = { ack: () => Promise<void>; body: { event_id: string }; retry_num: number; retry_reason: string };
    receiver.client.on('slack_event', async (envelope: Envelope) => {
      seen.push([envelope.body.event_id, envelope.retry_num, envelope.retry_reason]);
      if (seen.length === 3) await envelope.ack();
    });
    await receiver.client.start();
    closers.push(() => receiver.client.disconnect());
    await slack.person('alice').say('C02MAILOPS', 'hey @mailtrace');
    await slack.waitFor('the second retry', () => seen.length === 3);
    expect(new Set(seen.map(([id]) => id)).size).toBe(1);
    expect(seen.map(([, attempt, reason]) => [attempt, reason])).toEqual([
      [0, ''],
      [1, 'timeout'],
      [2, 'timeout'],
    ]);
  });

  it('lets the app come back after Slack asks it to reconnect', async () => {
    const slack = await open();
    const app = await startApp(slack);
    app.command('/mailtrace', async ({ ack }) => ack('back'));
    slack.sockets.disconnect('refresh_requested');
    await slack.waitFor('the old connection to close', () => slack.sockets.count() === 0);
    await slack.waitFor('the new connection', () => slack.sockets.count() === 1, 20_000);
    expect(await slack.person('alice').command('C02MAILOPS', '/mailtrace x')).toMatchObject({ kind: 'acked' });
  }, 30_000);

  it('takes no second connection on one ticket', async () => {
    const slack = await open();
    const { url } = await webClient(slack, slack.appToken).apps.connections.open();
    const connect = (): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = new WebSocket(url!);
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
        closers.push(() => Promise.resolve(socket.close()));
      });
    expect([await connect(), await connect()]).toEqual([true, false]);
  });
});

describe('signed HTTP', () => {
  const startHttpApp = async (slack: SlackDouble): Promise<{ app: App; url: string }> => {
    const clientOptions = { slackApiUrl: slack.apiUrl };
    const { signingSecret, botToken: token } = slack;
    const app = new App({ token, signingSecret, logger: silent, clientOptions });
    const server = await app.start({ port: 0, host: '127.0.0.1' });
    closers.push(() => app.stop());
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The app listens on no port.');
    return { app, url: `http://127.0.0.1:${address.port}/slack/events` };
  };

  it('brings commands, presses and events', async () => {
    const slack = await open();
    const { app, url } = await startHttpApp(slack);
    slack.useHttp(url);
    app.command('/mailtrace', async ({ ack, command }) => ack({ text: command.text, response_type: 'in_channel' }));
    app.action('more', async ({ ack, respond }) => {
      await ack();
      await respond({ text: 'more', replace_original: false });
    });
    app.event('app_mention', async ({ event, say }) => {
      await say({ text: `you said ${event.text}`, thread_ts: event.ts });
    });
    const alice = slack.person('alice');
    const blocks = [{ type: 'actions', elements: [button('more')] }];
    await webClient(slack).apiCall('chat.postMessage', { channel: 'C02MAILOPS', text: 'pick', blocks });
    expect(await alice.command('C02MAILOPS', '/mailtrace a=1&b=2 <x>')).toMatchObject({ kind: 'acked' });
    expect(await alice.click(slack.messages('C02MAILOPS')[0]!, { actionId: 'more' })).toMatchObject({ kind: 'acked' });
    await alice.say('C02MAILOPS', '@mailtrace hello');
    const texts = await slack.waitFor('all answers', () => {
      const all = slack.messages('C02MAILOPS').map(({ text }) => text);
      return all.length === 5 && all;
    });
    expect([...texts].sort()).toEqual([
      '<@U0MAILTRACE> hello',
      'a=1&b=2 <x>',
      'more',
      'pick',
      'you said <@U0MAILTRACE> hello',
    ]);
  });

  it.each([
    ['a wrong signature', { 'x-slack-signature': 'v0=00' }],
    ['a stale stamp', { 'x-slack-request-timestamp': '1500000000' }],
  ])('is refused by the app with %s', async (_name, headers) => {
    const slack = await open();
    const { url } = await startHttpApp(slack);
    const request = { url, signingSecret: slack.signingSecret, contentType: 'application/json', body: '{}' };
    expect(await sendSigned({ ...request, nowMs: Date.now(), timeoutMs: 3000, headers })).toMatchObject({
      status: 401,
    });
  });
});

describe('buttons and views', () => {
  const withButton = async (slack: SlackDouble) => {
    const blocks = [{ type: 'actions', elements: [button('more'), button('less')] }];
    await webClient(slack).apiCall('chat.postMessage', { channel: 'C02MAILOPS', text: 'pick', blocks });
    return slack.messages('C02MAILOPS')[0]!;
  };

  it('brings who pressed what, where', async () => {
    const slack = await open();
    const app = await startApp(slack);
    const seen: unknown[] = [];
    app.action('more', async ({ ack, body, action, respond }) => {
      await ack();
      seen.push([body.user.id, 'value' in action ? action.value : null]);
      await respond({ text: 'replaced', replace_original: true });
    });
    const message = await withButton(slack);
    expect(await slack.person('bob').click(message, { actionId: 'more' })).toMatchObject({ kind: 'acked' });
    await slack.waitFor('the replacement', () => slack.messages('C02MAILOPS')[0]?.text === 'replaced');
    expect(seen).toEqual([['U02BOB', 'value of more']]);
    await expect(slack.person('bob').click(message, { actionId: 'none' })).rejects.toThrow('No element');
  });

  it('opens a view by a trigger once, within three seconds', async () => {
    const clock = { ms: Date.now() };
    const slack = await open({ now: () => clock.ms });
    const app = await startApp(slack);
    const triggers: string[] = [];
    app.action('more', async ({ ack, body }) => {
      await ack();
      triggers.push((body as { trigger_id: string }).trigger_id);
    });
    const message = await withButton(slack);
    for (let index = 0; index < 2; index++) await slack.person('alice').click(message, { actionId: 'more' });
    const views = webClient(slack).views;
    await views.open({ trigger_id: triggers[0]!, view: modal() });
    const again = await refusal(views.open({ trigger_id: triggers[0]!, view: modal() }));
    clock.ms += 3001;
    const late = await refusal(views.open({ trigger_id: triggers[1]!, view: modal() }));
    const wrong = await refusal(views.open({ trigger_id: 'x', view: modal() }));
    expect([again.error, late.error, wrong.error]).toEqual([
      'exchanged_trigger_id',
      'expired_trigger_id',
      'invalid_trigger_id',
    ]);
  });

  it('submits input, shows errors, closes', async () => {
    const slack = await open();
    const app = await startApp(slack);
    const input = {
      type: 'input',
      block_id: 'zone',
      label: { type: 'plain_text', text: 'Zone' },
      element: { type: 'plain_text_input', action_id: 'text' },
    };
    app.action('more', async ({ ack, body, client }) => {
      await ack();
      const view = modal({ callback_id: 'settings', blocks: [input], submit: { type: 'plain_text', text: 'Save' } });
      await client.views.open({
        trigger_id: (body as { trigger_id: string }).trigger_id,
        view: view as webApi.ModalView,
      });
    });
    app.view('settings', async ({ ack, view }) => {
      const text = view.state.values['zone']?.['text']?.value;
      if (text === 'UTC') await ack();
      else await ack({ response_action: 'errors', errors: { zone: `Not a zone: ${text}` } });
    });
    const alice = slack.person('alice');
    await alice.click(await withButton(slack), { actionId: 'more' });
    const view = await slack.waitFor('the view', () => alice.openView());
    expect((await alice.submit(view.id, { text: { value: 'Mars' } })).errors).toEqual({ zone: 'Not a zone: Mars' });
    expect(alice.openView()).not.toBeNull();
    expect((await alice.submit(view.id, { text: { value: 'UTC' } })).errors).toEqual({});
    expect(alice.openView()).toBeNull();
  });

  it('refuses a view whose title is longer than 24 characters', async () => {
    const slack = await open();
    const client = webClient(slack);
    const view = { type: 'home', blocks: [{ type: 'alert', text: { type: 'plain_text', text: 'x' } }] };
    expect(await refusal(client.apiCall('views.publish', { user_id: 'U01ALICE', view }))).toMatchObject({
      error: 'invalid_arguments',
    });
    await client.views.publish({ user_id: 'U01ALICE', view: { type: 'home', blocks: [section('hi')] as never } });
    expect(slack.person('alice').homeView()?.body['blocks']).toHaveLength(1);
  });

  it('brings message shortcuts', async () => {
    const slack = await open();
    const app = await startApp(slack);
    app.shortcut('trace_bounce', async ({ ack, shortcut, respond }) => {
      await ack();
      await respond(shortcut.type === 'message_action' ? (shortcut.message.text ?? '') : 'a global shortcut');
    });
    const message = await slack.person('alice').say('C02MAILOPS', 'bounced: <x@y.example>');
    await slack.person('alice').shortcut('trace_bounce', message);
    const answer = await slack.waitFor('the answer', () => slack.messages('C02MAILOPS')[1]);
    expect(answer.text).toBe('bounced: &lt;<mailto:x@y.example|x@y.example>&gt;');
  });
});

describe('response URLs', () => {
  it('are good for five answers and thirty minutes', async () => {
    const clock = { ms: Date.now() };
    const slack = await open({ now: () => clock.ms });
    const app = await startApp(slack);
    const urls: string[] = [];
    app.command('/mailtrace', async ({ ack, command }) => {
      await ack();
      urls.push(command.response_url);
    });
    for (let index = 0; index < 2; index++) await slack.person('alice').command('C03RANDOM', '/mailtrace x');
    const answer = async (url: string): Promise<unknown> =>
      (await fetch(url, { method: 'POST', body: JSON.stringify({ text: 'x' }) })).json();
    const answers: unknown[] = [];
    for (let index = 0; index < 6; index++) answers.push(await answer(urls[0]!));
    clock.ms += 30 * 60_000 + 1;
    answers.push(await answer(urls[1]!));
    expect(answers.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => ({ ok: true })));
    expect(answers.slice(5)).toEqual([
      { ok: false, error: 'used_url' },
      { ok: false, error: 'expired_url' },
    ]);
  });
});

describe('faults', () => {
  it('answers with a planted error, status, or not at all', async () => {
    const slack = await open();
    const client = webClient(slack);
    slack.faults.plant('chat.postMessage', { kind: 'error', error: 'fatal_error' });
    slack.faults.plant('chat.postMessage', { kind: 'hang-up' });
    const post = () => client.chat.postMessage({ channel: 'C02MAILOPS', text: 'x' });
    expect(await refusal(post())).toMatchObject({ error: 'fatal_error' });
    await expect(post()).rejects.toThrow();
    await post();
    expect(slack.messages('C02MAILOPS')).toHaveLength(1);
  });
});

describe('loopback', () => {
  it('does not listen elsewhere', async () => {
    await expect(startSlackDouble({ host: '0.0.0.0' })).rejects.toThrow('loopback only');
  });

  it.each([
    ['/', { host: 'evil.example' }],
    ['/api/auth.test', { host: 'evil.example' }],
    ['/', { origin: 'https://evil.example' }],
    ['/page/act', { origin: 'null' }],
  ])('refuses %s with %o', async (path, headers) => {
    const slack = await open();
    const { request } = await import('node:http');
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const { port } = new URL(slack.url);
      const filled = 'host' in headers ? { host: `${headers.host}:${port}` } : headers;
      request({ port, host: '127.0.0.1', path, headers: filled }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });

  it('lets no page of another origin read an answer', async () => {
    const slack = await open();
    const response = await fetch(slack.url);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});
