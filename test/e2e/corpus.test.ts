import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configFor, FORMATS } from '../../scripts/corpus/layouts.mjs';
import { readLogs } from '../../scripts/corpus/logs.mjs';
import { createTally, scoreMessage } from '../../scripts/corpus/score.mjs';
import { readTruth } from '../../scripts/corpus/truth.mjs';
import { openFromText } from '../support/open-tracer.ts';
import { scoreFleet } from '../support/score-fleet.ts';

const truth = readTruth(fileURLToPath(new URL('../fixtures/mailbed', import.meta.url)));
const logs = readLogs(truth);
const { scenarios } = truth;

describe('real logs of a fleet, against their ground truth', () => {
  it('holds scenarios of Postfix, Sendmail and Exim', () => {
    expect(scenarios).toHaveLength(98);
  });

  it.each(FORMATS)(
    'is right in every one of them: %s',
    async (format) => {
      const { faults, right } = await scoreFleet(truth, configFor(truth, format));
      expect(faults).toEqual({});
      expect(right).toBeGreaterThan(1000);
    },
    300_000,
  );

  it.each([
    ['merged', 'rfc3164'],
    ['own', 'rfc3339'],
  ])(
    'is right in every one of them where the files lie otherwise: %s',
    async (layout, format) => {
      expect((await scoreFleet(truth, configFor(truth, format, layout))).faults).toEqual({});
    },
    300_000,
  );
});

type End = Readonly<{ host: string; queueId: string }>;

/** A chain of a report, as far as it is doctored here. */
type Chain = {
  messageId: string;
  hops: { from: End; to: End; gap: unknown }[];
  transactions: {
    host: string;
    queueId: string;
    recipients: { status: string; attempts: { dsn: string }[] }[];
  }[];
};

const STRANGER = '4jWkZZZZZZzzzzz';

const eachRecipient = (chain: Chain, change: (recipient: Chain['transactions'][0]['recipients'][0]) => void): void => {
  for (const { recipients } of chain.transactions) for (const recipient of recipients) change(recipient);
};

/** What must not pass: each makes another fault out of a right report. */
const DOCTORED: readonly (readonly [string, (chain: Chain) => void])[] = [
  ['a hop left out', ({ hops }) => void hops.shift()],
  ['a hop twice', ({ hops }) => void hops.push(hops[0]!)],
  ['a hop backwards', ({ hops }) => void hops.push({ from: hops[0]!.to, to: hops[0]!.from, gap: null })],
  ['a hop to a stranger', ({ hops }) => void hops.push({ ...hops[0]!, to: { ...hops[0]!.to, queueId: STRANGER } })],
  ['a transaction left out', ({ transactions }) => void transactions.pop()],
  ['a transaction twice', ({ transactions }) => void transactions.push(transactions[0]!)],
  ['a stranger', ({ transactions }) => void transactions.push({ ...transactions[0]!, queueId: STRANGER })],
  [
    'another status',
    (chain) =>
      eachRecipient(chain, (recipient) => {
        recipient.status = 'deferred';
      }),
  ],
  [
    'another code',
    (chain) =>
      eachRecipient(chain, ({ attempts }) => {
        for (const attempt of attempts) attempt.dsn = '4.0.0';
      }),
  ],
  [
    'no recipients',
    ({ transactions }) => {
      for (const transaction of transactions) transaction.recipients.length = 0;
    },
  ],
  [
    'a short host name',
    ({ transactions }) => {
      transactions[0]!.host = transactions[0]!.host.split('.')[0]!;
    },
  ],
  [
    'another message-id',
    (chain) => {
      chain.messageId = 'other@x.example';
    },
  ],
];

describe('the scorer', () => {
  it('sees what is wrong', async () => {
    const scenario = scenarios.find(
      ({ messages }: { messages: readonly { edges: Set<string>; isComplete: boolean }[] }) =>
        messages.every(({ edges, isComplete }) => edges.size >= 3 && isComplete),
    );
    const [message] = scenario.messages;
    const tracer = await openFromText(configFor(truth, 'rfc3339'));
    try {
      const keywords = [`id:${message.messageId}`];
      const report = await tracer.trace(keywords, message.mail.submitted_at);
      const judge = (doctor: (chain: Chain) => void): number => {
        const copy = structuredClone(report) as { chains: Chain[] };
        doctor(copy.chains[0]!);
        const tally = createTally();
        scoreMessage(copy, message, scenario, { keywords, truth, logs }, tally);
        const { wrong, missing, false: untrue } = tally.result();
        return wrong.length + missing.length + untrue.length;
      };
      expect(judge(() => undefined)).toBe(0);
      for (const [what, doctor] of DOCTORED) expect(judge(doctor), what).toBeGreaterThan(0);
    } finally {
      await tracer.close();
    }
  }, 60_000);
});
