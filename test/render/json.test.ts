import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { TraceReport } from '../../src/domain/chain.ts';
import { renderJson, toReportJson } from '../../src/render/json.ts';
import { GALLERY } from '../imaging/gallery.ts';
import {
  at,
  attempt,
  bouncedChains,
  chain,
  client,
  deliveredChain,
  finding,
  listChain,
  recipient,
  reject,
  rejectedReport,
  report,
  source,
  transaction,
} from '../support/chains.ts';

/** CONTRACT §2 read afresh: not a word of it is taken from src. Additions stand at the end of each object. */
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const text = z.string().min(1);
const status = z.enum([
  'sent',
  'deferred',
  'bounced',
  'expired',
  'rejected',
  'held',
  'discarded',
  'deleted',
  'in-progress',
  'unknown',
]);
const end = z.strictObject({ host: text, queueId: text.nullable() });
const clientShape = z.strictObject({
  name: z.string().nullable(),
  ip: z.string().nullable(),
  sasl: z.string().nullable(),
});
const findingShape = z.strictObject({
  code: z.enum([
    'loop',
    'many-hops',
    'slow-hop',
    'retrying',
    'revisited',
    'gap',
    'unread-host',
    'rejected',
    'clock-skew',
    'not-yet-logged',
    'ambiguous-time',
    'limit',
    'unexpected-host',
    'missing-hop',
  ]),
  severity: z.enum(['info', 'warning', 'error']),
  text,
  host: text.nullable(),
});
const attemptShape = z.strictObject({
  time,
  status,
  dsn: z
    .string()
    .regex(/^[245]\.\d{1,3}\.\d{1,3}$/)
    .nullable(),
  replyCode: z.int().min(200).max(599).nullable(),
  relay: z
    .strictObject({ host: z.string().nullable(), ip: z.string().nullable(), port: z.int().nullable() })
    .nullable(),
  response: z.string().nullable(),
  delayMs: z.number().nullable(),
  delaysMs: z.tuple([z.number(), z.number(), z.number(), z.number()]).nullable(),
  nextQueueId: text.nullable(),
});
const transactionShape = z.strictObject({
  host: text,
  queueId: text,
  mta: text,
  messageId: text.nullable(),
  sender: z.string().nullable(),
  client: clientShape.nullable(),
  sizeBytes: z.int().nullable(),
  recipientCount: z.int().nullable(),
  arrivedAt: time,
  firstSeen: time,
  lastSeen: time,
  removed: z.boolean(),
  recipients: z.array(
    z.strictObject({
      address: text,
      originalAddress: text.nullable(),
      status,
      attempts: z.array(attemptShape),
      partQueueId: text.nullable(),
    }),
  ),
  filters: z.array(z.strictObject({ source: text, action: text, score: z.number().nullable() })),
  parts: z.array(text),
});
const chainShape = z.strictObject({
  id: z.string().regex(/^[^/]+\/[^/]+\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  messageId: text.nullable(),
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  verdict: z.enum([
    'delivered',
    'partly-delivered',
    'deferred',
    'bounced',
    'rejected',
    'expired',
    'discarded',
    'deleted',
    'held',
    'loop',
    'in-progress',
    'unknown',
  ]),
  summary: text,
  firstSeen: time,
  lastSeen: time,
  transactions: z.array(transactionShape).min(1),
  hops: z.array(
    z.strictObject({
      from: end,
      to: end,
      gap: z.enum(['external', 'unread', 'unreachable', 'not-yet-logged', 'unknown']).nullable(),
      recipients: z.array(z.string()),
      evidence: z.enum(['queued-as', 'message-id', 'reinjection', 'requeue', 'forward', 'lmtp', 'none']),
    }),
  ),
  relatedChains: z.array(
    z.strictObject({
      id: text,
      messageId: text.nullable(),
      relation: z.enum([
        'bounce-of',
        'bounced-by',
        'delay-notice-of',
        'delayed-by',
        'list-copy-of',
        'delivery-report-of',
        'reported-by',
      ]),
    }),
  ),
  findings: z.array(findingShape),
  // Additions.
  nextStep: text.nullable(),
  isMatch: z.boolean(),
  hiddenRecipients: z.int().min(0),
  paths: z.array(
    z.strictObject({
      direction: z.enum(['inbound', 'outbound', 'internal', 'forwarded', 'notices']).nullable(),
      hosts: z.array(text),
      recipients: z.array(z.string()),
      expected: z.boolean().nullable(),
      note: text.nullable(),
    }),
  ),
  retries: z.array(
    z.strictObject({
      host: text,
      queueId: text,
      earliest: time,
      latest: time,
      givesUp: time,
      isEstimate: z.literal(true),
      basis: z.enum(['configured', 'observed', 'default']),
      because: text,
      overdue: z.boolean(),
    }),
  ),
});
const contract = z.strictObject({
  schema: z.literal('mailtrace.report/1'),
  query: z.strictObject({
    keywords: z.array(text),
    startHost: text.nullable(),
    from: time,
    to: time,
    timeZone: text,
  }),
  chains: z.array(chainShape),
  rejects: z.array(
    z.strictObject({
      time,
      host: text,
      client: clientShape.nullable(),
      sender: z.string().nullable(),
      recipient: z.string().nullable(),
      replyCode: z.int().nullable(),
      dsn: z.string().nullable(),
      stage: text,
      text: z.string(),
      // Named under the contract's details.
      queueId: text.nullable(),
    }),
  ),
  sources: z.array(
    z.strictObject({
      host: text,
      kind: text,
      status: z.enum(['ok', 'unreadable', 'unreachable', 'incomplete']),
      error: text.nullable(),
      linesRead: z.int(),
      unknownLines: z.int(),
      rounds: z.int(),
    }),
  ),
  complete: z.boolean(),
  findings: z.array(findingShape),
  startAt: z.array(
    z.strictObject({
      direction: z.enum(['inbound', 'outbound', 'internal', 'forwarded', 'notices']),
      names: z.array(text),
    }),
  ),
});

/** Everything that may be absent is absent. */
const bareReport = (): TraceReport => {
  const { queueId: _, ...rest } = reject();
  return report({
    chains: [
      chain({
        verdict: 'unknown',
        summary: 'Nothing more is known.',
        transactions: [
          transaction({
            host: 'mx1.campus.example',
            queueId: '0A1B2C3D4E5',
            sender: null,
            client: null,
            sizeBytes: null,
            recipientCount: null,
            recipients: [
              recipient('bob@campus.example', [
                attempt({
                  status: 'unknown',
                  dsn: null,
                  replyCode: null,
                  relay: null,
                  response: null,
                  delayMs: null,
                  delaysMs: null,
                }),
              ]),
            ],
          }),
        ],
      }),
    ],
    rejects: [{ ...rest, queueId: null, client: null, sender: null, recipient: null, replyCode: null, dsn: null }],
    sources: [source({ host: 'mx2.campus.example', status: 'unreachable', error: 'connection refused', linesRead: 0 })],
    complete: false,
    findings: [finding({ code: 'limit', text: 'More than 5,000 transactions.' })],
  });
};

const reports: Readonly<Record<string, () => TraceReport>> = { ...GALLERY, bare: bareReport };

/** Property names in the order in which they are written, to any depth. */
const keyOrder = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(keyOrder);
  if (value === null || typeof value !== 'object') return null;
  return Object.entries(value).map(([key, inner]) => [key, keyOrder(inner)]);
};

describe('renderJson', () => {
  it.each(Object.keys(reports))('keeps to the contract: %s', (name) => {
    const parsed: unknown = JSON.parse(renderJson(reports[name]!()));
    // A strict zod object writes its keys in the order of the schema.
    expect(keyOrder(contract.parse(parsed))).toEqual(keyOrder(parsed));
  });

  it('loses nothing on the way through text', () => {
    const value = report({ chains: [listChain(), ...bouncedChains()] });
    expect(JSON.parse(renderJson(value))).toEqual(toReportJson(value));
  });

  it('tells the null sender from a sender that was not seen', () => {
    const [, notice] = bouncedChains();
    expect(toReportJson(report({ chains: [notice] })).chains[0]?.transactions[0]?.sender).toBe('');
    expect(toReportJson(bareReport()).chains[0]?.transactions[0]?.sender).toBeNull();
  });

  it('writes the SASL user of a failed login', () => {
    const value = report({ rejects: [reject({ client: client(null, '198.51.100.7', 'erin'), stage: 'AUTH' })] });
    expect(toReportJson(value).rejects[0]?.client).toEqual({ name: null, ip: '198.51.100.7', sasl: 'erin' });
  });

  it('leaves nothing in it that a terminal or a line reader acts on', () => {
    const hostile = 'a\u009b31mb\u007fc\u2028d\u0000e\u001b[2Jf\ud800g';
    const json = renderJson(report({ rejects: [reject({ text: hostile })] }));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that must not be there.
    expect(json).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/);
    expect(JSON.parse(json).rejects[0].text).toBe(hostile);
  });

  it('writes what it always wrote', async () => {
    const value = report({
      chains: [deliveredChain(), ...bouncedChains()],
      rejects: rejectedReport().rejects.slice(0, 1),
    });
    await expect(renderJson(value)).toMatchFileSnapshot('./golden/report.golden.json');
  });

  it('gives times in UTC whatever the zone of the query', () => {
    const { query } = toReportJson(report());
    expect(query).toMatchObject({ from: new Date(at(-3600)).toISOString(), timeZone: 'Europe/Berlin' });
    expect(query.from).toBe('2026-11-20T08:00:00.000Z');
  });
});
