/** A sender's record beside the logs: which message it means, what became of it, and whether the two say the same. */
import type { Chain, Verdict } from '../domain/chain.js';
import type { Agreement, RecordResult, SenderRecord } from '../domain/sender-record.js';
import { queueFilesOf, type Reject } from '../domain/transaction.js';

/** What the logs gave for all records together. */
export type Evidence = Readonly<{
  /** Newest first. */
  chains: readonly Chain[];
  rejects: readonly Reject[];
  /** Every log was read to its end. */
  isComplete: boolean;
  /** The newest lines of the window may not be in the logs yet. */
  mayBeLate: boolean;
}>;

type Judgement = Readonly<{ agreement: Agreement; note: string | null }>;

const groupBy = <Item>(items: readonly Item[], keysOf: (item: Item) => Iterable<string>): Map<string, Item[]> => {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    for (const key of new Set(keysOf(item))) {
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
  }
  return groups;
};

const messageIdsOf = ({ messageId, transactions }: Chain): readonly string[] =>
  [messageId, ...transactions.map((t) => t.messageId)].filter((id) => id !== null);

const queueIdsOf = ({ transactions, hops }: Chain): readonly string[] => [
  ...transactions.flatMap(queueFilesOf).map(({ queueId }) => queueId),
  ...hops.flatMap(({ to }) => (to.queueId === null ? [] : [to.queueId])),
];

/** Sorted out once for all records. */
const createIndex = ({ chains, rejects }: Evidence) => {
  const byQueueId = groupBy(chains, queueIdsOf);
  const byMessageId = groupBy(chains, messageIdsOf);
  const rejectsByQueueId = groupBy(rejects, ({ queueId }) => (queueId === null ? [] : [queueId]));
  const rejectsByMessageId = groupBy(rejects, ({ messageId }) => (messageId == null ? [] : [messageId]));
  const of = <Item>(map: ReadonlyMap<string, readonly Item[]>, key: string | null): readonly Item[] =>
    key === null ? [] : (map.get(key) ?? []);
  return {
    chainsOfQueueId: (id: string | null) => of(byQueueId, id),
    chainsOfMessageId: (id: string | null) => of(byMessageId, id),
    rejectsOf: ({ queueId, messageId }: SenderRecord): readonly Reject[] => {
      // A queue ID is used again: a refusal that bears another message-id is another's.
      const own = of(rejectsByQueueId, queueId).filter(
        (reject) => messageId === null || reject.messageId == null || reject.messageId === messageId,
      );
      return [...new Set([...own, ...of(rejectsByMessageId, messageId)])];
    },
  };
};

type Found = Readonly<{ chains: readonly Chain[]; note: string | null }>;

/** A queue ID alone may have been used again, a message-id alone sent twice: both together decide. */
const findChains = ({ queueId, messageId }: SenderRecord, index: ReturnType<typeof createIndex>): Found => {
  const byQueueId = index.chainsOfQueueId(queueId);
  const byMessageId = index.chainsOfMessageId(messageId);
  const both = byQueueId.filter((chain) => byMessageId.includes(chain));
  if (both.length > 0) return { chains: both, note: null };
  if (byMessageId.length > 0) {
    if (queueId === null) return { chains: byMessageId, note: null };
    const note =
      byQueueId.length > 0
        ? `the queue ID ${queueId} is that of another message (message-id ${byQueueId[0]!.messageId ?? 'not logged'})`
        : `no log has the queue ID ${queueId}; found by its message-id`;
    return { chains: byMessageId, note };
  }
  const strangers = byQueueId.filter((chain) => messageId !== null && chain.messageId !== null);
  if (strangers.length > 0 && strangers.length === byQueueId.length) {
    return {
      chains: [],
      note: `the queue ID ${queueId} is that of another message (message-id ${strangers[0]!.messageId})`,
    };
  }
  return { chains: byQueueId.filter((chain) => !strangers.includes(chain)), note: null };
};

const OPEN: ReadonlySet<Verdict> = new Set(['deferred', 'held', 'in-progress']);

const entryText = ({ transactions }: Chain): string => {
  const entry = transactions[0]!;
  return `${entry.host} took it as ${entry.queueId}`;
};

const codesOf = ({ replyCode, dsn }: Readonly<{ replyCode: number | null; dsn: string | null }>): string =>
  [replyCode, dsn].filter((part) => part !== null).join(' ');

/** The first end that was none of success, with the last answer before it. */
const failureText = ({ transactions, verdict }: Chain): string => {
  const failed = transactions
    .flatMap(({ host, recipients }) => recipients.map(({ status, attempts }) => ({ host, status, attempts })))
    .find(({ status }) => status !== 'sent' && status !== 'in-progress');
  const answer = failed?.attempts.findLast(({ replyCode, dsn }) => replyCode !== null || dsn !== null);
  const codes = answer === undefined ? '' : codesOf(answer);
  return `${verdict}${failed === undefined ? '' : ` on ${failed.host}`}${codes === '' ? '' : ` with ${codes}`}`;
};

const judgeSuccess = (chain: Chain): Judgement => {
  const { verdict } = chain;
  if (verdict === 'delivered') return { agreement: 'agrees', note: null };
  if (verdict === 'unknown') return { agreement: 'unknown', note: 'the logs do not show its end' };
  if (OPEN.has(verdict)) return { agreement: 'open', note: `it is not delivered yet: ${verdict}` };
  return {
    agreement: 'disagrees',
    note: `the sender says success, but later it ${verdict === 'loop' ? 'went round in a loop' : `was ${failureText(chain)}`}`,
  };
};

const judgeFailure = (chain: Chain, { statusCode }: SenderRecord): Judgement => {
  const { verdict } = chain;
  const says = `the sender says failure${statusCode === null ? '' : ` (${statusCode})`}`;
  if (verdict === 'delivered') {
    return {
      agreement: 'disagrees',
      note: `${says}, but ${entryText(chain)} and it was delivered: sent again, it arrives twice`,
    };
  }
  if (verdict === 'unknown' || OPEN.has(verdict) || verdict === 'partly-delivered') {
    return { agreement: 'disagrees', note: `${says}, but ${entryText(chain)}; now: ${verdict}` };
  }
  return { agreement: 'agrees', note: `${entryText(chain)} first, then it was ${failureText(chain)}` };
};

const judgeReject = ({ success, statusCode }: SenderRecord, reject: Reject): Judgement => {
  const codes = codesOf(reject);
  const what = `${reject.host} refused it${codes === '' ? '' : ` with ${codes}`}`;
  if (success === true) return { agreement: 'disagrees', note: `the sender says success, but ${what}` };
  if (success === null) return { agreement: 'unknown', note: what };
  if (statusCode !== null && reject.replyCode !== null && statusCode !== reject.replyCode) {
    return { agreement: 'disagrees', note: `the sender says ${statusCode}, but ${what}` };
  }
  return { agreement: 'agrees', note: what };
};

const judgeAbsence = ({ success }: SenderRecord, { isComplete, mayBeLate }: Evidence): Judgement => {
  if (!isComplete) return { agreement: 'unknown', note: 'not found, but not all logs could be read' };
  if (success === true) {
    return mayBeLate
      ? { agreement: 'unknown', note: 'not found; its lines may not have arrived yet' }
      : { agreement: 'disagrees', note: 'the sender says success, but no log in the window has it' };
  }
  if (success === null) return { agreement: 'unknown', note: 'no log in the window has it' };
  return { agreement: 'agrees', note: 'no log in the window has it: it was not accepted here' };
};

/** A record may contradict itself before any log is asked. */
const contradictionOf = ({ success, statusCode }: SenderRecord): string | null => {
  if (success === null || statusCode === null) return null;
  const isPositive = statusCode < 400;
  if (success === isPositive) return null;
  return `the record contradicts itself: success is ${success}, status_code ${statusCode}`;
};

const WORST: readonly Agreement[] = ['disagrees', 'unknown', 'open', 'agrees'];

const judgeChains = (record: SenderRecord, chains: readonly Chain[]): Judgement => {
  const each = chains.map((chain): Judgement => {
    if (record.success === null) return { agreement: 'unknown', note: null };
    return record.success ? judgeSuccess(chain) : judgeFailure(chain, record);
  });
  const worst = each.toSorted((a, b) => WORST.indexOf(a.agreement) - WORST.indexOf(b.agreement))[0]!;
  if (chains.length === 1) return worst;
  const count = `${chains.length} messages have this id`;
  return { ...worst, note: worst.note === null ? count : `${count}; ${worst.note}` };
};

const verdictOf = (chains: readonly Chain[], rejects: readonly Reject[]): RecordResult['verdict'] => {
  const verdicts = new Set(chains.map(({ verdict }) => verdict));
  if (verdicts.size > 1) return 'several';
  const [verdict] = verdicts;
  return verdict ?? (rejects.length > 0 ? 'rejected' : 'not-found');
};

const joined = (...notes: readonly (string | null)[]): string | null => {
  const said = notes.filter((note) => note !== null);
  return said.length === 0 ? null : said.join('; ');
};

/** In the order of the records. */
export const judgeRecords = (records: readonly SenderRecord[], evidence: Evidence): readonly RecordResult[] => {
  const index = createIndex(evidence);
  return records.map((record): RecordResult => {
    const { chains, note } = findChains(record, index);
    const rejects = chains.length > 0 ? [] : index.rejectsOf(record);
    const judgement =
      chains.length > 0
        ? judgeChains(record, chains)
        : rejects.length > 0
          ? judgeReject(record, rejects[0]!)
          : judgeAbsence(record, evidence);
    const contradiction = contradictionOf(record);
    return {
      record,
      verdict: verdictOf(chains, rejects),
      agreement: contradiction === null ? judgement.agreement : 'disagrees',
      note: joined(contradiction, judgement.note, note),
      chains,
      rejects,
    };
  });
};
