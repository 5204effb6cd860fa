/** One message under several queue IDs of one host is one transaction, and each recipient says under which he is found. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildHostDirectory } from '../../src/domain/host-names.ts';
import { queueId } from '../../src/domain/ids.ts';
import { addressedTo, type Transaction } from '../../src/domain/transaction.ts';
import { buildGraphModel } from '../../src/render/dot-model.ts';
import { toReportJson } from '../../src/render/json.ts';
import { hopRows } from '../../src/render/rows.ts';
import { absorbParts } from '../../src/trace/absorb-parts.ts';
import { isWanted } from '../../src/trace/match-keyword.ts';
import { at, recipient, transaction } from '../support/chains.ts';
import { createLogs, type Logs } from '../support/postfix-log.ts';
import { only, type StoryOptions, tell, tellChain, trace } from '../support/trace-story.ts';

const LIST = readFileSync(join(import.meta.dirname, '../fixtures/trace/sendmail-list-owner.log'), 'utf8')
  .split('\n')
  .filter(Boolean);
const HOSTS = ['gate', 'sun', 'exit', 'store', 'tide'].map((name) => `${name}.quay.example`);

const ofHost = (host: string): string[] => LIST.filter((line) => line.split(' ')[1] === host.split('.')[0]);

const listStory = (keyword: string | readonly string[], options: StoryOptions = {}) =>
  trace({ ...createLogs(), lines: () => Object.fromEntries(HOSTS.map((host) => [host, ofHost(host)])) }, keyword, {
    hosts: HOSTS,
    domain: 'quay.example',
    window: [126_000, 133_200],
    ...options,
  });

describe('what Sendmail really logged of a list with an owner', () => {
  it.each([
    '6ALL3SmH000604',
    '6ALL3SmH000605',
    'qid:6ALL3SmH000605',
    'text:6ALL3SmH000605: to=anna@',
    'text:clone: owner=fred',
    'from:fred',
    'anna@store.quay.example',
    'f131.6b020700@sea.example',
  ])('has no hop within the machine, found by %s', async (keyword) => {
    const chain = only(await listStory(keyword));
    expect(tellChain(chain).slice(1)).toEqual([
      'gate.quay.example/33A735386D0 > sun.quay.example/6ALL3SmH000604 queued-as: inc@sun.quay.example',
      'sun.quay.example/6ALL3SmH000604 > exit.quay.example/4jX4S021RNznFYK queued-as: nosuch9@d30.example',
      'sun.quay.example/6ALL3SmH000604 > store.quay.example/4jX4S02SnQznF0m queued-as: anna@store.quay.example',
      'sun.quay.example/6ALL3SmH000604 > tide.quay.example/1xUsF6-000000000UQ-1ipy queued-as: kurt@tide.quay.example',
      'store.quay.example/4jX4S02SnQznF0m > store.quay.example/jw/rGCAHAmspAgAA3eNBmA reinjection: anna@store.quay.example',
      'gate.quay.example/33A735386D0: inc@sun.quay.example sent',
      'sun.quay.example/6ALL3SmH000605: nosuch9@d30.example sent',
      'sun.quay.example/6ALL3SmH000605: anna@store.quay.example sent',
      'sun.quay.example/6ALL3SmH000605: kurt@tide.quay.example sent',
      'exit.quay.example/4jX4S021RNznFYK: nosuch9@d30.example bounced',
      'store.quay.example/4jX4S02SnQznF0m: anna@store.quay.example sent',
      'store.quay.example/jw/rGCAHAmspAgAA3eNBmA: anna@store.quay.example sent',
      'tide.quay.example/1xUsF6-000000000UQ-1ipy: kurt (kurt@tide.quay.example) sent',
    ]);
    expect(chain.verdict).toBe('partly-delivered');
  });

  it('names the part in the table and in JSON', async () => {
    const { report } = await listStory('6ALL3SmH000604');
    const ofSun = hopRows(report.chains[0]!).filter(({ host }) => host === 'sun.quay.example');
    expect(ofSun.map(({ hop, queueId, recipient }) => [hop, queueId, recipient])).toEqual([
      ['2', '6ALL3SmH000605', 'nosuch9@d30.example'],
      ['2', '6ALL3SmH000605', 'anna@store.quay.example'],
      ['2', '6ALL3SmH000605', 'kurt@tide.quay.example'],
    ]);
    const [gate, sun] = toReportJson(report).chains[0]!.transactions;
    expect([gate?.parts, gate?.recipients[0]?.partQueueId]).toEqual([[], null]);
    expect(sun).toMatchObject({
      queueId: '6ALL3SmH000604',
      sender: 'f131@sea.example',
      recipientCount: 1,
      firstSeen: '2026-11-21T21:03:03.231Z',
      lastSeen: '2026-11-21T21:03:03.483Z',
      parts: ['6ALL3SmH000605'],
    });
    expect(sun?.recipients.map(({ partQueueId }) => partQueueId)).toEqual(Array(3).fill('6ALL3SmH000605'));
  });
});

type Line = readonly [at: number, text: string];
const stamp = (at: number): string => new Date(Date.UTC(2026, 10, 20, 9, 0, 0) + at * 1000).toISOString();

const logs = (lines: readonly Line[]): Logs => ({
  ...createLogs(),
  lines: () => ({ 'sm.campus.example': lines.map(([at, text]) => `${stamp(at)} sm sm-mta[9]: ${text}`) }),
});

const story = (lines: readonly Line[], keyword: string, options: StoryOptions = {}) =>
  trace(logs(lines), keyword, { hosts: ['sm.campus.example'], ...options });

const [WHOLE, PART, OTHER, INNER] = ['6AL7O1DN000300', '6AL7O1DN000301', '6AL7O1DN000302', '6AL7O1DN000303'] as const;

const came = (id = WHOLE as string, at = 0): Line => [
  at,
  `${id}: from=<ann@sender.example>, size=479, class=0, nrcpts=2, msgid=<m1@sender.example>, proto=ESMTP, daemon=MTA, relay=mx [192.0.2.11]`,
];
const split = (id: string, ids: string, at = 1): Line => [at, `${id}: split: maxrcpts=1, rcpts=2, count=2, ids=${ids}`];
const clone = (id: string, part: string, at = 1): Line => [at, `${id}: ${part}: clone: owner=owner-staff`];
const line = (id: string, to: string, at: number, rest: string): Line => [
  at,
  `${id}: to=${to}, delay=00:00:02, xdelay=00:00:01, mailer=esmtp, pri=60479, ${rest}`,
];
const stored = (id: string, to: string, at = 2): Line =>
  line(id, to, at, 'relay=x.example. [192.0.2.9], dsn=2.0.0, stat=Sent (ok)');
const late = (id: string, to: string, at: number): Line =>
  line(id, to, at, 'relay=x.example. [192.0.2.9], dsn=4.4.1, stat=Deferred: Connection timed out with x.example.');

describe('a part', () => {
  it('that waits is named by the next step and the estimate, as the queue names it', async () => {
    const waits = [came(), split(WHOLE, `${PART}; ${OTHER}`), stored(PART, '<a@x.example>')];
    const lines = [...waits, late(OTHER, '<b@x.example>', 3), late(OTHER, '<b@x.example>', 1803)];
    const chain = only(await story([...lines, late(OTHER, '<b@x.example>', 3603)], WHOLE, { window: [-60, 7200] }));
    expect(tellChain(chain)).toEqual([
      'deferred',
      `sm/${WHOLE} > x.example/? gap external: a@x.example`,
      `sm/${PART}: a@x.example sent`,
      `sm/${OTHER}: b@x.example deferred after 3 tries`,
    ]);
    const { machines } = buildGraphModel([chain], [], { machines: 9, edges: 9 });
    expect(machines[0]?.outcomes.map((outcome) => [outcome.queueId, outcome.status])).toEqual([[OTHER, 'deferred']]);
    expect(chain.nextStep).toContain(`shows ${OTHER}`);
    expect(chain.nextStep).toContain(`sendmail -v -qI${OTHER}`);
    expect(chain.nextStep).not.toContain(WHOLE);
    expect(chain.transactions[0]?.removed).toBe(false);
    const cut = only(await story([...lines, late(OTHER, '<b@x.example>', 3603)], WHOLE, { now: 3700 }));
    expect(cut.retries.map(({ queueId }) => queueId)).toEqual([OTHER]);
  });

  it('that names nobody yet keeps the message open', async () => {
    const chain = only(
      await story([came(), split(WHOLE, `${PART}; ${OTHER}`), stored(PART, 'pat')], WHOLE, { now: 10 }),
    );
    expect(chain.verdict).toBe('in-progress');
    expect(chain.nextStep).toContain(`whether ${OTHER} is still in the queue`);
    expect(hopRows(chain).map(({ queueId, recipient, status }) => [queueId, recipient, status])).toContainEqual([
      OTHER,
      '',
      'in-progress',
    ]);
    expect(only(await story([came(), split(WHOLE, `${PART}; ${OTHER}`)], `qid:${OTHER}`)).transactions).toHaveLength(1);
  });

  it('that fails is given back by the message', async () => {
    const refused = line(PART, '<b@x.example>', 3, 'relay=x.example. [192.0.2.9], dsn=5.1.1, stat=User unknown');
    const chains = tell(
      await story(
        [
          came(),
          clone(WHOLE, PART),
          refused,
          [4, `${PART}: ${INNER}: DSN: User unknown`],
          stored(INNER, '<owner-staff@sm.example>', 5),
        ],
        PART,
      ),
    );
    expect(chains).toHaveLength(2);
    expect(chains).toContainEqual(['bounced', `sm/${PART}: b@x.example bounced`, `bounced-by sm/${INNER}`]);
    expect(chains.flat()).toContain(`bounce-of sm/${WHOLE}`);
  });

  it('of a part belongs to the message that came in', async () => {
    const told = await story(
      [
        came(),
        clone(WHOLE, PART),
        split(PART, `${OTHER}; ${INNER}`, 2),
        stored(OTHER, 'pat', 3),
        stored(INNER, 'quinn', 3),
      ],
      INNER,
    );
    const chain = only(told);
    expect(tellChain(chain)).toEqual([
      'delivered',
      `sm/${WHOLE} > x.example/? gap external: pat, quinn`,
      `sm/${OTHER}: pat sent`,
      `sm/${INNER}: quinn sent`,
    ]);
    expect(addressedTo(chain.transactions)).toEqual(['pat', 'quinn']);
  });

  it('takes over whom the message has only named', async () => {
    const queued = (to: string): Line => [
      1,
      `${WHOLE}: to=${to}, delay=00:00:00, mailer=esmtp, pri=60479, stat=queued`,
    ];
    const lines = [came(), queued('<a@x.example>'), queued('<b@x.example>'), split(WHOLE, PART, 2)];
    expect(tellChain(only(await story([...lines, stored(PART, '<B@x.example>', 3)], WHOLE, { now: 10 })))).toEqual([
      'in-progress',
      `sm/${WHOLE} > x.example/? gap external: B@x.example`,
      `sm/${WHOLE}: a@x.example in-progress after 0 tries`,
      `sm/${PART}: B@x.example sent`,
    ]);
    // Who was really tried stays: that is another mail to the same address.
    expect(
      tellChain(
        only(await story([...lines, late(WHOLE, '<a@x.example>', 2), late(PART, '<a@x.example>', 3)], WHOLE)),
      ).slice(1),
    ).toEqual([
      `sm/${WHOLE}: a@x.example deferred`,
      `sm/${WHOLE}: b@x.example in-progress after 0 tries`,
      `sm/${PART}: a@x.example deferred`,
    ]);
  });

  it('stands for itself where the message was not read', async () => {
    const chain = only(await story([clone(WHOLE, PART), stored(PART, 'pat')], PART));
    expect(tellChain(chain)).toContain(`sm/${PART}: pat sent`);
    expect(chain.transactions.map(({ queueId, parts }) => [queueId, parts])).toEqual([[PART, undefined]]);
  });

  it('is not shown to who may see only another one', async () => {
    const lines = [
      came(),
      split(WHOLE, `${PART}; ${OTHER}`),
      stored(PART, '<a@x.example>'),
      stored(OTHER, '<b@x.example>'),
    ];
    const scope = { kind: 'own', address: 'a@x.example' } as const;
    const chain = only(await story(lines, `qid:${PART}`, { scope }));
    expect(tellChain(chain)).toContain(`sm/${PART}: a@x.example sent`);
    expect(chain.hiddenRecipients).toBe(1);
    const { report } = await story(lines, 'a@x.example', { scope });
    expect(JSON.stringify(toReportJson(report).chains)).not.toMatch(new RegExp(`${OTHER}|b@x`));
    for (const keyword of [`qid:${OTHER}`, 'text:b@x.example']) {
      expect((await story(lines, keyword, { scope })).report.chains, keyword).toEqual([]);
    }
  });
});

describe('absorbParts', () => {
  const machines = buildHostDirectory({ hosts: ['sm.campus.example'], clusters: {}, domain: 'campus.example' });
  /** `B<A`: B says it is a part of A. */
  const absorb = (...names: readonly string[]) => {
    const transactions = names.map((name) => {
      const [id = '', whole = null] = name.split('<');
      const splitFrom = whole === null ? null : queueId(whole);
      return transaction({
        host: 'sm.campus.example',
        queueId: id,
        splitFrom,
        recipients: [recipient(`${id}@x.example`)],
      });
    });
    return absorbParts({ transactions, machines }).map((t) => [t.queueId, (t.parts ?? []).map((part) => part.queueId)]);
  };

  it('gathers parts and their parts at the outermost whole', () => {
    expect(absorb('D<B', 'A', 'B<A', 'C<A', 'E', 'F<gone')).toEqual([
      ['A', ['B', 'C', 'D']],
      ['E', []],
      ['F', []],
    ]);
  });

  it('leaves what forged lines make a circle of, and what hangs on it, as it is', () => {
    const apart = ['A', 'B', 'C', 'D', 'E'].map((id) => [id, []]);
    expect(absorb('A<C', 'B<A', 'C<B', 'D<A', 'E<E')).toEqual(apart);
    expect(absorb('D<A', 'A<C', 'B<A', 'C<B', 'E<E').map(String).toSorted()).toEqual(apart.map(String));
  });

  it('follows a way of ten thousand parts', () => {
    const way = Array.from({ length: 10_000 }, (_, index) => (index === 0 ? 'P0' : `P${index}<P${index - 1}`));
    expect(absorb(...way.toReversed()).map(([id, parts]) => [id, parts?.length])).toEqual([['P0', 9999]]);
  });

  it('is what a sender whose record names a part asks for', () => {
    const facts = { host: 'sm.campus.example', arrivedAtMs: at(0) };
    const part = transaction({ ...facts, queueId: 'B', splitFrom: queueId('A') });
    const [whole] = absorbParts({ transactions: [transaction({ ...facts, queueId: 'A' }), part], machines });
    const wanted = (id: string) => ({ messageIds: new Set<string>(), queueIds: new Set([id]) });
    expect(['A', 'B', 'C'].map((id) => isWanted(wanted(id), whole!))).toEqual([true, true, false]);
  });

  it('is over only when every part is', () => {
    const part = (id: string, facts: Partial<Omit<Transaction, 'messageId'>>): Transaction =>
      transaction({ host: 'sm.campus.example', queueId: id, splitFrom: queueId('A'), ...facts });
    const whole = transaction({ host: 'sm.campus.example', queueId: 'A', arrivedAtMs: at(10), removed: true });
    const of = (...parts: readonly Transaction[]): Transaction | undefined =>
      absorbParts({ transactions: [whole, ...parts], machines })[0];
    const held = part('B', { state: 'held', removed: false, arrivedAtMs: at(20), lastSeenMs: at(50) });
    expect(of(held)).toMatchObject({
      queueId: 'A',
      state: 'held',
      removed: false,
      arrivedAtMs: at(10),
      lastSeenMs: at(50),
    });
    expect(of(held, part('C', { arrivedAtMs: at(20) }))).toMatchObject({ state: 'active', removed: false });
    expect(of(part('C', { arrivedAtMs: at(20) }))).toMatchObject({ state: 'active', removed: true });
  });
});
