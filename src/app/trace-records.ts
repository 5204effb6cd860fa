/** Traces the messages of a sender's records: many ids in one search, part by part, each message judged beside its record. */
import type { Chain, Finding, SourceReport, TraceReport } from '../domain/chain.js';
import type { RecordResult, SenderRecord } from '../domain/sender-record.js';
import type { TraceQuery } from '../query/trace-query.js';
import { judgeRecords } from '../trace/judge-record.js';
import type { TraceMessage, TraceOptions } from './tracer.js';

/**
 * Records of one search. Each message may have a dozen transactions on its way, and a trace keeps 5,000; a search for
 * hundreds of texts costs hardly more than one for a single text.
 */
const BATCH = 250;

export type TracedRecords = Readonly<{ report: TraceReport; results: readonly RecordResult[] }>;

export type RecordsOptions = Pick<TraceOptions, 'signal'> &
  Readonly<{ onProgress?: (records: number, of: number) => void }>;

const WORST: readonly SourceReport['status'][] = ['ok', 'incomplete', 'unreadable', 'unreachable'];

const addSource = (a: SourceReport, b: SourceReport): SourceReport => ({
  ...a,
  status: WORST.indexOf(a.status) >= WORST.indexOf(b.status) ? a.status : b.status,
  error: a.error ?? b.error,
  linesRead: a.linesRead + b.linesRead,
  // A later part may read the same lines again.
  unknownLines: Math.max(a.unknownLines, b.unknownLines),
  rounds: a.rounds + b.rounds,
});

const byKey = <Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  merge: (a: Item, b: Item) => Item,
): Item[] => {
  const kept = new Map<string, Item>();
  for (const item of items) {
    const key = keyOf(item);
    const known = kept.get(key);
    kept.set(key, known === undefined ? item : merge(known, item));
  }
  return [...kept.values()];
};

/** A message that two parts found: as a match, if it is one in either. */
const addChain = (a: Chain, b: Chain): Chain => (b.isMatch && !a.isMatch ? b : a);
const first = <Item>(item: Item): Item => item;

const mergeReports = (parts: readonly TraceReport[]): TraceReport => {
  const [head] = parts;
  if (head === undefined) throw new TypeError('There is no report to merge.');
  return {
    query: head.query,
    chains: byKey(
      parts.flatMap(({ chains }) => chains),
      ({ id }) => id,
      addChain,
    ).sort((a, b) => b.firstSeenMs - a.firstSeenMs || (a.id < b.id ? -1 : 1)),
    rejects: byKey(
      parts.flatMap(({ rejects }) => rejects),
      (reject) => JSON.stringify(reject),
      first,
    ).sort((a, b) => a.timeMs - b.timeMs),
    sources: byKey(
      parts.flatMap(({ sources }) => sources),
      ({ host }) => host,
      addSource,
    ),
    complete: parts.every(({ complete }) => complete),
    findings: byKey(
      parts.flatMap(({ findings }) => findings),
      ({ code, text, host }: Finding) => `${code}\0${host}\0${text}`,
      first,
    ),
    startAt: [],
  };
};

const batchesOf = (records: readonly SenderRecord[]): readonly (readonly SenderRecord[])[] =>
  Array.from({ length: Math.ceil(records.length / BATCH) }, (_, index) =>
    records.slice(index * BATCH, (index + 1) * BATCH),
  );

const idsOf = (records: readonly SenderRecord[], key: 'queueId' | 'messageId'): ReadonlySet<string> =>
  new Set(records.flatMap((record) => record[key] ?? []));

/** @param query where and when; what is wanted comes from `records`, of which there is at least one */
export const traceRecords = async (
  traceMessage: TraceMessage,
  query: TraceQuery,
  records: readonly SenderRecord[],
  { signal, onProgress }: RecordsOptions,
): Promise<TracedRecords> => {
  const parts: TraceReport[] = [];
  let done = 0;
  // One after the other: all hosts are asked at once for each part already.
  for (const batch of batchesOf(records)) {
    onProgress?.(done, records.length);
    const wanted = { messageIds: idsOf(batch, 'messageId'), queueIds: idsOf(batch, 'queueId') };
    parts.push(await traceMessage({ ...query, wanted }, { signal }));
    done += batch.length;
  }
  const report = mergeReports(parts);
  const results = judgeRecords(records, {
    chains: report.chains,
    rejects: report.rejects,
    isComplete: report.complete,
    mayBeLate: report.findings.some(({ code }) => code === 'not-yet-logged'),
  });
  return { report, results };
};
