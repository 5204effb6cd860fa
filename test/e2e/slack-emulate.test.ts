/**
 * The Web API calls once more, against an emulator that others wrote (`emulate`): our double must not share our mistakes. It has
 * no Socket Mode and no slash commands, so these are sent as Slack would: signed, with a response URL.
 */
import { createServer, type Server } from 'node:http';
import { createEmulator, type Emulator } from 'emulate';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { sendSigned } from '../../src/playground/playground.ts';
import { readBlocks } from '../slack/block-rules.ts';
import { botScopes } from '../support/slack-bench.ts';
import { bounced, delivered, type Fleet, type FleetOptions, MAILBOX1, MX1, openFleet } from '../support/slack-fleet.ts';

const BOT_TOKEN = 'xoxb-mailtrace';
const READER_TOKEN = 'xoxb-reader';
const SECRET = 'emulated-signing-secret';

const ids = z.object({ members: z.array(z.object({ id: z.string(), name: z.string() })) });
const channels = z.object({ channels: z.array(z.object({ id: z.string(), name: z.string().optional() })) });
const messages = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      text: z.string(),
      blocks: z.array(z.unknown()).default([]),
      files: z.array(z.object({ name: z.string(), mimetype: z.string(), url_private: z.string() })).default([]),
    }),
  ),
});

let emulator: Emulator;
/** What was sent to response URLs. */
let whispered: { text: string; blocks: unknown[]; response_type: string }[];
let responses: Server;
let responseUrl = '';

/** A port nobody listens on: the emulator cannot be asked for any. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

beforeAll(async () => {
  emulator = await createEmulator({
    service: 'slack',
    port: await freePort(),
    seed: {
      slack: {
        users: [
          { name: 'mailtrace', real_name: 'mailtrace' },
          { name: 'bob', real_name: 'Bob Baker', email: 'bob@campus.example' },
        ],
        channels: [{ name: 'mail-ops' }],
        tokens: [
          { token: BOT_TOKEN, user: 'mailtrace', scopes: botScopes },
          {
            token: READER_TOKEN,
            user: 'mailtrace',
            scopes: ['channels:read', 'channels:history', 'im:read', 'im:history', 'users:read', 'files:read'],
          },
        ],
        strict_scopes: true,
      },
    },
  });
  responses = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      whispered.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => {
    responses.listen(0, '127.0.0.1', resolve);
  });
  const address = responses.address();
  responseUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/respond`;
});

afterAll(async () => {
  responses.close();
  await emulator.close();
});

/** A Web API call as a reader of the workspace. */
const ask = async <T>(schema: z.ZodType<T>, method: string, args: Record<string, string> = {}): Promise<T> => {
  const response = await fetch(`${emulator.url}/api/${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${READER_TOKEN}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(args).toString(),
  });
  return schema.parse(await response.json());
};

const historyOf = async (channel: string) => (await ask(messages, 'conversations.history', { channel })).messages;
const threadOf = async (channel: string, ts: string) =>
  (await ask(messages, 'conversations.replies', { channel, ts })).messages.slice(1);

let fleet: Fleet | null = null;
let eventsUrl = '';
beforeEach(() => {
  emulator.reset();
  whispered = [];
});
afterEach(async () => {
  await fleet?.close();
  fleet = null;
});

const start = async (
  options: Pick<FleetOptions, 'lines' | 'rules'>,
): Promise<Readonly<{ bob: string; channel: string }>> => {
  const slack: FleetOptions['slack'] = {
    botToken: BOT_TOKEN,
    appToken: '',
    signingSecret: SECRET,
    apiUrl: `${emulator.url}/api/`,
    useHttp: (url) => {
      eventsUrl = url;
    },
  };
  fleet = await openFleet({ slack, transport: 'http', ...options });
  const { members } = await ask(ids, 'users.list');
  const { channels: all } = await ask(channels, 'conversations.list');
  return {
    bob: members.find(({ name }) => name === 'bob')?.id ?? '',
    channel: all.find(({ name }) => name === 'mail-ops')?.id ?? '',
  };
};

const command = async (user: string, channel: string, text: string): Promise<void> => {
  const fields = {
    command: '/mailtrace',
    text,
    user_id: user,
    user_name: 'bob',
    team_id: 'T000000001',
    channel_id: channel,
    channel_name: 'mail-ops',
    response_url: responseUrl,
    trigger_id: '1.2',
  };
  const answer = await sendSigned({
    url: eventsUrl,
    signingSecret: SECRET,
    contentType: 'application/x-www-form-urlencoded',
    body: new URLSearchParams(fields).toString(),
    nowMs: Date.now(),
    timeoutMs: 3000,
  });
  expect(answer).toMatchObject({ kind: 'answered', status: 200 });
};

const within = { timeout: 20_000, interval: 50 };

describe('against emulate', () => {
  it('posts, updates, threads and uploads', async () => {
    const { bob, channel } = await start({ lines: delivered({ id: '0001', to: 'bob@campus.example' }) });
    await command(bob, channel, 'bob@campus.example');
    const [answer, replies] = await vi.waitFor(async () => {
      const found = (await historyOf(channel)).find(({ blocks }) => readBlocks(blocks).startsWith('✔ delivered'));
      if (found === undefined) throw new Error('no answer yet');
      const inThread = await threadOf(channel, found.ts);
      if (!inThread.some(({ files }) => files.length > 0)) throw new Error('no picture yet');
      return [found, inThread] as const;
    }, within);
    expect(answer.text).toContain('ann@sender.example → bob@campus.example');
    expect(replies.map(({ blocks }) => readBlocks(blocks)).join('\n')).toContain(
      `| 1 | ${MX1} | A10001 | bob@campus.example | sent | 2.0.0 | 250 | 1.1 s | ${MAILBOX1} |`,
    );
    const file = replies.flatMap(({ files }) => files)[0];
    expect(file).toMatchObject({ name: 'mailtrace-A10001.png', mimetype: 'image/png' });
    const bytes = await fetch(file?.url_private ?? '', { headers: { authorization: `Bearer ${READER_TOKEN}` } });
    expect((await sharp(Buffer.from(await bytes.arrayBuffer())).metadata()).format).toBe('png');
    expect(whispered).toEqual([]);
    expect(fleet?.log.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });

  it('deletes its message when nothing is found', async () => {
    const { bob, channel } = await start({ lines: delivered({ id: '0001', to: 'bob@campus.example' }) });
    await command(bob, channel, 'ghost@campus.example');
    await vi.waitFor(() => expect(whispered).toHaveLength(1), within);
    expect(whispered[0]).toMatchObject({ response_type: 'ephemeral' });
    expect(readBlocks(whispered[0]?.blocks ?? [])).toContain('Nothing found for ghost@campus.example');
    expect((await historyOf(channel)).filter(({ text }) => text.includes('ghost'))).toEqual([]);
  });

  it('opens direct messages where it is no member', async () => {
    const { bob } = await start({ lines: bounced('0002', 'dave@partner.example') });
    await command(bob, 'C0NOSUCHONE', 'dave@partner.example');
    await vi.waitFor(() => expect(whispered.map(({ text }) => text).join()).toContain('/invite @mailtrace'), within);
    const { channels: direct } = await ask(channels, 'conversations.list', { types: 'im' });
    await vi.waitFor(async () => {
      const all = (await Promise.all(direct.map(({ id }) => historyOf(id)))).flat();
      expect(all.map(({ blocks }) => readBlocks(blocks)).join('\n')).toMatch(/✘ bounced/);
    }, within);
  });

  it('finds the person: no rights for whom only the scope own names while no address is confirmed', async () => {
    const { bob, channel } = await start({
      lines: delivered({ id: '0001', to: 'bob@campus.example' }),
      rules: [{ who: 'everyone', may: ['trace'], scope: 'own' }],
    });
    await command(bob, channel, 'bob@campus.example');
    await vi.waitFor(
      () => expect(whispered.map(({ text }) => text).join()).toContain('Slack has no confirmed address of yours'),
      within,
    );
    expect(await historyOf(channel)).toEqual([]);
  });
});
