/** Transactions → chains: linked, ordered, judged, and related to the notices that were made about them. */
import type { Chain, RelatedChain, Relation } from '../domain/chain.js';
import type { DeliveryStatus } from '../domain/event.js';
import { isFinal, type Notice, queueFilesOf, type Transaction } from '../domain/transaction.js';
import { absorbParts } from './absorb-parts.js';
import { buildChain, buildPart, type ChainInput } from './build-chain.js';
import { type Component, groupIntoMessages } from './components.js';
import { type LinkInput, linkTransactions } from './link.js';
import { senderNotTold } from './red-flags.js';
import { nameGivenUp } from './unnamed-recipients.js';
import type { PartView } from './visible-part.js';

const RELATIONS: Readonly<Record<Notice['kind'], readonly [Relation, Relation]>> = {
  failure: ['bounced-by', 'bounce-of'],
  postmaster: ['bounced-by', 'bounce-of'],
  delay: ['delayed-by', 'delay-notice-of'],
  success: ['reported-by', 'delivery-report-of'],
};

/** A notice is made while its cause is in the queue; its own first line may be logged a moment before the cause's. */
const NOTICE_LEAD_MS = 60_000;

const noticeTransaction = (
  cause: Transaction,
  notice: Notice,
  byPlace: ReadonlyMap<string, Transaction[]>,
): Transaction | undefined =>
  (byPlace.get(`${cause.host}\0${notice.queueId}`) ?? [])
    .filter(
      (t) =>
        t !== cause &&
        t.lastSeenMs >= cause.firstSeenMs - NOTICE_LEAD_MS &&
        t.firstSeenMs <= cause.lastSeenMs + NOTICE_LEAD_MS,
    )
    .sort(
      (a, b) =>
        // Another message may have had the ID in the same minute; a notice mostly has the null sender.
        Number(Boolean(a.sender)) - Number(Boolean(b.sender)) ||
        Math.abs(a.firstSeenMs - cause.lastSeenMs) - Math.abs(b.firstSeenMs - cause.lastSeenMs),
    )[0];

type Pair = Readonly<{ cause: Transaction; notice: Transaction; kind: Notice['kind'] }>;

/** The lines of one delivery attempt and of the notice that follows are logged within this time. */
const NOTICE_LAG_MS = 5000;

/**
 * Exim's `<= <> R=ID` tells no failure from a delay: it failed when a recipient was given up since the last notice, and is late
 * when one is still open (deliver.c). An answer of a user's filter is no notice.
 */
const kindOfNotice = (cause: Transaction, sinceMs: number, notice: Transaction): Notice['kind'] | null => {
  const untilMs = notice.arrivedAtMs + NOTICE_LAG_MS;
  const attempts = cause.recipients.flatMap((recipient) =>
    recipient.attempts.map((attempt) => ({ ...attempt, address: recipient.address })),
  );
  const isNew = ({ timeMs }: { timeMs: number }): boolean => timeMs > sinceMs && timeMs <= untilMs;
  if (attempts.some((attempt) => isNew(attempt) && (attempt.status === 'bounced' || attempt.status === 'expired'))) {
    return 'failure';
  }
  const settledBy = (attempt: { status: DeliveryStatus; timeMs: number }): boolean =>
    isFinal(attempt.status) && attempt.timeMs <= untilMs;
  if (cause.recipients.some((recipient) => !recipient.attempts.some(settledBy))) return 'delay';
  return attempts.some((attempt) => isNew(attempt) && attempt.address.startsWith('>')) ? null : 'success';
};

/** The notice itself names its cause (Exim `R=`). */
const causedPairs = (
  transactions: readonly Transaction[],
  byPlace: ReadonlyMap<string, readonly Transaction[]>,
): readonly Pair[] => {
  const lastNotice = new Map<Transaction, number>();
  return transactions
    .filter(({ causedBy }) => causedBy !== null)
    .sort((a, b) => a.arrivedAtMs - b.arrivedAtMs || (a.queueId < b.queueId ? -1 : 1))
    .flatMap((notice): Pair[] => {
      const before = (byPlace.get(`${notice.host}\0${notice.causedBy}`) ?? []).filter(
        (t) => t !== notice && t.firstSeenMs <= notice.firstSeenMs + NOTICE_LEAD_MS,
      );
      const cause = [...before].sort((a, b) => b.firstSeenMs - a.firstSeenMs)[0];
      if (cause === undefined) return [];
      const kind = kindOfNotice(cause, lastNotice.get(cause) ?? Number.NEGATIVE_INFINITY, notice);
      lastNotice.set(cause, notice.arrivedAtMs);
      return kind === null ? [] : [{ cause, notice, kind }];
    });
};

/** Those of a part are told with it as well: its own time says best which message had the name of the notice then. */
const ownNotices = ({ notices, parts }: Transaction): readonly Notice[] => {
  if (parts === undefined) return notices;
  const ofParts = new Set(parts.flatMap((part) => part.notices));
  return notices.filter((notice) => !ofParts.has(notice));
};

const pairsOf = (transactions: readonly Transaction[]): readonly Pair[] => {
  const byPlace = new Map<string, Transaction[]>();
  for (const t of transactions) {
    const key = `${t.host}\0${t.queueId}`;
    byPlace.set(key, [...(byPlace.get(key) ?? []), t]);
  }
  const named = transactions.flatMap((cause) =>
    ownNotices(cause).flatMap((notice): Pair[] => {
      const found = noticeTransaction(cause, notice, byPlace);
      return found === undefined ? [] : [{ cause, notice: found, kind: notice.kind }];
    }),
  );
  return [...named, ...causedPairs(transactions, byPlace)];
};

/** A list server or another command gives a message back within this time. */
const LIST_DELAY_MS = 3_600_000;

const wasGivenToCommand = (t: Transaction, beforeMs: number): boolean =>
  t.recipients.some(({ attempts }) =>
    attempts.some(
      ({ status, agent, timeMs }) =>
        status === 'sent' &&
        agent !== null &&
        t.mta !== 'dovecot' &&
        timeMs <= beforeMs + NOTICE_LEAD_MS &&
        beforeMs - timeMs <= LIST_DELAY_MS,
    ),
  );

/**
 * The chain of which `copy` is what a list server made: it came from the same host itself, under the same message-id and
 * another sender, after the original was given to a command there.
 */
const originalOf = (copy: Chain, chains: readonly Chain[]): Chain | undefined => {
  const entry = copy.transactions[0]!;
  const ip = entry.client?.ip ?? null;
  const isLocal = entry.via === 'pickup' || ip === '::1' || ip?.startsWith('127.') === true;
  if (!isLocal || copy.messageId === null) return undefined;
  return chains.find(
    (chain) =>
      chain !== copy &&
      chain.messageId === copy.messageId &&
      chain.transactions[0]!.sender !== entry.sender &&
      chain.transactions.some((t) => t.host === entry.host && wasGivenToCommand(t, entry.arrivedAtMs)),
  );
};

const relate = (chains: readonly Chain[]): readonly Chain[] => {
  const home = new Map(
    chains.flatMap((chain) => chain.transactions.flatMap(queueFilesOf).map((t) => [t, chain] as const)),
  );
  const related = new Map<Chain, RelatedChain[]>();
  const add = (chain: Chain, other: Chain, relation: Relation): void => {
    const list = related.get(chain) ?? [];
    related.set(chain, list);
    if (!list.some(({ id, relation: known }) => id === other.id && known === relation)) {
      list.push({ id: other.id, messageId: other.messageId, relation });
    }
  };
  for (const { cause, notice, kind } of pairsOf(
    chains.flatMap(({ transactions }) => transactions.flatMap(queueFilesOf)),
  )) {
    const [from, to] = [home.get(cause)!, home.get(notice)!];
    if (from === to) continue;
    add(from, to, RELATIONS[kind][0]);
    add(to, from, RELATIONS[kind][1]);
  }
  for (const chain of chains) {
    const original = originalOf(chain, chains);
    if (original !== undefined) add(chain, original, 'list-copy-of');
  }
  const byId = new Map(chains.map((chain) => [chain.id, chain]));
  return chains.map((chain) => {
    const relatedChains = related.get(chain) ?? [];
    const bounces = relatedChains.flatMap(({ id, relation }) =>
      relation === 'bounced-by' ? (byId.get(id) ?? []) : [],
    );
    return { ...chain, relatedChains, findings: [...chain.findings, ...senderNotTold(chain, bounces)] };
  });
};

export type BuildInput = LinkInput & ChainInput;

/** A chain as it is, and how to show only a part of it: null when nothing of it may be seen. */
export type BuiltChain = Readonly<{ chain: Chain; narrow: (view: PartView) => Chain | null }>;

const linkNamed = (input: BuildInput): readonly Component[] => {
  const links = linkTransactions(input);
  const named = nameGivenUp(input.transactions, links);
  if (named === null) return groupIntoMessages(input.transactions, links);
  return groupIntoMessages(named, linkTransactions({ ...input, transactions: named }));
};

/** Newest first. `isMatch` is left false: who asked for what is not known here. */
export const buildChains = (input: BuildInput): readonly BuiltChain[] => {
  const components = linkNamed({ ...input, transactions: absorbParts(input) });
  const chains = relate(components.map((component) => buildChain(component, input)));
  return chains
    .map((chain, index): BuiltChain => {
      const whole = components[index]!;
      const narrow = (view: PartView): Chain | null => {
        const part = buildPart(whole, view, input);
        return part === null ? null : { ...part, relatedChains: chain.relatedChains };
      };
      return { chain, narrow };
    })
    .sort((a, b) => b.chain.firstSeenMs - a.chain.firstSeenMs || (a.chain.id < b.chain.id ? -1 : 1));
};
