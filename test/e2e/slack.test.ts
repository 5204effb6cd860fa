/** The bot end to end: real Bolt, real logs on disk, and a Slack on loopback that enforces Slack's limits. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  answers,
  answerWith,
  auditedLines,
  expectGoodCalls,
  read,
  startBench,
  thread,
  whispers,
  whisperWith,
} from '../support/slack-bench.ts';
import { bounced, delivered, MAILBOX1, MX1, rejected } from '../support/slack-fleet.ts';

describe.each(['socket', 'http'] as const)('over %s', (transport) => {
  it('answers in the channel, with table and picture in the thread', async () => {
    const bench = await startBench({ transport, lines: delivered({ id: '0001', to: 'bob@campus.example' }) });
    const delivery = await bench.slack.person('alice').command(bench.general, '/mailtrace bob@campus.example');
    expect(delivery?.kind).toBe('acked');

    const answer = await answerWith(bench, 'delivered');
    expect(read(answer)).toMatch(/^✔ delivered — .*bob@campus\.example/);
    expect(read(answer)).toContain('ann@sender.example → bob@campus.example');
    expect(read(answer)).toMatch(/Window: \d{4}-\d\d-\d\d \d\d:\d\d.* \(Europe\/Berlin, UTC\+0[12]:00\)/);

    const replies = await thread(bench, answer);
    const table = replies.map(read).find((text) => text.includes('| hop | host |'));
    expect(table).toContain('| hop | host | queue ID | recipient | status | DSN | reply code | delay | relay |');
    expect(table).toContain(`| 1 | ${MX1} | A10001 | bob@campus.example | sent | 2.0.0 | 250 | 1.1 s | ${MAILBOX1} |`);
    expect(table).toContain(`| 2 | ${MAILBOX1} | B10001 | bob@campus.example | sent | 2.0.0 |`);

    const file = bench.slack.files().find(({ name }) => name.endsWith('.png'));
    const picture = await sharp(file?.bytes ?? new Uint8Array()).metadata();
    expect(picture.format).toBe('png');
    expect(picture.width).toBeGreaterThan(300);
    expect(file?.altText).toMatch(
      new RegExp(
        `Path of the mail from ann@sender.example to bob@campus.example.*${MX1} handed A10001 to ${MAILBOX1} as B10001`,
      ),
    );

    expect(await bench.audited()).toMatchObject([
      { user: 'U01ALICE', channel: bench.general, query: 'bob@campus.example', outcome: 'found: delivered' },
    ]);
    expectGoodCalls(bench);
    expect(bench.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('runs a button press', async () => {
    const lines = [
      ...delivered({ id: '0001', to: 'bob@campus.example' }),
      ...delivered({ id: '0002', to: 'bob@campus.example', secondsAgo: 3600 }),
    ];
    const bench = await startBench({ transport, lines });
    await bench.slack.person('alice').command(bench.general, '/mailtrace bob@campus.example');
    const list = await answerWith(bench, '2 messages match');
    expect(read(list)).toMatch(/1\. ✔ delivered .* A10002 on .*[\s\S]*2\. ✔ delivered .* A10001 on/);

    await bench.slack.person('bob').click(list, { actionId: 'trace_chain', blockId: 'trace_2' });
    const replies = await thread(bench, list);
    expect(replies.map(read).join('\n')).toContain(`| 1 | ${MX1} | A10001 |`);
    expect(replies.map(read).join('\n')).not.toContain('A10002');
    expect(replies.map(read)[0]).toMatch(/^✔ delivered/);
    expect((await bench.audited()).map(({ user, outcome }) => [user, outcome])).toEqual([
      ['U01ALICE', 'found: 2 messages'],
      ['U02BOB', 'found: delivered'],
    ]);
    expectGoodCalls(bench);
  });
});

describe('answers', () => {
  it('shows a bounce with its cause, and the notice in the thread', async () => {
    const bench = await startBench({ lines: bounced('0003', 'dave@partner.example') });
    await bench.slack.person('alice').command(bench.general, '/mailtrace dave@partner.example last 4h');
    const answer = await answerWith(bench, 'bounced');
    expect(read(answer)).toContain('mx.partner.example');
    expect(read(answer)).toContain('Next: ');
    await thread(bench, answer);
    const notice = await bench.slack.waitFor('the bounce', () =>
      bench.slack.replies(answer).find((reply) => read(reply).startsWith('Its bounce')),
    );
    expect(read(notice)).toContain('| 1 | mx1.campus.example | D10003 | erin@campus.example | sent |');
  });

  it('says why mail was refused, without table or picture', async () => {
    const bench = await startBench({ lines: rejected('nobody@campus.example') });
    await bench.slack.person('alice').command(bench.general, '/mailtrace nobody@campus.example');
    const answer = await answerWith(bench, 'rejected');
    expect(read(answer)).toContain('550 5.1.1');
    expect(read(answer)).toContain('User unknown in relay recipient table');
    expect(read(answer)).toContain('Next: ');
    await auditedLines(bench, 1);
    expect(bench.slack.replies(answer)).toEqual([]);
    expect(bench.slack.files()).toEqual([]);
  });

  it('takes the channel message away when nothing is found, and tells the asker what was searched', async () => {
    const bench = await startBench({ lines: delivered({ id: '0001', to: 'bob@campus.example' }) });
    await bench.slack.person('alice').command(bench.general, '/mailtrace ghost@campus.example yesterday 10am 4h');
    const whisper = await whisperWith(bench, 'Nothing found');
    expect(whisper.ephemeralTo).toBe('U01ALICE');
    expect(read(whisper)).toMatch(/for ghost@campus\.example\. All logs were read\./);
    expect(read(whisper)).toMatch(/Window: .* 06:00 .* to .* 14:00 .*Europe\/Berlin/);
    expect(read(whisper)).toContain(`2 hosts: ${MX1}, ${MAILBOX1}`);
    expect(read(whisper)).toContain('What to try');
    expect(answers(bench, bench.general)).toEqual([]);
    expect(await auditedLines(bench, 1)).toMatchObject([{ outcome: 'not-found' }]);
  });

  it('names a host it could not read, with what was found and without', async () => {
    const bench = await startBench({
      lines: delivered({ id: '0001', to: 'bob@campus.example' }),
      deadHost: 'mx9.campus.example',
    });
    const alice = bench.slack.person('alice');
    await alice.command(bench.general, '/mailtrace bob@campus.example');
    expect(read(await answerWith(bench, 'delivered'))).toMatch(/Not read[\s\S]*mx9\.campus\.example unreadable: /);
    await alice.command(bench.general, '/mailtrace ghost@campus.example');
    expect(read(await whisperWith(bench, 'Nothing found'))).toMatch(
      /1 host could not be read: the answer may be there[\s\S]*mx9/,
    );
  });

  it.each([
    ['a phrase with two readings', '/mailtrace bob@campus.example 03/04', /Next: /],
    ['a time without anything to find', '/mailtrace yesterday 10am', /Next: /],
    ['a code that is none', '/mailtrace explain teapot', /no reply or status code/],
    ['help', '/mailtrace help', /Usage: \/mailtrace WHAT/],
    ['a code', '/mailtrace explain 5.1.1', /Usual cause: /],
    ['nothing at all', '/mailtrace', /Usage: /],
  ])('whispers about %s', async (_name, line, expected) => {
    const bench = await startBench({ lines: [] });
    await bench.slack.person('bob').command(bench.general, line);
    const whisper = await whisperWith(bench, expected);
    expect(whisper.ephemeralTo).toBe('U02BOB');
    expect(answers(bench, bench.general)).toEqual([]);
    expectGoodCalls(bench);
  });

  it('reads and shows times in the zone of the asker', async () => {
    const bench = await startBench({ lines: [] });
    await bench.slack.person('bob').command(bench.general, '/mailtrace ghost@campus.example yesterday 10am');
    expect(read(await whisperWith(bench, 'Nothing found'))).toMatch(
      /09:00 E[SD]T to .* 11:00 E[SD]T \(America\/New_York/,
    );
  });

  it('goes to direct messages where it is no member, and says how to invite it', async () => {
    const bench = await startBench({ lines: delivered({ id: '0001', to: 'bob@campus.example' }) });
    const elsewhere = bench.slack.world.channels.find(
      ({ hasBot, members, isArchived }) => !hasBot && !isArchived && members.includes('U01ALICE'),
    );
    const alice = bench.slack.person('alice');
    await alice.command(elsewhere!.id, '/mailtrace bob@campus.example');
    const whisper = await whisperWith(bench, '/invite @mailtrace', elsewhere!.id);
    expect(whisper.ephemeralTo).toBe('U01ALICE');
    const answer = await answerWith(bench, 'delivered', alice.directChannel());
    expect((await thread(bench, answer)).map(read).join()).toContain('A10001');
    expect(answers(bench, elsewhere!.id)).toEqual([]);
  });

  it('shows something at once, however slow the logs are', async () => {
    const bench = await startBench({
      lines: delivered({ id: '0001', to: 'bob@campus.example' }),
      tracer: (real) => ({
        ...real,
        traceMessage: async (query, options) => {
          for (let round = 1; round <= 3; round++) {
            options.onProgress?.({ round, hostsAnswered: round, hostsAsked: 3, transactions: round });
            await new Promise((resolve) => setTimeout(resolve, 700));
          }
          return real.traceMessage(query, options);
        },
      }),
    });
    const sentAt = Date.now();
    await bench.slack.person('alice').command(bench.general, '/mailtrace bob@campus.example');
    const first = await answerWith(bench, 'Tracing bob@campus.example');
    expect(Date.now() - sentAt).toBeLessThan(1500);
    const answer = await answerWith(bench, 'delivered');
    expect(answer.ts).toBe(first.ts);
    const updates = bench.slack.calls().filter(({ method }) => method === 'chat.update');
    // Two seconds of rounds: at most three updates of progress, and the answer, which is the last.
    expect(updates.length).toBeGreaterThanOrEqual(2);
    expect(updates.length).toBeLessThanOrEqual(4);
    expect(JSON.stringify(updates.at(-1)?.args)).toContain('delivered');
    expect(whispers(bench, bench.general)).toEqual([]);
  });
});
