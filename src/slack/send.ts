/** Replies → Slack calls, within Slack's limits. */
import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { Pacer } from './pace.js';
import { footnote, type Reply } from './replies/blocks.js';
import { cut } from './replies/log-text.js';
import { readAnswer, type SlackCall, SlackCallError } from './slack-call.js';

/** A channel, or a thread in it. */
export type Place = Readonly<{ channel: string; threadTs: string | null }>;

/** A message that was sent. */
export type Sent = Readonly<{ channel: string; ts: string }>;

export type Upload = Readonly<{
  name: string;
  title: string;
  bytes: Uint8Array;
  /** For screen readers; null for what is no image. */
  altText: string | null;
}>;

export type Sender = Readonly<{
  post: (place: Place, reply: Reply, options?: Readonly<{ isFirst: boolean }>) => Promise<Sent>;
  update: (sent: Sent, reply: Reply) => Promise<void>;
  remove: (sent: Sent) => Promise<void>;
  upload: (place: Place, file: Upload) => Promise<void>;
  ephemeral: (channel: string, user: string, reply: Reply) => Promise<void>;
  /** The channel of the direct messages with a person. */
  openDirect: (user: string) => Promise<string>;
}>;

/** Posts the bytes of a file to the address Slack gave. @throws SlackCallError */
export type PutFile = (url: string, file: Upload) => Promise<void>;

const TEXT_MAX = 4000;
const BLOCKS_MAX = 50;
/** Slack refuses some 13,200 characters (`msg_blocks_too_long`). */
const BLOCKS_CHARS_MAX = 12_000;
/** `alt_txt_too_large` beyond it. */
const ALT_TEXT_MAX = 1000;

/** Nothing that parses, links, or shows what is behind a link. `mrkdwn` exists on chat.postMessage only. */
const LITERAL = { parse: 'none', link_names: false } as const;
const LITERAL_POST = { ...LITERAL, mrkdwn: false, unfurl_links: false, unfurl_media: false } as const;

const sizeOf = (blocks: readonly types.KnownBlock[]): number => JSON.stringify(blocks).length;

/** Replies keep the limits by themselves; should one not, the rest of it is left out instead of all of it. */
export const fitReply = ({ text, blocks }: Reply): Reply => {
  const short = cut(text, TEXT_MAX);
  if (blocks.length <= BLOCKS_MAX && sizeOf(blocks) <= BLOCKS_CHARS_MAX) return { text: short, blocks };
  const note = footnote('Shortened: the rest did not fit into one Slack message.');
  const kept = blocks.slice(0, BLOCKS_MAX - 1);
  while (kept.length > 0 && sizeOf([...kept, note]) > BLOCKS_CHARS_MAX) kept.pop();
  return { text: short, blocks: [...kept, note] };
};

const postAnswer = z.object({ channel: z.string(), ts: z.string() });
const openAnswer = z.object({ channel: z.object({ id: z.string() }) });
const urlAnswer = z.object({ upload_url: z.url(), file_id: z.string() });

const threadOf = ({ threadTs }: Place): Readonly<Record<string, string>> =>
  threadTs === null ? {} : { thread_ts: threadTs };

type Arguments = Readonly<Record<string, unknown>>;

/** Of chat.postMessage. */
export const postArguments = (place: Place, reply: Reply): Arguments => ({
  channel: place.channel,
  ...threadOf(place),
  ...fitReply(reply),
  ...LITERAL_POST,
});

/** Of chat.update. */
export const updateArguments = ({ channel, ts }: Sent, reply: Reply): Arguments => ({
  channel,
  ts,
  ...fitReply(reply),
  ...LITERAL,
});

/** The three calls of Slack's upload. The SDK's `uploadV2` sends `alt_text`, which Slack does not know: it is `alt_txt`. */
const createUpload =
  ({ call, pacer, putFile }: { call: SlackCall; pacer: Pacer; putFile: PutFile }): Sender['upload'] =>
  async (place, file) => {
    const { name, title, bytes, altText } = file;
    const alt = altText === null ? {} : { alt_txt: cut(altText, ALT_TEXT_MAX) };
    const urlCall = 'files.getUploadURLExternal';
    const url = readAnswer(
      urlCall,
      urlAnswer,
      await call(urlCall, { filename: name, length: bytes.byteLength, ...alt }),
    );
    await putFile(url.upload_url, file);
    await pacer.run(place.channel, () =>
      call('files.completeUploadExternal', {
        files: [{ id: url.file_id, title }],
        channel_id: place.channel,
        ...threadOf(place),
      }),
    );
  };

export const createSender = (deps: { call: SlackCall; pacer: Pacer; putFile: PutFile }): Sender => {
  const { call, pacer } = deps;
  return {
    post: async (place, reply, options) => {
      const method = 'chat.postMessage';
      const content = postArguments(place, reply);
      return readAnswer(method, postAnswer, await pacer.run(place.channel, () => call(method, content), options));
    },
    update: async (sent, reply) => {
      await call('chat.update', updateArguments(sent, reply));
    },
    remove: async ({ channel, ts }) => {
      await call('chat.delete', { channel, ts });
    },
    upload: createUpload(deps),
    ephemeral: async (channel, user, reply) => {
      await call('chat.postEphemeral', { channel, user, ...fitReply(reply), ...LITERAL });
    },
    openDirect: async (user) => {
      const method = 'conversations.open';
      return readAnswer(method, openAnswer, await call(method, { users: user })).channel.id;
    },
  };
};

type Fetch = (
  url: string,
  init: { method: string; body: FormData; signal: AbortSignal },
) => Promise<{ status: number }>;

const PUT_TRIES = 3;
const PUT_TIMEOUT_MS = 30_000;
const PUT_PAUSE_MS = 1000;

/** The address is good for one file, so sending it again is safe. */
export const createPutFile =
  ({ fetch, sleep }: { fetch: Fetch; sleep: (ms: number) => Promise<void> }): PutFile =>
  async (url, { name, bytes }) => {
    const attempt = async (): Promise<unknown> => {
      const body = new FormData();
      body.append('file', new Blob([new Uint8Array(bytes)]), name);
      try {
        const { status } = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(PUT_TIMEOUT_MS) });
        return status === 200 ? null : `http_${status}`;
      } catch (error) {
        return error;
      }
    };
    let failure: unknown = null;
    for (let round = 1; round <= PUT_TRIES; round++) {
      failure = await attempt();
      if (failure === null) return;
      if (round < PUT_TRIES) await sleep(PUT_PAUSE_MS * round);
    }
    const word = typeof failure === 'string' ? failure : 'unreachable';
    throw new SlackCallError('upload', word, 'Check that the address Slack gives for uploads can be reached.', {
      cause: failure,
    });
  };
