/** Who may see what, as seen from outside: messages, calls to Slack, audit log. */
import { describe, expect, it } from 'vitest';
import type { AccessRule } from '../../src/app/access.ts';
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
import { delivered, EVERYTHING } from '../support/slack-fleet.ts';

const own: AccessRule = { who: 'everyone', may: ['trace'], scope: 'own' };
const partner: AccessRule = { who: ['U02BOB'], may: ['trace'], scope: { domains: ['partner.example'], clusters: [] } };

const lines = [
  ...delivered({ id: '0001', to: 'bob@campus.example' }),
  ...delivered({ id: '0002', to: 'carol@campus.example', secondsAgo: 6000 }),
  ...delivered({ id: '0003', to: 'dave@partner.example', secondsAgo: 5000 }),
];

/** What the app did, without what differs between any two runs. */
const callsOf = ({ slack }: Bench, word: string): string =>
  JSON.stringify(
    slack.calls().map(({ method, args, status }) => ({ method, args, status })),
    null,
    1,
  )
    .replaceAll(word, 'KEYWORD')
    .replace(/\d{10}\.\d{6}/g, 'TS')
    .replace(/"D[0-9A-F]{10}"/g, 'DIRECT')
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?/g, 'TIME');

describe('what is out of scope', () => {
  it.each([
    ['own', [own], 'bob'],
    ['domains', [partner], 'bob'],
    ['several rules', [own, partner], 'bob'],
  ] as const)('gives the very calls of what does not exist (%s)', async (_name, rules, who) => {
    const ask = async (word: string): Promise<string> => {
      const bench = await startBench({ lines, rules });
      const { slack, general } = bench;
      slack.clearCalls();
      await slack.person(who).command(general, `/mailtrace ${word}`);
      await whisperWith(bench, 'Nothing found');
      await auditedLines(bench, 1);
      expect(await bench.audited()).toMatchObject([{ outcome: 'not-found' }]);
      return callsOf(bench, word);
    };
    const outOfScope = await ask('carol@campus.example');
    expect(outOfScope).toContain('KEYWORD');
    expect(outOfScope).toBe(await ask('ghost@campus.example'));
  });
});

describe('own mail', () => {
  it('goes to direct messages, and names nobody else', async () => {
    const bench = await startBench({ lines, rules: [own] });
    const bob = bench.slack.person('bob');
    await bob.command(bench.general, '/mailtrace ann@sender.example');
    const answer = await answerWith(bench, 'delivered', bob.directChannel());
    const shown = [answer, ...(await thread(bench, answer))].map(read).join('\n');
    expect(shown).toContain('A10001');
    expect(shown).not.toMatch(/carol|dave|A10002|A10003/);
    expect(JSON.stringify(bench.slack.calls())).not.toMatch(/carol@|dave@/);
    expect(answers(bench, bench.general)).toEqual([]);
    expect(read(await whisperWith(bench, 'own mail only'))).toContain('direct messages');
  });

  it('is nothing for an address that is not confirmed', async () => {
    const bench = await startBench(
      { lines, rules: [own] },
      {
        world: await import('../../src/playground/playground.ts').then(({ defaultWorld }) => ({
          ...defaultWorld,
          users: defaultWorld.users.map((user) => ({ ...user, isEmailConfirmed: false })),
        })),
      },
    );
    await bench.slack.person('bob').command(bench.general, '/mailtrace bob@campus.example');
    await whisperWith(bench, 'Slack has no confirmed address of yours');
    expect(answers(bench, bench.general)).toEqual([]);
  });

  it('of somebody with a further rule moves to direct messages; mail of that rule stays in the channel', async () => {
    const bench = await startBench({ lines, rules: [own, partner] });
    const bob = bench.slack.person('bob');
    await bob.command(bench.general, '/mailtrace dave@partner.example');
    expect(read(await answerWith(bench, 'delivered'))).toContain('dave@partner.example');
    await bob.command(bench.general, '/mailtrace bob@campus.example');
    expect(read(await answerWith(bench, 'delivered', bob.directChannel()))).toContain('bob@campus.example');
    await whisperWith(bench, 'direct messages');
    expect(answers(bench, bench.general).map(read).join()).not.toContain('bob@campus.example');
  });
});

describe('whom no rule names', () => {
  it.each([
    ['a guest', 'gina', EVERYTHING],
    ['somebody of another organisation', 'femi', EVERYTHING],
    ['anybody else', 'alice', [partner]],
  ] as const)('%s is told so, in words that do not depend on the question', async (_name, who, rules) => {
    const bench = await startBench({ lines, rules });
    const questions = ['bob@campus.example', 'ghost@nowhere.example', 'bob@campus.example 03/04', 'qid:A10001 last 4h'];
    for (const question of questions) await bench.slack.person(who).command(bench.general, `/mailtrace ${question}`);
    await bench.slack.waitFor('four whispers', () => whispers(bench, bench.general).length === 4);
    const words = new Set(whispers(bench, bench.general).map((whisper) => `${whisper.text}\n${read(whisper)}`));
    expect(words.size).toBe(1);
    expect([...words][0]).not.toContain('campus.example');
    expect(answers(bench, bench.general)).toEqual([]);
    expect((await auditedLines(bench, 4)).map(({ outcome }) => outcome)).toEqual(Array(4).fill('denied'));
  });

  it('may still read what a code means', async () => {
    const bench = await startBench({ lines, rules: [partner] });
    await bench.slack.person('gina').command(bench.general, '/mailtrace explain 5.7.1');
    expect(read(await whisperWith(bench, 'Usual cause'))).toContain('5.7.1');
  });
});

describe('a button', () => {
  const twice = [...lines, ...delivered({ id: '0004', to: 'carol@campus.example', secondsAgo: 4000 })];

  it('shows nothing to a person without rights', async () => {
    const bench = await startBench({ lines: twice, rules: [{ who: ['U01ALICE'], may: ['trace'], scope: 'all' }] });
    await bench.slack.person('alice').command(bench.general, '/mailtrace carol@campus.example');
    const list = await answerWith(bench, '2 messages match');
    await bench.slack.person('bob').click(list, { actionId: 'trace_chain', blockId: 'trace_1' });
    const whisper = await whisperWith(bench, 'no rule of the access list names you');
    expect(whisper.ephemeralTo).toBe('U02BOB');
    expect(bench.slack.replies(list).filter(({ ephemeralTo }) => ephemeralTo === null)).toEqual([]);
  });

  it('shows nothing to a person in whose scope the message is not, in the words for what does not exist', async () => {
    const rules: AccessRule[] = [{ who: ['U01ALICE'], may: ['trace'], scope: 'all' }, partner];
    const bench = await startBench({ lines: twice, rules });
    await bench.slack.person('alice').command(bench.general, '/mailtrace carol@campus.example');
    const list = await answerWith(bench, '2 messages match');
    await bench.slack.person('bob').click(list, { actionId: 'trace_chain', blockId: 'trace_1' });
    expect(read(await whisperWith(bench, 'Nothing found'))).not.toContain('carol');
    expect(
      bench.slack.replies(list).filter(({ ephemeralTo, isTombstone }) => ephemeralTo === null && !isTombstone),
    ).toEqual([]);
  });

  it('answers in direct messages when the presser may see only his own mail', async () => {
    const rules: AccessRule[] = [{ who: ['U01ALICE'], may: ['trace'], scope: 'all' }, own];
    const bench = await startBench({
      lines: [...lines, ...delivered({ id: '0005', to: 'bob@campus.example', secondsAgo: 3000 })],
      rules,
    });
    const bob = bench.slack.person('bob');
    await bench.slack.person('alice').command(bench.general, '/mailtrace bob@campus.example');
    const list = await answerWith(bench, '2 messages match');
    await bob.click(list, { actionId: 'trace_chain', blockId: 'trace_1' });
    expect(read(await answerWith(bench, 'delivered', bob.directChannel()))).toContain('bob@campus.example');
  });
});

describe('rules', () => {
  it('by user group and by channel', async () => {
    const rules: AccessRule[] = [{ who: ['#mail-ops'], may: ['trace'], scope: 'all' }];
    const bench = await startBench({ lines, rules });
    const ops = bench.slack.channel('mail-ops');
    await bench.slack.person('bob').command(bench.general, '/mailtrace carol@campus.example');
    await whisperWith(bench, 'no rule of the access list names you');
    await bench.slack.person('bob').command(ops, '/mailtrace carol@campus.example');
    await answerWith(bench, 'delivered', ops);
  });

  it('asks Slack only for groups that a rule names', async () => {
    const group = (await startBench({ lines })).slack.world.userGroups[0];
    const rules: AccessRule[] = [{ who: [group?.id ?? ''], may: ['trace'], scope: 'all' }];
    const bench = await startBench({ lines, rules });
    const member = group?.members[0] ?? '';
    await bench.slack.person(member).command(bench.general, '/mailtrace carol@campus.example');
    await answerWith(bench, 'delivered');
    expect(
      bench.slack
        .calls()
        .filter(({ method }) => method === 'usergroups.users.list')
        .map(({ args }) => args['usergroup']),
    ).toEqual([group?.id]);
  });

  it('without any the bot does not start, and shows the lines to add', async () => {
    await expect(startBench({ lines, rules: [] })).rejects.toMatchObject({
      code: 'config',
      hint: expect.stringContaining('access:'),
    });
  });
});
