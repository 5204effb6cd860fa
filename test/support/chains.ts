/**
 * Chains and reports built by hand, for tests of what is made of them (table, DOT, JSON, Slack, CLI).
 * The small builders fill in what a test does not care about; the stories below are whole messages.
 */
import type { Chain, Finding, Hop, SourceReport, TraceReport } from '../../src/domain/chain.ts';
import type { Client, Relay } from '../../src/domain/event.ts';
import { hostName, parseMessageId, queueId, traceId } from '../../src/domain/ids.ts';
import type { DeliveryAttempt, Recipient, Reject, Transaction } from '../../src/domain/transaction.ts';

/** 2026-11-20T09:00:00Z plus so many seconds: all stories happen on that morning. */
export const at = (seconds: number): number => Date.UTC(2026, 10, 20, 9, 0, 0) + Math.round(seconds * 1000);

export const relay = (host: string | null, ip: string | null, port: number | null = 25): Relay => ({ host, ip, port });

export const client = (name: string | null, ip: string | null, sasl: string | null = null): Client => ({
  name,
  ip,
  sasl,
});

export const attempt = (facts: Partial<DeliveryAttempt> = {}): DeliveryAttempt => ({
  timeMs: at(1),
  status: 'sent',
  dsn: '2.0.0',
  replyCode: 250,
  relay: null,
  response: '250 2.0.0 Ok',
  delayMs: 300,
  delaysMs: [10, 0, 20, 270],
  nextQueueId: null,
  nextQueueIds: [],
  nextIs: 'relay',
  by: 'smtp',
  agent: null,
  ...facts,
});

/** Accepted by `to`, which answered with its own queue ID. */
export const handedTo = (
  to: string,
  ip: string,
  nextQueueId: string,
  facts: Partial<DeliveryAttempt> = {},
): DeliveryAttempt =>
  attempt({
    relay: relay(to, ip),
    response: `250 2.0.0 Ok: queued as ${nextQueueId}`,
    nextQueueId: queueId(nextQueueId),
    nextQueueIds: [queueId(nextQueueId)],
    ...facts,
  });

/** Put into a mailbox of this host. */
export const intoMailbox = (facts: Partial<DeliveryAttempt> = {}): DeliveryAttempt =>
  attempt({ replyCode: null, response: 'delivered to mailbox', by: 'local', agent: 'local', ...facts });

/** `status` is that of the last attempt unless given. */
export const recipient = (
  address: string,
  attempts: readonly DeliveryAttempt[] = [],
  facts: Partial<Recipient> = {},
): Recipient => ({
  address,
  originalAddress: null,
  status: attempts.at(-1)?.status ?? 'in-progress',
  attempts,
  ...facts,
});

export type TransactionFacts = Partial<Omit<Transaction, 'host' | 'queueId' | 'messageId'>> & {
  host: string;
  queueId: string;
  messageId?: string;
};

/** Times follow the attempts unless given. */
export const transaction = ({ host, queueId: id, messageId, ...facts }: TransactionFacts): Transaction => {
  const times = (facts.recipients ?? []).flatMap(({ attempts }) => attempts.map(({ timeMs }) => timeMs));
  const arrivedAtMs = facts.arrivedAtMs ?? at(0);
  return {
    host: hostName(host),
    queueId: queueId(id),
    mta: 'postfix',
    messageId: messageId === undefined ? null : parseMessageId(messageId),
    sender: 'ann@sender.example',
    client: client('c104.sender.example', '198.51.100.104'),
    via: 'smtp',
    sizeBytes: 1234,
    recipientCount: facts.recipients?.length ?? null,
    arrivedAtMs,
    hasArrival: true,
    firstSeenMs: arrivedAtMs,
    lastSeenMs: Math.max(arrivedAtMs, ...times),
    removed: true,
    recipients: [],
    filters: [],
    notices: [],
    reinjectedFrom: null,
    requeuedFrom: null,
    causedBy: null,
    isProbe: false,
    state: 'active',
    ...facts,
  };
};

/** `from` and `to` as `[host, queueId]`. */
export const hop = (
  from: readonly [string, string],
  to: readonly [string, string | null],
  facts: Partial<Hop> = {},
): Hop => ({
  from: { host: hostName(from[0]), queueId: queueId(from[1]) },
  to: { host: hostName(to[0]), queueId: to[1] === null ? null : queueId(to[1]) },
  gap: null,
  recipients: [],
  evidence: 'queued-as',
  ...facts,
});

export const finding = (
  facts: Pick<Finding, 'code' | 'text'> & { severity?: Finding['severity']; host?: string },
): Finding => ({
  code: facts.code,
  severity: facts.severity ?? 'warning',
  text: facts.text,
  host: facts.host === undefined ? null : hostName(facts.host),
});

/** Identity and times follow the first transaction. */
export const chain = (facts: Partial<Chain> & Pick<Chain, 'verdict' | 'summary' | 'transactions'>): Chain => {
  const first = facts.transactions[0];
  if (first === undefined) throw new Error('a chain has at least one transaction');
  return {
    id: `${first.host}/${first.queueId}/${new Date(first.arrivedAtMs).toISOString()}`,
    messageId: first.messageId,
    traceId: traceId(first),
    nextStep: null,
    firstSeenMs: Math.min(...facts.transactions.map(({ firstSeenMs }) => firstSeenMs)),
    lastSeenMs: Math.max(...facts.transactions.map(({ lastSeenMs }) => lastSeenMs)),
    hops: [],
    relatedChains: [],
    findings: [],
    isMatch: true,
    paths: [],
    retries: [],
    hiddenRecipients: 0,
    ...facts,
  };
};

export const reject = (facts: Partial<Reject> = {}): Reject => ({
  timeMs: at(5),
  host: hostName('mx1.campus.example'),
  queueId: null,
  client: client('c104.sender.example', '198.51.100.104'),
  sender: 'ann@sender.example',
  recipient: 'nobody@campus.example',
  replyCode: 550,
  dsn: '5.1.1',
  stage: 'RCPT',
  text: '<nobody@campus.example>: Recipient address rejected: User unknown in relay recipient table',
  ...facts,
});

export const source = (facts: Partial<Omit<SourceReport, 'host'>> & { host: string }): SourceReport => ({
  kind: 'file',
  status: 'ok',
  error: null,
  linesRead: 12,
  unknownLines: 0,
  rounds: 2,
  ...facts,
  host: hostName(facts.host),
});

export const report = (facts: Partial<TraceReport> = {}): TraceReport => ({
  query: {
    keywords: ['ann@sender.example'],
    startHost: null,
    window: { fromMs: at(-3600), toMs: at(3600) },
    timeZone: 'Europe/Berlin',
  },
  chains: [],
  rejects: [],
  sources: [source({ host: 'mx1.campus.example' }), source({ host: 'mailbox1.campus.example' })],
  complete: true,
  startAt: [],
  findings: [],
  ...facts,
});

const MX1 = 'mx1.campus.example';
const MX2 = 'mx2.campus.example';
const LISTS = 'lists1.campus.example';
const MAILBOX1 = 'mailbox1.campus.example';
const MAILBOX2 = 'mailbox2.campus.example';

/** Sender → mx1 → content filter on mx1 → mailbox1: delivered. */
export const deliveredChain = (): Chain => {
  const messageId = 'delivered@sender.example';
  const to = 'bob@campus.example';
  return chain({
    verdict: 'delivered',
    summary: 'Delivered to bob@campus.example on mailbox1.campus.example at 09:00:04.',
    transactions: [
      transaction({
        host: MX1,
        queueId: '4jWkFk143lznk7d',
        messageId,
        recipients: [
          recipient(to, [
            handedTo('127.0.0.1', '127.0.0.1', '4jWkFm2Qr1znk7f', {
              timeMs: at(2),
              relay: relay('127.0.0.1', '127.0.0.1', 10024),
              response: '250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4jWkFm2Qr1znk7f',
              delayMs: 1900,
              nextIs: 'same-host',
            }),
          ]),
        ],
      }),
      transaction({
        host: MX1,
        queueId: '4jWkFm2Qr1znk7f',
        messageId,
        client: client('localhost', '127.0.0.1'),
        arrivedAtMs: at(1.8),
        reinjectedFrom: queueId('4jWkFk143lznk7d'),
        recipients: [
          recipient(to, [handedTo(MAILBOX1, '10.20.0.40', '2D6F4546A3F', { timeMs: at(3), delayMs: 1100 })]),
        ],
        filters: [{ source: 'amavis', action: 'CLEAN', score: -1.9 }],
      }),
      transaction({
        host: MAILBOX1,
        queueId: '2D6F4546A3F',
        messageId,
        client: client(MX1, '10.20.0.10'),
        arrivedAtMs: at(2.9),
        recipients: [recipient(to, [intoMailbox({ timeMs: at(4), delayMs: 1050 })])],
      }),
    ],
    hops: [
      hop([MX1, '4jWkFk143lznk7d'], [MX1, '4jWkFm2Qr1znk7f'], { recipients: [to], evidence: 'reinjection' }),
      hop([MX1, '4jWkFm2Qr1znk7f'], [MAILBOX1, '2D6F4546A3F'], { recipients: [to] }),
    ],
  });
};

/** Greylisted twice by mailbox2, accepted at the third try after eleven minutes. */
export const deferredThenSentChain = (): Chain => {
  const messageId = 'later@sender.example';
  const to = 'carol@campus.example';
  const greylisted = (seconds: number, delayMs: number): DeliveryAttempt =>
    attempt({
      timeMs: at(seconds),
      status: 'deferred',
      dsn: '4.2.0',
      replyCode: 450,
      relay: relay(MAILBOX2, '10.20.0.41'),
      response: `host ${MAILBOX2}[10.20.0.41] said: 450 4.2.0 <${to}>: Recipient address rejected: Greylisted (in reply to RCPT TO command)`,
      delayMs,
      delaysMs: [20, delayMs - 60, 20, 20],
    });
  return chain({
    verdict: 'delivered',
    summary: 'Delivered to carol@campus.example on mailbox2.campus.example at 09:11:05, after 2 deferred attempts.',
    transactions: [
      transaction({
        host: MX1,
        queueId: '7C0A254689B',
        messageId,
        arrivedAtMs: at(10),
        recipients: [
          recipient(to, [
            greylisted(11, 900),
            greylisted(311, 301_000),
            handedTo(MAILBOX2, '10.20.0.41', '9E1B15468AC', { timeMs: at(664), delayMs: 654_000 }),
          ]),
        ],
      }),
      transaction({
        host: MAILBOX2,
        queueId: '9E1B15468AC',
        messageId,
        client: client(MX1, '10.20.0.10'),
        arrivedAtMs: at(664),
        recipients: [recipient(to, [intoMailbox({ timeMs: at(665), agent: 'virtual' })])],
      }),
    ],
    hops: [hop([MX1, '7C0A254689B'], [MAILBOX2, '9E1B15468AC'], { recipients: [to] })],
    findings: [
      finding({
        code: 'slow-hop',
        text: 'mx1.campus.example needed 10 min 54 s for 7C0A254689B, nearly all of it waiting in the queue.',
        host: MX1,
      }),
      finding({
        code: 'retrying',
        severity: 'info',
        text: 'Deferred 2 times with 450 4.2.0 before it was accepted.',
        host: MX1,
      }),
    ],
  });
};

const BOUNCE_ID = 'mx1.campus.example/B1C2D5468F0/2026-11-20T09:00:32.100Z';
const BOUNCED_ID = 'mx1.campus.example/A1C2D5468EF/2026-11-20T09:00:30.000Z';

/** Refused for good by the recipient's server: [the message, the bounce that tells the sender]. */
export const bouncedChains = (): readonly [Chain, Chain] => {
  const to = 'dave@partner.example';
  const bounceMessageId = parseMessageId('20261120090032.B1C2D5468F0@mx1.campus.example');
  const messageId = parseMessageId('bounced@campus.example');
  const bounced = chain({
    id: BOUNCED_ID,
    verdict: 'bounced',
    summary: 'Not delivered: mx.partner.example refused dave@partner.example for good (550 5.1.1, no such mailbox).',
    nextStep: 'Ask the sender to check the address dave@partner.example; nothing is wrong on your servers.',
    transactions: [
      transaction({
        host: MX1,
        queueId: 'A1C2D5468EF',
        messageId: 'bounced@campus.example',
        sender: 'erin@campus.example',
        client: client('desk7.campus.example', '10.20.7.7', 'erin'),
        arrivedAtMs: at(30),
        recipients: [
          recipient(to, [
            attempt({
              timeMs: at(32),
              status: 'bounced',
              dsn: '5.1.1',
              replyCode: 550,
              relay: relay('mx.partner.example', '203.0.113.25'),
              response: `host mx.partner.example[203.0.113.25] said: 550 5.1.1 <${to}>: Recipient address rejected: User unknown (in reply to RCPT TO command)`,
              delayMs: 2100,
              delaysMs: [30, 10, 1500, 560],
            }),
          ]),
        ],
        notices: [{ queueId: queueId('B1C2D5468F0'), kind: 'failure' }],
      }),
    ],
    relatedChains: [{ id: BOUNCE_ID, messageId: bounceMessageId, relation: 'bounced-by' }],
  });
  const notice = chain({
    id: BOUNCE_ID,
    verdict: 'delivered',
    summary: 'The bounce was delivered to erin@campus.example on mailbox1.campus.example.',
    isMatch: false,
    transactions: [
      transaction({
        host: MX1,
        queueId: 'B1C2D5468F0',
        messageId: '20261120090032.B1C2D5468F0@mx1.campus.example',
        sender: '',
        client: null,
        via: 'internal',
        arrivedAtMs: at(32.1),
        causedBy: queueId('A1C2D5468EF'),
        recipients: [
          recipient('erin@campus.example', [
            handedTo(MAILBOX1, '10.20.0.40', '3F6F4546B01', { timeMs: at(33), delayMs: 700 }),
          ]),
        ],
      }),
      transaction({
        host: MAILBOX1,
        queueId: '3F6F4546B01',
        messageId: '20261120090032.B1C2D5468F0@mx1.campus.example',
        sender: '',
        client: client(MX1, '10.20.0.10'),
        arrivedAtMs: at(32.9),
        recipients: [recipient('erin@campus.example', [intoMailbox({ timeMs: at(34) })])],
      }),
    ],
    hops: [hop([MX1, 'B1C2D5468F0'], [MAILBOX1, '3F6F4546B01'], { recipients: ['erin@campus.example'] })],
    relatedChains: [{ id: BOUNCED_ID, messageId, relation: 'bounce-of' }],
  });
  return [bounced, notice];
};

/** No chain at all: the message was refused before acceptance. */
export const rejectedReport = (): TraceReport =>
  report({
    rejects: [
      reject(),
      reject({
        timeMs: at(65),
        host: hostName(MX2),
        client: client(null, '198.51.100.104'),
        recipient: 'bob@campus.example',
        replyCode: 450,
        dsn: '4.7.1',
        text: '<bob@campus.example>: Recipient address rejected: Greylisted, see http://postgrey.example/help',
      }),
      reject({
        timeMs: at(70),
        host: hostName(MX2),
        recipient: null,
        replyCode: null,
        dsn: null,
        stage: 'DATA',
        text: 'lost connection after DATA (1024 bytes)',
      }),
    ],
  });

/** One message to staff@lists, expanded on lists1 to three members: two delivered, one still deferred. */
export const listChain = (): Chain => {
  const messageId = 'list@sender.example';
  const list = 'staff@lists.campus.example';
  const members = ['bob@campus.example', 'carol@campus.example', 'frank@partner.example'] as const;
  return chain({
    verdict: 'deferred',
    summary:
      '2 of 3 recipients have it; frank@partner.example is waiting on lists1.campus.example (connection timed out).',
    nextStep: 'Check whether lists1.campus.example can reach mx.partner.example on port 25; it tries again by itself.',
    transactions: [
      transaction({
        host: MX1,
        queueId: '5A00154690A',
        messageId,
        arrivedAtMs: at(100),
        recipients: [recipient(list, [handedTo(LISTS, '10.20.0.30', '6B11254690B', { timeMs: at(101) })])],
      }),
      transaction({
        host: LISTS,
        queueId: '6B11254690B',
        messageId,
        sender: 'staff-bounces@lists.campus.example',
        client: client(MX1, '10.20.0.10'),
        arrivedAtMs: at(100.8),
        removed: false,
        recipients: [
          recipient(members[0], [handedTo(MAILBOX1, '10.20.0.40', '7C22354690C', { timeMs: at(103) })], {
            originalAddress: list,
          }),
          recipient(members[1], [handedTo(MAILBOX2, '10.20.0.41', '8D33454690D', { timeMs: at(103.2) })], {
            originalAddress: list,
          }),
          recipient(
            members[2],
            [133, 433, 1033].map((seconds) =>
              attempt({
                timeMs: at(seconds),
                status: 'deferred',
                dsn: '4.4.1',
                replyCode: null,
                response: 'connect to mx.partner.example[203.0.113.25]:25: Connection timed out',
                delayMs: (seconds - 100) * 1000,
                delaysMs: [100, 0, 30_000, 0],
              }),
            ),
            { originalAddress: list },
          ),
        ],
      }),
      transaction({
        host: MAILBOX1,
        queueId: '7C22354690C',
        messageId,
        sender: 'staff-bounces@lists.campus.example',
        client: client(LISTS, '10.20.0.30'),
        arrivedAtMs: at(102.7),
        recipients: [recipient(members[0], [intoMailbox({ timeMs: at(104) })])],
      }),
      transaction({
        host: MAILBOX2,
        queueId: '8D33454690D',
        messageId,
        sender: 'staff-bounces@lists.campus.example',
        client: client(LISTS, '10.20.0.30'),
        arrivedAtMs: at(102.9),
        recipients: [recipient(members[1], [intoMailbox({ timeMs: at(104.5) })])],
      }),
    ],
    hops: [
      hop([MX1, '5A00154690A'], [LISTS, '6B11254690B'], { recipients: [list] }),
      hop([LISTS, '6B11254690B'], [MAILBOX1, '7C22354690C'], { recipients: [members[0]] }),
      hop([LISTS, '6B11254690B'], [MAILBOX2, '8D33454690D'], { recipients: [members[1]] }),
    ],
    findings: [
      finding({ code: 'retrying', text: '3 attempts for frank@partner.example so far, all 4.4.1.', host: LISTS }),
    ],
  });
};

/** Accepted by a server outside the fleet. */
export const externalGapChain = (): Chain => {
  const to = 'grace@elsewhere.example';
  return chain({
    verdict: 'delivered',
    summary:
      'Handed to mx.elsewhere.example, which accepted it at 09:05:02 as AbC123; what happened there is in its own log.',
    nextStep: 'If it is still missing, give the postmaster of elsewhere.example the queue ID AbC123 and the time.',
    transactions: [
      transaction({
        host: MX2,
        queueId: 'C4D5E54691F',
        messageId: 'outbound@campus.example',
        sender: 'erin@campus.example',
        client: client('desk7.campus.example', '10.20.7.7', 'erin'),
        arrivedAtMs: at(300),
        recipients: [
          recipient(to, [
            handedTo('mx.elsewhere.example', '203.0.113.80', 'AbC123', { timeMs: at(302), delayMs: 1840 }),
          ]),
        ],
      }),
    ],
    hops: [
      hop([MX2, 'C4D5E54691F'], ['mx.elsewhere.example', 'AbC123'], {
        gap: 'external',
        recipients: [to],
        evidence: 'none',
      }),
    ],
    findings: [
      finding({
        code: 'gap',
        severity: 'info',
        text: 'mx.elsewhere.example is outside your fleet: there is no log of it here.',
      }),
    ],
  });
};

/** mx1 and mx2 hand the message to each other until one counts too many hops. */
export const loopChain = (): Chain => {
  const messageId = 'loop@sender.example';
  const to = 'henry@campus.example';
  const ids = ['L000000001A', 'L000000002B', 'L000000003C', 'L000000004D', 'L000000005E', 'L000000006F'] as const;
  const hosts = ids.map((_, index) => (index % 2 === 0 ? MX1 : MX2));
  const steps = ids.map((id, index) => {
    const next = ids[index + 1];
    return transaction({
      host: hosts[index] ?? MX1,
      queueId: id,
      messageId,
      client:
        index === 0 ? client('c104.sender.example', '198.51.100.104') : client(hosts[index - 1] ?? null, '10.20.0.10'),
      arrivedAtMs: at(400 + index),
      recipients: [
        recipient(to, [
          next === undefined
            ? attempt({
                timeMs: at(400.5 + index),
                status: 'bounced',
                dsn: '5.4.6',
                replyCode: 554,
                relay: relay(MX1, '10.20.0.10'),
                response: `host ${MX1}[10.20.0.10] said: 554 5.4.6 Error: too many hops (in reply to end of DATA command)`,
              })
            : handedTo(index % 2 === 0 ? MX2 : MX1, index % 2 === 0 ? '10.20.0.11' : '10.20.0.10', next, {
                timeMs: at(400.5 + index),
              }),
        ]),
      ],
    });
  });
  return chain({
    verdict: 'loop',
    summary:
      'Mail loop: mx1.campus.example and mx2.campus.example handed it to each other until 554 5.4.6, too many hops.',
    nextStep: 'Compare relay_domains, transport_maps and mydestination of mx1 and mx2 for campus.example.',
    transactions: steps,
    hops: ids
      .slice(1)
      .map((id, index) =>
        hop([hosts[index] ?? MX1, ids[index] ?? ''], [hosts[index + 1] ?? MX2, id], { recipients: [to] }),
      ),
    findings: [
      finding({
        code: 'loop',
        severity: 'error',
        text: 'The message passed mx1.campus.example 3 times with the same recipient.',
        host: MX1,
      }),
    ],
  });
};
