/** `mailtrace slack` as it is run: a process with an environment, a configuration, and signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SlackDouble, startSlackDouble } from '../../src/playground/playground.ts';
import { readBlocks } from '../slack/block-rules.ts';
import { delivered, EVERYTHING, type FleetOptions, writeFleet } from '../support/slack-fleet.ts';

let folder = '';
let slack: SlackDouble;
let child: ChildProcess | null = null;
let [stdout, stderr] = ['', ''];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailtrace-process-'));
  slack = await startSlackDouble({ shareDelayMs: 20, scanDelayMs: 20 });
  [stdout, stderr] = ['', ''];
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = null;
  await slack.close();
  await rm(folder, { recursive: true });
});

/** @returns what resolves to the exit code when the process has ended */
const run = async (
  options: Pick<FleetOptions, 'rules'>,
  env: Readonly<Record<string, string>> = {},
): Promise<Readonly<{ ended: Promise<number | null> }>> => {
  const lines = delivered({ id: '0001', to: 'bob@campus.example' });
  const configPath = await writeFleet(folder, { lines, ...options });
  const started = spawn(process.execPath, ['dist/bin/mailtrace.js', 'slack', '-c', configPath], {
    env: {
      PATH: process.env['PATH'],
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: slack.apiUrl,
      MAILTRACE_DATA_DIR: join(folder, 'data'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  started.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  started.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  return { ended: new Promise((resolve) => started.on('close', resolve)) };
};

describe('mailtrace slack', () => {
  it('answers, writes the audit log, and is gone within 10 s of SIGTERM', async () => {
    const { ended } = await run({ rules: EVERYTHING });
    const general = slack.channel('general');
    await vi.waitUntil(() => stdout.includes('connected to Slack'), { timeout: 20_000 });
    await slack.person('alice').command(general, '/mailtrace bob@campus.example');
    await slack.waitFor(
      'the answer',
      () => slack.messages(general).some(({ blocks }) => readBlocks(blocks).startsWith('✔ delivered')),
      20_000,
    );
    const sentAt = Date.now();
    child?.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(Date.now() - sentAt).toBeLessThan(10_000);
    const audit = await readFile(join(folder, 'data', 'audit.jsonl'), 'utf8');
    expect(
      audit
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toMatchObject([{ user: 'U01ALICE', channel: general, query: 'bob@campus.example', outcome: 'found: delivered' }]);
    expect(slack.files()).toHaveLength(1);
    expect(`${stdout}${stderr}`).not.toMatch(/xox[bp]-|xapp-/);
  });

  it('without access rules prints the lines to add and stops', async () => {
    const { ended } = await run({ rules: [] });
    expect(await ended).toBe(2);
    expect(stderr).toContain('access:');
    expect(stderr).toContain('may: [trace');
    expect(stdout).toBe('');
  });

  it('with a token that is not good says which and stops', async () => {
    const { ended } = await run({ rules: EVERYTHING }, { SLACK_BOT_TOKEN: 'xoxb-wrong-token-of-somebody' });
    expect(await ended).toBe(2);
    expect(stderr).toContain('invalid_auth');
    expect(stderr).toContain('SLACK_BOT_TOKEN');
    expect(stderr).not.toContain('xoxb-wrong-token-of-somebody');
  });
});
