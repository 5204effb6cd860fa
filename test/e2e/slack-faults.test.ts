/** What goes wrong: Slack limits, refuses, is away; the disk is full; the bot is stopped; a bug. */
import { describe, expect, it, vi } from 'vitest';
import { MailtraceError } from '../../src/errors.ts';
import { startSlackDouble } from '../../src/playground/playground.ts';
import {
  answers,
  answerWith,
  auditedLines,
  type Bench,
  read,
  startBench,
  thread,
  whispers,
  whisperWith,
} from '../support/slack-bench.ts';
import { delivered, EVERYTHING, type FleetOptions, openFleet } from '../support/slack-fleet.ts';

const lines = delivered({ id: '0001', to: 'bob@campus.example' });
const QUESTION = '/mailtrace bob@campus.example';

/** Holds every trace until it is let go; a trace that is aborted ends. */
const heldTracer = () => {
  const held: (() => void)[] = [];
  const tracer: FleetOptions['tracer'] = (real) => ({
    ...real,
    traceMessage: async (query, options) => {
      await new Promise<void>((resolve) => {
        held.push(resolve);
        options.signal.addEventListener('abort', () => resolve());
      });
      options.signal.throwIfAborted();
      return real.traceMessage(query, options);
    },
  });
  return {
    tracer,
    held,
    release: () => {
      for (const go of held.splice(0)) go();
    },
  };
};

/** For what the double does not announce. */
const until = (isTrue: () => boolean): Promise<boolean> => vi.waitUntil(isTrue, { timeout: 15_000, interval: 20 });

const ask = (bench: Bench, who = 'alice', line = QUESTION) => bench.slack.person(who).command(bench.general, line);

describe('429', () => {
  it('is waited for, and nothing is lost or comes in another order', async () => {
    const bench = await startBench({ lines });
    bench.slack.faults.plant('chat.postMessage', { kind: 'rate-limited', retryAfterSeconds: 1 });
    bench.slack.faults.plant('chat.update', { kind: 'rate-limited', retryAfterSeconds: 1 });
    bench.slack.faults.plant('files.completeUploadExternal', { kind: 'rate-limited', retryAfterSeconds: 1 });
    await ask(bench);
    const answer = await answerWith(bench, 'delivered');
    const replies = await thread(bench, answer);
    expect(
      replies.map((reply) => (reply.fileIds.length > 0 ? 'picture' : read(reply).includes('| hop |') ? 'table' : '?')),
    ).toEqual(['table', 'picture']);
    expect(bench.slack.calls().filter(({ status }) => status === 429)).toHaveLength(3);
    expect(answers(bench, bench.general)).toHaveLength(1);
  });

  it('is not provoked: six questions at once in one channel', async () => {
    const bench = await startBench({ lines }, { rateLimits: 'slack' });
    for (let round = 0; round < 3; round++) for (const who of ['alice', 'bob']) await ask(bench, who);
    const answered = () => answers(bench, bench.general).map((answer) => bench.slack.replies(answer).length);
    await bench.slack.waitFor('all threads', () => answered().join() === '2,2,2,2,2,2', 50_000);
    expect(bench.slack.calls().filter(({ status }) => status === 429)).toEqual([]);
  });
});

describe('a part that Slack refuses', () => {
  it('does not take the others along, and is named with its remedy', async () => {
    const bench = await startBench(
      { lines },
      { scopes: ['commands', 'chat:write', 'im:write', 'users:read', 'users:read.email'] },
    );
    await ask(bench);
    const answer = await answerWith(bench, 'missing_scope');
    expect(read(answer)).toMatch(/^✔ delivered[\s\S]*The picture could not be sent: .*Add the scope files:write/);
    expect(bench.slack.replies(answer).map(read).join()).toContain('| hop |');
  });

  it('in an upload is tried again', async () => {
    const bench = await startBench({ lines });
    bench.slack.faults.plant('upload', { kind: 'status', status: 503 });
    await ask(bench);
    const answer = await answerWith(bench, 'delivered');
    expect((await thread(bench, answer)).some(({ fileIds }) => fileIds.length === 1)).toBe(true);
  });

  it('when users.info fails, only people named by ID may ask, in the configured zone', async () => {
    const rules = [{ who: ['U02BOB'], may: ['trace'], scope: 'all' }] as const;
    const bench = await startBench({ lines, rules });
    bench.slack.faults.plant('users.info', { kind: 'error', error: 'internal_error' }, 2);
    await ask(bench, 'alice');
    expect(read(await whisperWith(bench, 'no rule'))).toContain('Slack did not say who you are');
    await ask(bench, 'bob');
    expect(read(await answerWith(bench, 'delivered'))).toMatch(
      /Europe\/Berlin.*your own time zone is not known: this is the configured one/,
    );
  });

  it('when chat.delete fails, the message says that there is no result', async () => {
    const bench = await startBench({ lines });
    bench.slack.faults.plant('chat.delete', { kind: 'error', error: 'cant_delete_message' });
    await ask(bench, 'alice', '/mailtrace ghost@campus.example');
    await whisperWith(bench, 'Nothing found');
    expect(answers(bench, bench.general).map(read)).toEqual(['No result. The person who asked was told why.']);
  });

  it('when the response URL is dead, the asker is told by chat.postEphemeral', async () => {
    const bench = await startBench({ lines });
    bench.slack.faults.plant('response_url', { kind: 'status', status: 404 });
    await ask(bench, 'alice', '/mailtrace help');
    await whisperWith(bench, 'Usage');
    expect(bench.slack.calls().at(-1)?.method).toBe('chat.postEphemeral');
  });

  it('when nothing can be posted anywhere, the asker learns why', async () => {
    const bench = await startBench({ lines });
    bench.slack.faults.plant('chat.postMessage', { kind: 'error', error: 'restricted_action' });
    await ask(bench);
    expect(read(await whisperWith(bench, 'restricted_action'))).toContain('ask a workspace administrator');
    expect(await auditedLines(bench, 1)).toMatchObject([{ outcome: 'problem: slack' }]);
  });
});

describe('slowness', () => {
  it('of Slack itself is bridged by a whisper', async () => {
    const bench = await startBench({ lines });
    bench.slack.faults.plant('users.info', { kind: 'delay', delayMs: 2500 });
    const startedAt = Date.now();
    await ask(bench);
    await whisperWith(bench, 'Working on it');
    expect(Date.now() - startedAt).toBeLessThan(1500);
    await answerWith(bench, 'delivered');
  });

  it('of a trace ends it', async () => {
    const { tracer } = heldTracer();
    const bench = await startBench({ lines, tracer, limits: { traceTimeoutMs: 300 } });
    await ask(bench);
    expect(read(await whisperWith(bench, 'took more than'))).toContain('narrow the window');
    expect(answers(bench, bench.general)).toEqual([]);
    expect(await auditedLines(bench, 1)).toMatchObject([{ outcome: 'too-slow' }]);
  });

  it('of others makes a question wait, and say so', async () => {
    const { tracer, held, release } = heldTracer();
    const bench = await startBench({ lines, tracer, limits: { atOnce: 1, perUser: 2, waiting: 1 } });
    await ask(bench);
    await until(() => held.length === 1);
    await ask(bench, 'bob');
    expect(read(await answerWith(bench, 'Waiting to trace'))).toContain('1 other trace first');
    await ask(bench, 'bob');
    expect(read(await whisperWith(bench, 'Too many traces'))).toContain('Ask again');
    release();
    await until(() => held.length === 1);
    release();
    await bench.slack.waitFor(
      'both answers',
      () => answers(bench, bench.general).filter((answer) => read(answer).startsWith('✔')).length === 2,
      20_000,
    );
  });
});

describe('the audit log', () => {
  it('comes before the answer: what cannot be written down is not answered', async () => {
    const audit = {
      write: () => Promise.reject(new MailtraceError('config', 'No space left on device.', 'Free some.')),
    };
    const bench = await startBench({ lines, audit });
    await ask(bench);
    await whisperWith(bench, 'The audit log cannot be written');
    expect(answers(bench, bench.general)).toEqual([]);
    expect(JSON.stringify(bench.slack.calls())).not.toContain('A10001');
    expect(bench.log.some(({ level, message }) => level === 'error' && message.includes('audit'))).toBe(true);
  });
});

describe('a bug', () => {
  it('is logged with a reference, which is all the asker gets', async () => {
    const tracer: FleetOptions['tracer'] = (real) => ({
      ...real,
      traceMessage: () => Promise.reject(new TypeError('secret detail')),
    });
    const bench = await startBench({ lines, tracer });
    await ask(bench);
    const whisper = await whisperWith(bench, 'Something went wrong');
    const reference = /Reference: ([0-9a-f]{10})/.exec(read(whisper))?.[1];
    expect(reference).toBeDefined();
    expect(JSON.stringify(bench.slack.calls())).not.toContain('secret detail');
    const logged = bench.log.find(({ level }) => level === 'error');
    expect(logged?.fields['reference']).toBe(reference);
    expect(logged?.fields['err']).toBeInstanceOf(TypeError);
    expect(answers(bench, bench.general)).toEqual([]);
    expect(await auditedLines(bench, 1)).toMatchObject([{ outcome: `failed: ${reference}` }]);
  });

  it('in the drawing leaves verdict and table', async () => {
    const imager = { toPng: () => Promise.reject(new Error('no font')) };
    const bench = await startBench({ lines, imager });
    await ask(bench);
    const answer = await answerWith(bench, 'Reference');
    expect(read(answer)).toMatch(/^✔ delivered/);
    expect(bench.slack.replies(answer).map(read).join()).toContain('| hop |');
  });
});

describe('stopping', () => {
  it('lets a running trace end', async () => {
    const { tracer, held, release } = heldTracer();
    const bench = await startBench({ lines, tracer });
    await ask(bench);
    await until(() => held.length === 1);
    const stopped = bench.bot.stop();
    release();
    await stopped;
    expect(read(answers(bench, bench.general)[0]!)).toMatch(/^✔ delivered/);
    expect(bench.slack.files()).toHaveLength(1);
    expect(bench.slack.sockets.count()).toBe(0);
  });

  it('marks what does not end in time as interrupted, within 10 s', async () => {
    const { tracer, held } = heldTracer();
    const bench = await startBench({ lines, tracer, limits: { atOnce: 1 } });
    await ask(bench);
    await until(() => held.length === 1);
    await ask(bench, 'bob');
    await answerWith(bench, 'Waiting');
    const startedAt = Date.now();
    await bench.bot.stop();
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    expect(answers(bench, bench.general).map((answer) => read(answer).slice(0, 11))).toEqual([
      'Interrupted',
      'Interrupted',
    ]);
    expect((await bench.audited()).map(({ outcome }) => outcome)).toEqual(['interrupted', 'interrupted']);
  });

  it('is quick when there is nothing to do', async () => {
    const bench = await startBench({ lines });
    const startedAt = Date.now();
    await bench.bot.stop();
    expect(Date.now() - startedAt).toBeLessThan(1500);
  });
});

describe('the connection', () => {
  it.each([
    ['Slack asks for a new one', (bench: Bench) => bench.slack.sockets.disconnect('refresh_requested')],
    ['it breaks', (bench: Bench) => bench.slack.sockets.cut()],
  ])('is made again at once when %s', async (_name, lose) => {
    const bench = await startBench({ lines });
    const startedAt = Date.now();
    lose(bench);
    await until(
      () =>
        bench.slack.sockets.count() === 1 &&
        bench.log.some(({ message }) => message.includes('connected to Slack again')),
    );
    expect(Date.now() - startedAt).toBeLessThan(3000);
    await ask(bench);
    await answerWith(bench, 'delivered');
  });

  it('is made again when Slack was away for a while', async () => {
    const first = await startSlackDouble();
    const port = Number(new URL(first.url).port);
    const fleet = await openFleet({ slack: first, lines });
    await first.close();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const second = await startSlackDouble({ port });
    try {
      await until(() => second.sockets.count() === 1);
      await second.person('alice').command(second.channel('general'), '/mailtrace help');
      await second.waitFor('help', () =>
        second.messages(second.channel('general')).some(({ text }) => text.includes('Usage')),
      );
    } finally {
      await fleet.close();
      await second.close();
    }
  });

  it('ends the bot when the token was taken back', async () => {
    const bench = await startBench({ lines });
    bench.slack.faults.plant('apps.connections.open', { kind: 'error', error: 'token_revoked' }, 5);
    bench.slack.sockets.cut();
    await until(() => bench.lost.length > 0);
    expect(bench.lost).toMatchObject([
      { slackError: 'token_revoked', hint: expect.stringContaining('SLACK_BOT_TOKEN') },
    ]);
  });

  it('is not begun with a token that is not good, and says which', async () => {
    const slack = await startSlackDouble();
    try {
      const bad = { ...slack, botToken: 'xoxb-wrong' };
      await expect(openFleet({ slack: bad, lines, rules: EVERYTHING })).rejects.toMatchObject({
        slackError: 'invalid_auth',
        hint: expect.stringContaining('SLACK_BOT_TOKEN'),
      });
    } finally {
      await slack.close();
    }
  });
});

describe('signed requests', () => {
  it('without a good signature, or too old, get 401', async () => {
    const bench = await startBench({ lines, transport: 'http' });
    const url = `http://127.0.0.1:${bench.bot.port}/slack/events`;
    const send = (headers: Readonly<Record<string, string>>) =>
      fetch(url, {
        method: 'POST',
        body: 'command=%2Fmailtrace&text=help',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      });
    const now = Math.floor(Date.now() / 1000);
    expect((await send({})).status).toBe(401);
    expect(
      (await send({ 'x-slack-request-timestamp': String(now), 'x-slack-signature': `v0=${'0'.repeat(64)}` })).status,
    ).toBe(401);
    expect(whispers(bench, bench.general)).toEqual([]);
  });
});
