/** A Slack double, a fleet and the bot between them, and what tests look for in them. */
import { readFileSync } from 'node:fs';
import { afterEach, expect } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import {
  type Message,
  type SlackDouble,
  type SlackDoubleOptions,
  startSlackDouble,
} from '../../src/playground/playground.ts';
import { findFaults, readBlocks } from '../slack/block-rules.ts';
import { type Fleet, type FleetOptions, openFleet } from './slack-fleet.ts';

/** What manifest.yml asks for: the bot must do with it. */
const manifest = z.object({ oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }) });
export const { bot: botScopes } = manifest.parse(parse(readFileSync('manifest.yml', 'utf8'))).oauth_config.scopes;

const open: (() => Promise<void>)[] = [];
/** What a test opened is closed after it, last first. */
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

export type Bench = Fleet & Readonly<{ slack: SlackDouble; general: string }>;

export const startBench = async (
  options: Omit<FleetOptions, 'slack'>,
  double: SlackDoubleOptions = {},
): Promise<Bench> => {
  const slack = await startSlackDouble({ shareDelayMs: 20, scanDelayMs: 20, scopes: botScopes, ...double });
  open.push(() => slack.close());
  const fleet = await openFleet({ slack, ...options });
  open.push(() => fleet.close());
  return { ...fleet, slack, general: slack.channel('general') };
};

export const read = ({ blocks }: Pick<Message, 'blocks'>): string => readBlocks(blocks);

/** The app's own messages in the channel, replies left out. */
export const answers = ({ slack }: Bench, channel: string): readonly Message[] =>
  slack
    .messages(channel)
    .filter(
      ({ userId, threadTs, ephemeralTo, subtype, isTombstone }) =>
        userId === slack.world.botUserId &&
        threadTs === null &&
        ephemeralTo === null &&
        subtype === null &&
        !isTombstone,
    );

export const whispers = ({ slack }: Bench, channel: string): readonly Message[] =>
  slack.messages(channel).filter(({ ephemeralTo, userId }) => ephemeralTo !== null && userId === slack.world.botUserId);

/** Waits for a channel message with this in it. */
export const answerWith = (bench: Bench, text: string | RegExp, channel = bench.general): Promise<Message> =>
  bench.slack.waitFor(
    `an answer with ${String(text)}`,
    () => answers(bench, channel).find((message) => new RegExp(text).test(read(message))),
    20_000,
  );

export const whisperWith = (bench: Bench, text: string | RegExp, channel = bench.general): Promise<Message> =>
  bench.slack.waitFor(
    `a whisper with ${String(text)}`,
    () => whispers(bench, channel).find((message) => new RegExp(text).test(read(message))),
    20_000,
  );

/** Waits until the thread has its picture, and returns it. */
export const thread = async ({ slack }: Bench, parent: Message): Promise<readonly Message[]> => {
  await slack.waitFor(
    'a picture in the thread',
    () => slack.replies(parent).some(({ fileIds }) => fileIds.length > 0),
    20_000,
  );
  return slack.replies(parent);
};

/** Waits until the audit log has so many lines: then the questions are over but for what follows in threads. */
export const auditedLines = async (bench: Bench, count: number) => {
  for (;;) {
    const lines = await bench.audited();
    if (lines.length >= count) return lines;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

export const expectGoodCalls = ({ slack }: Bench): void => {
  for (const { method, args, error, undocumented } of slack.calls()) {
    expect({ method, error, undocumented }).toEqual({ method, error: null, undocumented: [] });
    if (args['blocks'] === undefined) continue;
    const blocks: unknown = args['blocks'];
    expect(findFaults({ text: String(args['text']), blocks: Array.isArray(blocks) ? blocks : [] })).toEqual([]);
  }
};
