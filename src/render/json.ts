/**
 * The trace report as programs read it: schema `mailtrace.report/1` (CONTRACT §2). Times are UTC ISO 8601 with milliseconds,
 * absent facts are null, keys come in the order of the contract, with additions last.
 */
import type {
  Chain,
  Finding,
  Hop,
  PathCheck,
  RelatedChain,
  RetryEstimate,
  SourceReport,
  TraceReport,
} from '../domain/chain.js';
import type { Client, FilterResult, Relay } from '../domain/event.js';
import type { RecordFault, RecordResult } from '../domain/sender-record.js';
import type { DeliveryAttempt, Recipient, Reject, Transaction } from '../domain/transaction.js';

/** Indented text that ends in a line break. */
export const renderJson = (report: TraceReport): string =>
  `${escapeControls(JSON.stringify(toReportJson(report), null, 2))}\n`;

export const toReportJson = ({ query, chains, rejects, sources, complete, findings, startAt }: TraceReport) => ({
  schema: 'mailtrace.report/1' as const,
  query: {
    keywords: [...query.keywords],
    startHost: query.startHost,
    from: isoTime(query.window.fromMs),
    to: isoTime(query.window.toMs),
    timeZone: query.timeZone,
  },
  chains: chains.map(toChainJson),
  rejects: rejects.map(toRejectJson),
  sources: sources.map(toSourceJson),
  complete,
  findings: findings.map(toFindingJson),
  startAt: startAt.map(({ direction, names }) => ({ direction, names: [...names] })),
});

/** The trace report with the sender's records beside it (docs/diagnosis.md): `records` and `recordFaults` come last. */
export const renderRecordsJson = (
  report: TraceReport,
  results: readonly RecordResult[],
  faults: readonly RecordFault[],
): string => {
  const records = results.map(toRecordJson);
  const recordFaults = faults.map(({ line, text }) => ({ line, text }));
  return `${escapeControls(JSON.stringify({ ...toReportJson(report), records, recordFaults }, null, 2))}\n`;
};

const toRecordJson = ({ record, verdict, agreement, note, chains, rejects }: RecordResult) => ({
  line: record.line,
  record: record.given,
  verdict,
  agreement,
  note,
  chains: chains.map(({ id }) => id),
  rejects: rejects.map(toRejectJson),
});

const isoTime = (ms: number): string => new Date(ms).toISOString();

const toChainJson = (chain: Chain) => ({
  id: chain.id,
  messageId: chain.messageId,
  traceId: chain.traceId,
  verdict: chain.verdict,
  summary: chain.summary,
  firstSeen: isoTime(chain.firstSeenMs),
  lastSeen: isoTime(chain.lastSeenMs),
  transactions: chain.transactions.map(toTransactionJson),
  hops: chain.hops.map(toHopJson),
  relatedChains: chain.relatedChains.map(toRelatedJson),
  findings: chain.findings.map(toFindingJson),
  nextStep: chain.nextStep,
  isMatch: chain.isMatch,
  hiddenRecipients: chain.hiddenRecipients,
  paths: chain.paths.map(toPathJson),
  retries: chain.retries.map(toRetryJson),
});

const toPathJson = ({ direction, hosts, recipients, isExpected, note }: PathCheck) => ({
  direction,
  hosts: [...hosts],
  recipients: [...recipients],
  expected: isExpected,
  note,
});

const toRetryJson = (retry: RetryEstimate) => ({
  host: retry.host,
  queueId: retry.queueId,
  earliest: isoTime(retry.earliestMs),
  latest: isoTime(retry.latestMs),
  givesUp: isoTime(retry.givesUpMs),
  isEstimate: true,
  basis: retry.basis,
  because: retry.because,
  overdue: retry.isOverdue,
});

const toTransactionJson = (transaction: Transaction) => ({
  host: transaction.host,
  queueId: transaction.queueId,
  mta: transaction.mta,
  messageId: transaction.messageId,
  sender: transaction.sender,
  client: toClientJson(transaction.client),
  sizeBytes: transaction.sizeBytes,
  recipientCount: transaction.recipientCount,
  arrivedAt: isoTime(transaction.arrivedAtMs),
  firstSeen: isoTime(transaction.firstSeenMs),
  lastSeen: isoTime(transaction.lastSeenMs),
  removed: transaction.removed,
  recipients: transaction.recipients.map(toRecipientJson),
  filters: transaction.filters.map(toFilterJson),
  parts: (transaction.parts ?? []).map(({ queueId }) => queueId),
});

const toClientJson = (client: Client | null) =>
  client === null ? null : { name: client.name, ip: client.ip, sasl: client.sasl };

const toRecipientJson = ({ address, originalAddress, status, attempts, partQueueId }: Recipient) => ({
  address,
  originalAddress,
  status,
  attempts: attempts.map(toAttemptJson),
  partQueueId: partQueueId ?? null,
});

const toAttemptJson = (attempt: DeliveryAttempt) => ({
  time: isoTime(attempt.timeMs),
  status: attempt.status,
  dsn: attempt.dsn,
  replyCode: attempt.replyCode,
  relay: toRelayJson(attempt.relay),
  response: attempt.response,
  delayMs: attempt.delayMs,
  delaysMs: attempt.delaysMs === null ? null : [...attempt.delaysMs],
  nextQueueId: attempt.nextQueueId,
});

const toRelayJson = (relay: Relay | null) =>
  relay === null ? null : { host: relay.host, ip: relay.ip, port: relay.port };

const toFilterJson = ({ source, action, score }: FilterResult) => ({ source, action, score });

const toHopJson = ({ from, to, gap, recipients, evidence }: Hop) => ({
  from: { host: from.host, queueId: from.queueId },
  to: { host: to.host, queueId: to.queueId },
  gap,
  recipients: [...recipients],
  evidence,
});

const toRelatedJson = ({ id, messageId, relation }: RelatedChain) => ({ id, messageId, relation });

const toFindingJson = ({ code, severity, text, host }: Finding) => ({ code, severity, text, host });

const toRejectJson = (reject: Reject) => ({
  time: isoTime(reject.timeMs),
  host: reject.host,
  client: toClientJson(reject.client),
  sender: reject.sender,
  recipient: reject.recipient,
  replyCode: reject.replyCode,
  dsn: reject.dsn,
  stage: reject.stage,
  text: reject.text,
  queueId: reject.queueId,
});

const toSourceJson = (source: SourceReport) => ({
  host: source.host,
  kind: source.kind,
  status: source.status,
  error: source.error,
  linesRead: source.linesRead,
  unknownLines: source.unknownLines,
  rounds: source.rounds,
});

/** A terminal may act on DEL and C1 controls (ECMA-48: U+009B is CSI), which JSON leaves as they are; U+2028 ends a line in some readers. */
const escapeControls = (json: string): string =>
  json.replace(/[\u007f-\u009f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
