/** Reports that try what a picture must cope with, each as a message that really happens (or is made up to do harm). */
import type { Chain, Hop, TraceReport } from '../../src/domain/chain.ts';
import type { Recipient, Transaction } from '../../src/domain/transaction.ts';
import {
  at,
  attempt,
  bouncedChains,
  chain,
  client,
  deferredThenSentChain,
  deliveredChain,
  externalGapChain,
  handedTo,
  hop,
  intoMailbox,
  listChain,
  loopChain,
  recipient,
  rejectedReport,
  relay,
  report,
  transaction,
} from '../support/chains.ts';

export const CLUSTERS = {
  'mx-cluster': ['mx1.campus.example', 'mx2.campus.example'],
  mailboxes: ['mailbox1.campus.example', 'mailbox2.campus.example'],
};

const one = (only: Chain): TraceReport => report({ chains: [only] });

const MESSAGE_ID = 'gallery@sender.example';

type Step = Readonly<{ host: string; id: string; mta?: Transaction['mta']; evidence?: Hop['evidence'] }>;

/** One recipient along `steps`, into a mailbox on the last. */
const alongSteps = (to: string, steps: readonly Step[]): Chain =>
  chain({
    verdict: 'delivered',
    summary: `Delivered to ${to} on ${steps.at(-1)?.host} after ${steps.length} queue IDs.`,
    transactions: steps.map(({ host, id, mta = 'postfix' as const }, index) => {
      const next = steps[index + 1];
      const facts = { timeMs: at(index + 0.4), delayMs: 180 + 170 * index };
      const last = next === undefined ? intoMailbox(facts) : handedTo(next.host, '10.20.0.10', next.id, facts);
      const from = index === 0 ? {} : { client: client(steps[index - 1]?.host ?? null, '10.20.0.9') };
      return transaction({
        host,
        queueId: id,
        mta,
        messageId: MESSAGE_ID,
        arrivedAtMs: at(index),
        recipients: [recipient(to, [last])],
        ...from,
      });
    }),
    hops: steps.slice(1).map(({ host, id, evidence = 'queued-as' }, index) => {
      const before = steps[index]!;
      return hop([before.host, before.id], [host, id], { recipients: [to], evidence });
    }),
  });

const GATEWAY = 'gateway.campus.example';
const FILTER = 'filter1.campus.example';
const LISTS = 'lists1.campus.example';
const MX1 = 'mx1.campus.example';

export const sixHops = (): TraceReport =>
  one(
    alongSteps('carol@mail.campus.example', [
      { host: MX1, id: '4jWkFk143lznk7d' },
      { host: FILTER, id: '2D6F4546A3F' },
      { host: FILTER, id: 'kQ3rT7vX9bZc', mta: 'amavis', evidence: 'queued-as' },
      { host: FILTER, id: '2D9A1546A40', evidence: 'reinjection' },
      { host: LISTS, id: '5F00154690A' },
      { host: GATEWAY, id: '1tDz3K-000Abc-2e', mta: 'exim' },
      { host: 'mailbox1.campus.example', id: 'dGhpcyBpcyBsbXRw', mta: 'dovecot', evidence: 'lmtp' },
    ]),
  );

type Branch = Readonly<{ to: string; end: Recipient; hop: Hop | null; more?: readonly Transaction[] }>;

/** mx1 → lists1, which sends one copy to each branch. */
const fanOut = (branches: readonly Branch[], facts: Pick<Chain, 'verdict' | 'summary'>, list: string): Chain =>
  chain({
    ...facts,
    transactions: [
      transaction({
        host: MX1,
        queueId: '5A00154690A',
        messageId: MESSAGE_ID,
        recipients: [recipient(list, [handedTo(LISTS, '10.20.0.30', '6B11254690B', { timeMs: at(1) })])],
      }),
      transaction({
        host: LISTS,
        queueId: '6B11254690B',
        messageId: MESSAGE_ID,
        client: client(MX1, '10.20.0.10'),
        arrivedAtMs: at(1),
        recipients: branches.map(({ end }) => end),
      }),
      ...branches.flatMap(({ more = [] }) => more),
    ],
    hops: [
      hop([MX1, '5A00154690A'], [LISTS, '6B11254690B'], { recipients: [list] }),
      ...branches.flatMap((branch) => (branch.hop === null ? [] : [branch.hop])),
    ],
  });

const toMailbox = (to: string, host: string, id: string, list: string): Branch => ({
  to,
  end: recipient(to, [handedTo(host, '10.20.0.40', id, { timeMs: at(3) })], { originalAddress: list }),
  hop: hop([LISTS, '6B11254690B'], [host, id], { recipients: [to] }),
  more: [
    transaction({
      host,
      queueId: id,
      messageId: MESSAGE_ID,
      client: client(LISTS, '10.20.0.30'),
      arrivedAtMs: at(3),
      recipients: [recipient(to, [intoMailbox({ timeMs: at(4) })])],
    }),
  ],
});

const toOutside = (to: string, host: string, id: string): Branch => ({
  to,
  end: recipient(to, [handedTo(host, '203.0.113.80', id, { timeMs: at(3), delayMs: 1840 })]),
  hop: hop([LISTS, '6B11254690B'], [host, id], { recipients: [to], gap: 'external', evidence: 'none' }),
});

const refused = (to: string, host: string): Branch => ({
  to,
  end: recipient(to, [
    attempt({
      timeMs: at(3),
      status: 'bounced',
      dsn: '5.1.1',
      replyCode: 550,
      relay: relay(host, '203.0.113.25'),
      response: `host ${host}[203.0.113.25] said: 550 5.1.1 <${to}>: Recipient address rejected: User unknown (in reply to RCPT TO command)`,
    }),
  ]),
  hop: null,
});

export const fourRelays = (): TraceReport => {
  const list = 'staff@lists.campus.example';
  const hosts = ['mailbox1.campus.example', 'mailbox2.campus.example', 'exim1.campus.example', 'store.physics.example'];
  const branches = hosts.map((host, index) =>
    toMailbox(`member${index + 1}@campus.example`, host, `7C2235469${index}C`, list),
  );
  return one(fanOut(branches, { verdict: 'delivered', summary: 'All 4 recipients have it.' }, list));
};

export const listWithBounce = (): TraceReport => {
  const list = 'staff@lists.campus.example';
  return one(
    fanOut(
      [
        toMailbox('bob@campus.example', 'mailbox1.campus.example', '7C22354690C', list),
        refused('dave@partner.example', 'mx.partner.example'),
        toOutside('grace@elsewhere.example', 'mx.elsewhere.example', 'AbC123'),
      ],
      {
        verdict: 'partly-delivered',
        summary: '2 of 3 recipients have it; mx.partner.example refused dave@partner.example for good (550 5.1.1).',
      },
      list,
    ),
  );
};

export const manyServersOutside = (): TraceReport => {
  const branches = Array.from({ length: 20 }, (_, index) => {
    const domain = `domain${String(index).padStart(2, '0')}.example`;
    return index === 7
      ? refused(`reader@${domain}`, `mx.${domain}`)
      : toOutside(`reader@${domain}`, `mx.${domain}`, `X${index}`);
  });
  const summary = '19 of 20 recipients have it; mx.domain07.example refused reader@domain07.example.';
  return one(fanOut(branches, { verdict: 'partly-delivered', summary }, 'news@lists.campus.example'));
};

/** All recipients end on one machine. */
export const fiftyRecipients = (): TraceReport => {
  const list = 'everyone@campus.example';
  const host = 'mailbox2.campus.example';
  const members = Array.from({ length: 50 }, (_, index) => {
    const address = `m${String(index).padStart(2, '0')}@store.campus.example`;
    const isDead = index === 11 || index === 30;
    const last = isDead
      ? attempt({
          timeMs: at(4),
          status: 'bounced',
          dsn: '5.1.1',
          replyCode: null,
          response: `unknown user: "m${index}"`,
          by: 'local',
          agent: 'local',
        })
      : intoMailbox({ timeMs: at(4) });
    return recipient(address, [last], { originalAddress: list });
  });
  return one(
    chain({
      verdict: 'partly-delivered',
      summary: '48 of 50 recipients have it; 2 do not exist on mailbox2.campus.example.',
      transactions: [
        transaction({
          host: MX1,
          queueId: '4jWkGx0B2Fznk8q',
          messageId: MESSAGE_ID,
          recipients: [recipient(list, [handedTo(host, '10.20.0.41', '9E1B15468AC', { timeMs: at(2) })])],
        }),
        transaction({
          host,
          queueId: '9E1B15468AC',
          messageId: MESSAGE_ID,
          client: client(MX1, '10.20.0.10'),
          arrivedAtMs: at(2),
          recipients: members,
        }),
      ],
      hops: [hop([MX1, '4jWkGx0B2Fznk8q'], [host, '9E1B15468AC'], { recipients: [list] })],
    }),
  );
};

/** 22 transactions, to and fro between two machines. */
export const longLoop = (): TraceReport => {
  const hosts = [MX1, 'mx2.campus.example'];
  const steps = Array.from({ length: 22 }, (_, index) => ({
    host: hosts[index % 2]!,
    id: `L${String(index + 1).padStart(9, '0')}A`,
  }));
  const to = 'henry@campus.example';
  const base = alongSteps(to, steps);
  const last = base.transactions.at(-1)!;
  const bounced = attempt({
    timeMs: at(22),
    status: 'bounced',
    dsn: '5.4.6',
    replyCode: 554,
    relay: relay(MX1, '10.20.0.10'),
    response: `host ${MX1}[10.20.0.10] said: 554 5.4.6 Error: too many hops (in reply to end of DATA command)`,
  });
  return one({
    ...base,
    verdict: 'loop',
    summary:
      'Mail loop: mx1.campus.example and mx2.campus.example handed it to each other until 554 5.4.6, too many hops.',
    transactions: [...base.transactions.slice(0, -1), { ...last, recipients: [recipient(to, [bounced])] }],
  });
};

const manyScripts = (): TraceReport =>
  one(
    fanOut(
      [
        toMailbox('jürgen.müßig@straße.example', 'mailbox1.campus.example', '7C22354690C', 'алиса@пример.example'),
        toMailbox('алиса.широкова@пример.example', 'почта.пример.example', '8D33454690D', 'алиса@пример.example'),
        toOutside('鈴木一郎@例え.テスト', 'mx.例え.テスト', 'C4D5E5'),
      ],
      {
        verdict: 'delivered',
        summary: 'Zugestellt an jürgen.müßig@straße.example, алиса.широкова@пример.example, 鈴木一郎@例え.テスト.',
      },
      'алиса@пример.example',
    ),
  );

export const GALLERY: Readonly<Record<string, () => TraceReport>> = {
  'six-hops': sixHops,
  delivered: () => one(deliveredChain()),
  'four-relays': fourRelays,
  'list-with-bounce': listWithBounce,
  'list-deferred': () => one(listChain()),
  bounced: () => one(bouncedChains()[0]),
  external: () => one(externalGapChain()),
  'deferred-then-sent': () => one(deferredThenSentChain()),
  'fifty-recipients': fiftyRecipients,
  'many-servers-outside': manyServersOutside,
  loop: () => one(loopChain()),
  'long-loop': longLoop,
  'many-scripts': manyScripts,
  rejected: rejectedReport,
  'several-messages': () =>
    report({
      chains: [deliveredChain(), deferredThenSentChain(), bouncedChains()[0]],
      complete: false,
      sources: [],
    }),
  nothing: () => report(),
};
