/** Alerts end to end: real Bolt, real state on disk, a Slack on loopback that enforces Slack's limits; lines handed over in rounds. */
import { describe, expect, it } from 'vitest';
import type { AccessRule } from '../../src/app/access.ts';
import type { Message } from '../../src/playground/playground.ts';
import { type Mail, MX1, mail } from '../support/alert-lines.ts';
import { type AlertSlack, openAlertSlack } from '../support/alert-slack.ts';
import { expectGoodCalls, read, thread, whispers, whisperWith } from '../support/slack-bench.ts';

let serial = 0;
const id = (): string => `A${String(++serial).padStart(6, '0')}`;

/** Bounces of now. */
const bounces = (at: AlertSlack, count = 1, facts: Mail = {}) =>
  Array.from({ length: count }, () => mail(id(), at.seconds(), facts)).flat();

const command = (at: AlertSlack, line: string, who = 'alice', channel = at.channel) =>
  at.slack.person(who).command(channel, `/mailtrace ${line}`);

const subscribed = async (at: AlertSlack, rule: string): Promise<Message> => {
  await command(at, `subscribe ${rule}`);
  return whisperWith(at.bench(), 'now watches', at.channel);
};

const parentWith = (at: AlertSlack, text: RegExp): Promise<Message> =>
  at.slack.waitFor(`an incident with ${text}`, () => at.parents().find((message) => text.test(read(message))), 20_000);

const repliesWith = (at: AlertSlack, parent: Message, text: RegExp): Promise<Message> =>
  at.slack.waitFor(
    `a reply with ${text}`,
    () => at.slack.replies(parent).find((reply) => text.test(read(reply))),
    30_000,
  );

describe('an incident in a channel', () => {
  it('opens, grows, is told about in its thread, and closes with a summary', async () => {
    const at = await openAlertSlack();
    const confirmation = await subscribed(at, 'bounced deferred domain:partner.example');
    expect(confirmation.ephemeralTo).toBe('U01ALICE');
    expect(read(confirmation)).toContain('bounced or deferred, with sender or recipient in partner.example');
    expect(read(confirmation)).toContain('Undo: /mailtrace unsubscribe bounced deferred domain:partner.example');

    await at.read(bounces(at));
    const parent = await parentWith(at, /^● open — 1 bounced at mx\.partner\.example: .*User unknown/);
    expect(read(parent)).toContain('1 sender: erin@campus.example; 1 recipient: dave@partner.example');
    expect(at.slack.replies(parent)).toEqual([]);

    await at.read([
      ...bounces(at, 2, { to: 'carol@partner.example' }),
      ...bounces(at, 1, { to: 'bob@elsewhere.example', relay: 'mx.elsewhere.example[203.0.113.99]:25' }),
    ]);
    await parentWith(at, /^● open — 3 bounced/);
    const detail = await repliesWith(at, parent, /2 more/);
    expect(read(detail)).toMatch(
      /bounced erin@campus\.example → carol@partner\.example on mx1\.campus\.example, queue ID A0/,
    );

    // Event time passes: nothing matched for 15 minutes.
    await at.read([], 16 * 60);
    await parentWith(at, /^✔ closed — 3 bounced/);
    expect(read(await repliesWith(at, parent, /^✔ closed/))).toContain('3 bounced at mx.partner.example');
    expect(at.parents()).toHaveLength(1);
    expectGoodCalls(at.bench());
    const audit = await at.bench().audited();
    expect(audit).toMatchObject([
      { user: 'U01ALICE', query: 'subscribe bounced deferred domain:partner.example', outcome: 'subscribed' },
    ]);
    expect(at.bench().log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('opens only over the threshold', async () => {
    const at = await openAlertSlack();
    await subscribed(at, 'bounced over 3 in 10m');
    await at.read(bounces(at, 3));
    expect(at.ledger().outbox()).toEqual([]);
    await at.read(bounces(at, 1));
    await parentWith(at, /^● open — 4 bounced/);
  });

  it('goes on over a restart, and says nothing twice', async () => {
    const at = await openAlertSlack();
    await subscribed(at, 'bounced');
    const first = bounces(at, 2);
    await at.read(first);
    const parent = await parentWith(at, /— 2 bounced/);
    await at.restart();
    // After a crash lines come again.
    await at.read([...first, ...bounces(at, 3)]);
    const same = await parentWith(at, /— 5 bounced/);
    expect(same.ts).toBe(parent.ts);
    await repliesWith(at, parent, /more/);
    expect(at.parents()).toHaveLength(1);
    expectGoodCalls(at.bench());
  });
});

describe('Slack that does not take it', () => {
  it('limits: Retry-After is kept, nothing is lost', async () => {
    const at = await openAlertSlack();
    await subscribed(at, 'bounced');
    at.slack.faults.plant('chat.postMessage', { kind: 'rate-limited', retryAfterSeconds: 2 }, 2);
    at.slack.clearCalls();
    await at.read(bounces(at));
    await parentWith(at, /— 1 bounced/);
    const posts = at.slack.calls().filter(({ method }) => method === 'chat.postMessage');
    expect(posts.map(({ error }) => error)).toEqual(['ratelimited', 'ratelimited', null]);
    expect(posts[1]!.atMs - posts[0]!.atMs).toBeGreaterThanOrEqual(2000);
    expect(posts[2]!.atMs - posts[1]!.atMs).toBeGreaterThanOrEqual(2000);
  });

  it('is away for a while: what waited is posted once, in its newest state', async () => {
    const at = await openAlertSlack();
    await subscribed(at, 'bounced');
    at.slack.faults.plant('chat.postMessage', { kind: 'hang-up' }, 2);
    at.slack.faults.plant('chat.postMessage', { kind: 'status', status: 503 }, 2);
    for (let round = 0; round < 5; round++) await at.read(bounces(at, 2));
    const parent = await parentWith(at, /— 10 bounced/);
    expect(at.parents()).toHaveLength(1);
    await repliesWith(at, parent, /10 more, the newest 5/);
  });

  it('is archived: the subscription sleeps, its creator is told, the list shows why', async () => {
    const at = await openAlertSlack();
    await subscribed(at, 'bounced');
    at.slack.faults.plant('chat.postMessage', { kind: 'error', error: 'is_archived' });
    await at.read(bounces(at, 2));
    const direct = await at.slack.waitFor('a direct message', () => {
      const channel = at.slack.person('alice').directChannel();
      return at.slack.messages(channel).find((message) => read(message).includes('Your subscription sleeps'));
    });
    expect(read(direct)).toContain('is_archived');
    expect(read(direct)).toContain('/mailtrace subscribe bounced');
    await command(at, 'subscriptions');
    expect(read(await whisperWith(at.bench(), 'asleep', at.channel))).toContain('is_archived');
    await subscribed(at, 'bounced');
    await at.read(bounces(at, 1));
    await parentWith(at, /— 1 bounced/);
  });

  it('shows a message that somebody deleted anew', async () => {
    const at = await openAlertSlack();
    await subscribed(at, 'bounced');
    await at.read(bounces(at));
    const parent = await parentWith(at, /— 1 bounced/);
    at.slack.faults.plant('chat.update', { kind: 'error', error: 'message_not_found' });
    await at.read(bounces(at));
    const next = await at.slack.waitFor(
      'another message',
      () => at.parents().find(({ ts }) => ts !== parent.ts),
      20_000,
    );
    expect(read(next)).toContain('2 bounced');
  });
});

describe('buttons', () => {
  it('acknowledge and mute for a stated time', async () => {
    const at = await openAlertSlack();
    await subscribed(at, 'bounced');
    await at.read(bounces(at));
    const parent = await parentWith(at, /— 1 bounced/);
    expect(read(parent)).toContain('[Trace an example] [Open the trace] [Acknowledge for 1h] [Mute for 1h]');

    const bob = at.slack.person('bob');
    await bob.click(parent, { actionId: 'incident_acknowledge' });
    const acknowledged = await parentWith(at, /^◐ acknowledged[\s\S]*Acknowledged by bob until/);
    expect(read(await whisperWith(at.bench(), 'You look after it until', at.channel))).toMatch(/E[SD]T/);
    await bob.click(acknowledged, { actionId: 'incident_withdraw' });
    await bob.click(await parentWith(at, /^● open/), { actionId: 'incident_mute' });
    const muted = await parentWith(at, /^◌ muted[\s\S]*Muted until/);
    expect(read(muted)).toContain('[Acknowledge for 1h] [Unmute]');
    await at.read(bounces(at, 3));
    await parentWith(at, /^◌ muted — 4 bounced/);
    expect(at.slack.replies(parent)).toEqual([]);
    expect((await at.bench().audited()).map(({ user, outcome }) => [user, outcome])).toEqual([
      ['U01ALICE', 'subscribed'],
      ['U02BOB', 'done'],
      ['U02BOB', 'done'],
      ['U02BOB', 'done'],
    ]);
    expectGoodCalls(at.bench());
  });

  it('trace an example: verdict, table and picture in the thread', async () => {
    const queueId = id();
    /** Five minutes ago, in the log and in what is followed. */
    const then = mail(queueId, -300);
    const at = await openAlertSlack({ lines: then.map(([seconds, text]) => [MX1, -seconds, text] as const) });
    await subscribed(at, 'bounced');
    await at.read(then);
    const parent = await parentWith(at, /— 1 bounced/);
    await at.slack.person('bob').click(parent, { actionId: 'trace_chain' });
    const replies = await thread(at.bench(), parent);
    expect(replies.map(read).join('\n')).toContain(
      `| 1 | ${MX1} | ${queueId} | dave@partner.example | bounced | 5.1.1 |`,
    );
    expect(replies.map(read)[0]).toMatch(/^✘ bounced/);
  });

  it('trace an example as the person who presses may see it', async () => {
    const at = await openAlertSlack({
      rules: [
        { who: ['U01ALICE'], may: ['trace', 'subscribe'], scope: 'all' },
        { who: ['U02BOB'], may: ['trace'], scope: { domains: ['nowhere.example'], clusters: [] } },
      ],
    });
    await subscribed(at, 'bounced');
    await at.read(bounces(at));
    const parent = await parentWith(at, /— 1 bounced/);
    await at.slack.person('bob').click(parent, { actionId: 'trace_chain' });
    expect(read(await whisperWith(at.bench(), 'Nothing found', at.channel))).toContain('qid:A0');
    await at.slack.person('bob').click(parent, { actionId: 'incident_mute' });
    await whisperWith(at.bench(), 'You may not manage alerts here', at.channel);
    expect((await at.bench().audited()).map(({ outcome }) => outcome)).toEqual(['subscribed', 'not-found', 'denied']);
    expect(read(at.parents()[0]!)).toMatch(/^● open/);
  });
});

describe('commands', () => {
  it('list, replace, mute, unmute and remove', async () => {
    const at = await openAlertSlack();
    await subscribed(at, 'bounced domain:x.example');
    await command(at, 'subscribe deferred domain:x.example over 5 in 1h');
    await whisperWith(at.bench(), /It watched mail that is bounced.* before: that is replaced/, at.channel);
    await command(at, 'subscriptions', 'bob');
    expect(read(await whisperWith(at.bench(), '1 subscription', at.channel))).toContain(
      'mail that is deferred, with sender or recipient in x.example; over 5 in 1h. Remove: /mailtrace unsubscribe deferred domain:x.example',
    );
    await command(at, 'mute 1h');
    await whisperWith(at.bench(), 'Nothing new is posted here until', at.channel);
    await command(at, 'unmute');
    await whisperWith(at.bench(), 'No longer muted', at.channel);
    await command(at, 'unsubscribe bounced');
    await whisperWith(at.bench(), 'watches nothing with these kinds and filters', at.channel);
    await command(at, 'unsubscribe deferred domain:x.example');
    await whisperWith(at.bench(), 'no longer watched: mail that is deferred', at.channel);
    expect(at.ledger().subscriptions()).toEqual([]);
    expect(at.parents()).toEqual([]);
    expectGoodCalls(at.bench());
  });

  it.each([
    ['a host that does not exist', 'subscribe bounced host:mx3', 'Did you mean host:mx1?'],
    ['a cluster that does not exist', 'subscribe bounced cluster:mxs', 'Did you mean cluster:mx?'],
    ['a kind that does not exist', 'subscribe bounce', 'Did you mean bounced?'],
    ['nothing to remove', 'unsubscribe all', 'has no subscriptions'],
  ])('say what is wrong with %s', async (_name, line, text) => {
    const at = await openAlertSlack();
    await command(at, line);
    await whisperWith(at.bench(), text.replace('?', '\\?'), at.channel);
    expect(at.ledger().subscriptions()).toEqual([]);
  });

  it('that cannot be written to the audit log change nothing', async () => {
    const at = await openAlertSlack({ audit: { write: () => Promise.reject(new Error('disk full')) } });
    await command(at, 'subscribe bounced');
    await whisperWith(at.bench(), 'The audit log cannot be written', at.channel);
    expect(at.ledger().subscriptions()).toEqual([]);
  });

  it('in a channel without the bot: not subscribed, and how to invite it', async () => {
    const at = await openAlertSlack();
    const other = at.slack.world.channels.find(
      ({ hasBot, isArchived, members }) => !hasBot && !isArchived && members.includes('U01ALICE'),
    );
    await command(at, 'subscribe bounced', 'alice', other?.id);
    expect(read(await whisperWith(at.bench(), 'Not subscribed', other?.id))).toContain('/invite @mailtrace');
    expect(at.ledger().subscriptions()).toEqual([]);
  });
});

describe('rights', () => {
  const DOMAIN: AccessRule = {
    who: ['U01ALICE'],
    may: ['subscribe'],
    scope: { domains: ['campus.example'], clusters: [] },
  };

  it.each<readonly [string, readonly AccessRule[], string, string]>([
    ['no rule', [{ who: 'everyone', may: ['trace'], scope: 'all' }], 'alice', 'with the right subscribe'],
    ['only his own mail', [{ who: 'everyone', may: ['subscribe'], scope: 'own' }], 'alice', 'about the mail of others'],
    ['a guest', [{ who: 'everyone', may: ['subscribe'], scope: 'all' }], 'gina', 'with the right subscribe'],
  ])('%s: no subscription', async (_name, rules, who, text) => {
    const at = await openAlertSlack({ rules });
    for (const line of ['subscribe bounced', 'subscriptions', 'unsubscribe all', 'mute 1h'])
      await command(at, line, who);
    await at.slack.waitFor(
      'four refusals',
      () => whispers(at.bench(), at.channel).filter((message) => read(message).includes(text)).length === 4,
    );
    expect(at.ledger().subscriptions()).toEqual([]);
    expect((await at.bench().audited()).map(({ outcome }) => outcome)).toEqual(Array(4).fill('denied'));
  });

  it('a subscription sees what the rules of its creator cover', async () => {
    const at = await openAlertSlack({ rules: [DOMAIN] });
    expect(read(await subscribed(at, 'bounced'))).toContain('It sees only: mail of campus.example');
    await at.read([
      ...bounces(at, 1, { from: 'erin@campus.example' }),
      ...bounces(at, 5, { from: 'ann@sender.example' }),
    ]);
    expect(read(await parentWith(at, /— 1 bounced/))).not.toContain('sender.example');
  });

  it('that were taken away end it with the next start', async () => {
    const rules: AccessRule[] = [DOMAIN];
    const at = await openAlertSlack({ rules });
    await subscribed(at, 'bounced');
    rules.splice(0, 1, { who: ['U02BOB'], may: ['subscribe'], scope: 'all' });
    await at.restart();
    await at.slack.waitFor('a direct message', () => {
      const channel = at.slack.person('alice').directChannel();
      return at.slack.messages(channel).find((message) => read(message).includes('may no longer subscribe'));
    });
    await at.read(bounces(at, 2));
    expect(at.ledger().subscriptions()).toMatchObject([
      { suspended: { reason: expect.stringContaining('access rules') } },
    ]);
    expect(at.ledger().incidents()).toEqual([]);
  });
});

describe('without following', () => {
  it('says what to configure', async () => {
    const { startBench } = await import('../support/slack-bench.ts');
    const bench = await startBench({ lines: [], rules: [{ who: 'everyone', may: ['subscribe'], scope: 'all' }] });
    await bench.slack.person('alice').command(bench.general, '/mailtrace subscribe bounced');
    expect(read(await whisperWith(bench, 'Nobody follows the logs'))).toContain('tracing.enabled: true');
  });
});
