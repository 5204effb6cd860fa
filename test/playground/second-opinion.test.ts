/**
 * The same Web API calls against our double and against an emulator that knows nothing of it: both must say the same.
 * Left out is where the emulator is laxer than Slack's documentation: it takes any token, and a thread that is not there.
 */
import { createServer } from 'node:net';
import { type Logger, LogLevel, webApi } from '@slack/bolt';
import { createEmulator, type Emulator } from 'emulate';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SlackDouble, startSlackDouble } from '../../src/playground/playground.ts';

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
};

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

/** The emulator takes no port 0. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error()),
      );
    });
  });

type Answer = webApi.WebAPICallResult & Record<string, unknown>;
type Side = Readonly<{
  /** Calls a method. @returns the answer, or Slack's error word. */
  call: (method: string, args?: Record<string, unknown>) => Promise<Answer | string>;
  client: webApi.WebClient;
  channel: string;
  /** A person of the workspace. */
  user: string;
}>;

const openSide = async (token: string, slackApiUrl: string): Promise<Side> => {
  const client = new webApi.WebClient(token, { slackApiUrl, logger: silent, retryConfig: { retries: 0 } });
  const call: Side['call'] = async (method, args = {}) => {
    try {
      return (await client.apiCall(method, args)) as Answer;
    } catch (error) {
      if (error instanceof webApi.WebAPIPlatformError) return String(error.data.error);
      throw error;
    }
  };
  const channels = await client.conversations.list({ types: 'public_channel' });
  const people = await client.users.list({});
  const channel = channels.channels?.find(({ name }) => name === 'general')?.id;
  const user = people.members?.find(({ name }) => name === 'alice')?.id;
  if (channel === undefined || user === undefined) throw new Error('The workspace lacks #general or alice.');
  return { call, client, channel, user };
};

let slack: SlackDouble;
let emulator: Emulator;
let ours: Side;
let theirs: Side;

beforeAll(async () => {
  slack = await startSlackDouble({ rateLimits: 'off', shareDelayMs: 0, scanDelayMs: 0 });
  const port = await freePort();
  const user = { name: 'alice', real_name: 'Alice Adler', email: 'alice@campus.example' };
  emulator = await createEmulator({
    service: 'slack',
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    seed: {
      tokens: { 'xoxb-emulated': { login: 'mailtrace', scopes: [] } },
      slack: { users: [user], channels: [{ name: 'general' }], bots: [{ name: 'mailtrace' }] },
    },
  });
  ours = await openSide(slack.botToken, slack.apiUrl);
  theirs = await openSide('xoxb-emulated', `http://127.0.0.1:${port}/api/`);
  await theirs.client.conversations.join({ channel: theirs.channel });
});
afterAll(async () => {
  await emulator.close();
  await slack.close();
});

/** Runs the steps on both sides and compares what they return. */
const agree = async (steps: (side: Side) => Promise<unknown>): Promise<unknown> => {
  const [mine, other] = [await steps(ours), await steps(theirs)];
  expect(mine).toEqual(other);
  return mine;
};

const section = { type: 'section', text: { type: 'mrkdwn', text: 'hello' } };

const field = (answer: Answer | string, key: string): unknown => (typeof answer === 'string' ? answer : answer[key]);
const post = async ({ call, channel }: Side, args: Record<string, unknown>): Promise<string> =>
  String(field(await call('chat.postMessage', { channel, ...args }), 'ts'));

describe('both say the same of', () => {
  it('a message, changed and deleted', async () => {
    const said = await agree(async (side) => {
      const { call, channel } = side;
      const ts = await post(side, { text: 'one', blocks: [section] });
      const changed = await call('chat.update', { channel, ts, text: 'two', blocks: [section] });
      const history = await call('conversations.history', { channel, limit: 1 });
      const link = String(field(await call('chat.getPermalink', { channel, message_ts: ts }), 'permalink'));
      const gone = await call('chat.delete', { channel, ts });
      const again = await call('chat.update', { channel, ts, text: 'three' });
      const messages = field(history, 'messages') as { text: string; ts: string; type: string }[];
      return [
        /^\d{10}\.\d{6}$/.test(ts),
        [field(changed, 'text'), field(changed, 'ts') === ts],
        messages.map((message) => [message.type, message.text, message.ts === ts]),
        link.endsWith(`/archives/${channel}/p${ts.replace('.', '')}`),
        field(gone, 'ts') === ts,
        again,
      ];
    });
    expect(said).toHaveLength(6);
  });

  it('a thread', async () => {
    const said = await agree(async (side) => {
      const { call, channel } = side;
      const ts = await post(side, { text: 'parent' });
      await post(side, { text: 'first', thread_ts: ts });
      await post(side, { text: 'second', thread_ts: ts });
      const replies = field(await call('conversations.replies', { channel, ts }), 'messages');
      return (replies as Record<string, unknown>[]).map((message) => [message['text'], message['reply_count'] ?? null]);
    });
    expect(said).toEqual([
      ['parent', 2],
      ['first', null],
      ['second', null],
    ]);
  });

  it('a whisper: it has a ts and no history', async () => {
    await agree(async ({ call, channel, user }) => {
      const before = field(await call('conversations.history', { channel }), 'messages') as unknown[];
      const whisper = await call('chat.postEphemeral', { channel, user, text: 'psst' });
      const after = field(await call('conversations.history', { channel }), 'messages') as unknown[];
      const change = await call('chat.update', { channel, ts: field(whisper, 'message_ts'), text: 'loud' });
      return [typeof field(whisper, 'message_ts'), after.length - before.length, change];
    });
  });

  it('an upload into a thread', async () => {
    const said = await agree(async (side) => {
      const { client, call, channel } = side;
      const ts = await post(side, { text: 'picture follows' });
      await client.files.uploadV2({ channel_id: channel, thread_ts: ts, file: PNG, filename: 'a.png', title: 'A' });
      const found = await vi.waitFor(async () => {
        const replies = field(await call('conversations.replies', { channel, ts }), 'messages');
        const [file] = (replies as { files?: { name: string; title: string; size: number }[] }[])[1]?.files ?? [];
        if (file === undefined) throw new Error('The file is not shared yet.');
        return file;
      });
      return [found.name, found.title, found.size];
    });
    expect(said).toEqual(['a.png', 'A', PNG.length]);
  });

  it('a person, by id and by address', async () => {
    await agree(async ({ call, user }) => {
      const byId = field(await call('users.info', { user }), 'user') as Record<string, unknown>;
      const byEmail = field(await call('users.lookupByEmail', { email: 'alice@campus.example' }), 'user');
      const profile = byId['profile'] as Record<string, unknown>;
      return [byId['name'], byId['real_name'], profile['email'], (byEmail as Record<string, unknown>)['id'] === user];
    });
  });

  it('a direct conversation: the same each time', async () => {
    await agree(async ({ call, user }) => {
      const first = field(await call('conversations.open', { users: user }), 'channel') as { id: string };
      const second = field(await call('conversations.open', { users: user }), 'channel') as { id: string };
      const message = await call('chat.postMessage', { channel: user, text: 'hi' });
      return [first.id === second.id, first.id.startsWith('D'), field(message, 'channel') === first.id];
    });
  });

  it('a text over 40,000 characters', async () => {
    await agree(async ({ call, channel }) => {
      const answer = await call('chat.postMessage', { channel, text: 'x'.repeat(40_001) });
      return [field(answer, 'warning'), (field(answer, 'message') as { text: string }).text.length];
    });
  });

  it.each<[string, string, (side: Side) => Record<string, unknown>]>([
    ['no such channel', 'chat.postMessage', () => ({ channel: 'C0NOWHERE', text: 'x' })],
    ['no text', 'chat.postMessage', ({ channel }) => ({ channel })],
    ['no such message', 'chat.update', ({ channel }) => ({ channel, ts: '1.000001', text: 'x' })],
    ['no such message to delete', 'chat.delete', ({ channel }) => ({ channel, ts: '1.000001' })],
    ['no such person', 'users.info', () => ({ user: 'U0NOBODY' })],
    ['no such address', 'users.lookupByEmail', () => ({ email: 'nobody@x.example' })],
    ['no such file', 'files.info', () => ({ file: 'F0NOTHING' })],
    ['a used-up or invented trigger', 'views.open', () => ({ trigger_id: 'x', view: modal })],
    ['a pin on nothing', 'pins.add', ({ channel }) => ({ channel, timestamp: '1.000001' })],
  ])('%s', async (_name, method, args) => {
    const said = await agree((side) => side.call(method, args(side)));
    expect(typeof said).toBe('string');
  });

  it('a reaction given twice', async () => {
    await agree(async (side) => {
      const at = { channel: side.channel, timestamp: await post(side, { text: 'x' }), name: 'eyes' };
      return [field(await side.call('reactions.add', at), 'ok'), await side.call('reactions.add', at)];
    });
  });

  it('a call without a token', async () => {
    const say = async (url: string): Promise<unknown> => {
      const answer: unknown = await (await fetch(`${url}auth.test`, { method: 'POST' })).json();
      return answer;
    };
    expect(await say(slack.apiUrl)).toEqual(await say(`${emulator.url}/api/`));
  });
});

const modal = { type: 'modal', title: { type: 'plain_text', text: 'T' }, blocks: [section] };
