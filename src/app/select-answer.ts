/** Of all that was read, the messages and rejects that fit the query and that the asker may see, with what belongs to them. */
import type { Architecture } from '../domain/architecture.js';
import type { Chain, Finding, Relation, SourceReport, TraceReport } from '../domain/chain.js';
import type { HostName } from '../domain/ids.js';
import type { Keyword } from '../domain/keyword.js';
import { isInside } from '../domain/time-window.js';
import { queueFilesOf, type Reject, type Transaction } from '../domain/transaction.js';
import type { TraceQuery, WantedIds } from '../query/trace-query.js';
import type { BuiltChain } from '../trace/build-chains.js';
import type { FoldResult } from '../trace/fold.js';
import { type HasText, isWanted, matchesReject, matchesTransaction } from '../trace/match-keyword.js';
import { adviseStart } from '../trace/start-advice.js';
import { formatInstant } from '../zone.js';
import { findVisiblePart, partiesOfChain } from './access.js';
import type { FoundLines } from './found-lines.js';
import { redactReject } from './redact-reject.js';

export type SelectInput = Readonly<{
  query: TraceQuery;
  startHosts: readonly HostName[];
  folded: FoldResult;
  lines: FoundLines;
  sources: readonly SourceReport[];
  /** Host → lines in the hour that its clock repeated. */
  ambiguousTimes: ReadonlyMap<HostName, number>;
  /** Bounds that were hit, in words. */
  cuts: readonly string[];
  chains: readonly BuiltChain[];
  architecture: Architecture;
  /** Lines logged after this instant may not have arrived yet. */
  lateSinceMs: number;
}>;

/** @param hasTextOf which lines of a transaction may be looked at */
const fits = (chain: Chain, { query, lines }: SelectInput, hasTextOf: (t: Transaction) => HasText): boolean => {
  const { wanted } = query;
  if (wanted !== undefined) return chain.transactions.some((t) => lines.isFound(t) && isWanted(wanted, t));
  const holds = (keyword: Keyword, t: Transaction): boolean => matchesTransaction(keyword, t, hasTextOf(t));
  return (
    query.keywords.every((keyword) => chain.transactions.some((t) => holds(keyword, t))) &&
    chain.transactions.some((t) => lines.isFound(t) && query.keywords.some((keyword) => holds(keyword, t)))
  );
};

/** A message's notices belong to the answer. The cause of a notice does not: it is named, but nobody asked for it. */
const INCLUDED: ReadonlySet<Relation> = new Set(['bounced-by', 'delayed-by', 'reported-by']);

/** The matches, the notices about them, and the notices about those. */
const withNotices = (matches: readonly BuiltChain[], all: readonly BuiltChain[]): readonly BuiltChain[] => {
  const byId = new Map(all.map((built) => [built.chain.id, built]));
  const chosen = new Set(matches);
  for (const { chain } of chosen) {
    for (const { id, relation } of chain.relatedChains) {
      const notice = INCLUDED.has(relation) ? byId.get(id) : undefined;
      if (notice) chosen.add(notice);
    }
  }
  return [...chosen];
};

/** What of a chain this asker may see by himself. */
const visiblePart = ({ chain, narrow }: BuiltChain, { scope, keywords }: TraceQuery): Chain | null => {
  const part = findVisiblePart(scope, partiesOfChain(chain));
  switch (part.kind) {
    case 'whole':
      return chain;
    case 'nothing':
      return null;
    case 'part': {
      const { address, hosts } = part;
      // Only who wrote the message knows its recipients; for others the question must not be an answer.
      const isSender = address !== null && chain.transactions[0]?.sender?.toLowerCase() === address.toLowerCase();
      return narrow({ address, hosts, named: isSender ? keywords.map(({ text }) => text) : [] });
    }
  }
};

type Seen = Readonly<{ built: BuiltChain; part: Chain | null; isMatch: boolean }>;

/** Keywords are held against what the asker may see: what is out of scope is never found. */
const lookAt = (built: BuiltChain, select: SelectInput): Seen => {
  const part = visiblePart(built, select.query);
  if (part === null) return { built, part, isMatch: false };
  const { hasText, hasTextFor } = select.lines;
  const hasTextOf = part === built.chain ? () => hasText : (t: Transaction) => hasTextFor(t.recipients);
  return { built, part, isMatch: fits(part, select, hasTextOf) };
};

const chainsOf = (select: SelectInput): readonly Chain[] => {
  const { query, chains } = select;
  const seen = new Map(chains.map((built) => [built, lookAt(built, select)]));
  const matches = chains.filter((built) => seen.get(built)?.isMatch);
  // A notice about a message that is shown whole is shown whole, whoever its sender and recipient are.
  const whole = new Set<string>();
  const shown = withNotices(matches, chains).flatMap((built) => {
    const isOfWhole = built.chain.relatedChains.some(({ id, relation }) => !INCLUDED.has(relation) && whole.has(id));
    const { part = null, isMatch = false } = seen.get(built) ?? {};
    const chain = isOfWhole ? built.chain : part;
    if (chain === built.chain) whole.add(chain.id);
    return chain === null ? [] : [{ built, chain: { ...chain, isMatch } }];
  });
  const order = new Map(chains.map((built, index) => [built, index]));
  shown.sort((a, b) => (order.get(a.built) ?? 0) - (order.get(b.built) ?? 0));
  if (query.scope.kind === 'all') return shown.map(({ chain }) => chain);
  // Ids of narrowed chains differ, and a chain that is not shown must not be named.
  const idOf = new Map(shown.map(({ built, chain }) => [built.chain.id, chain.id]));
  return shown.map(({ chain }) => ({
    ...chain,
    relatedChains: chain.relatedChains.flatMap((related) => {
      const id = idOf.get(related.id);
      return id === undefined ? [] : [{ ...related, id }];
    }),
  }));
};

/** Was it refused in the session of a message that was found: another recipient of it? A queue ID alone may be another's. */
const isOfChains = (reject: Reject, chains: readonly Chain[]): boolean =>
  reject.queueId !== null &&
  chains.some(
    ({ isMatch, transactions }) =>
      isMatch &&
      transactions
        .flatMap(queueFilesOf)
        .some(
          (t) =>
            t.queueId === reject.queueId &&
            t.host === reject.host &&
            reject.timeMs >= t.firstSeenMs &&
            reject.timeMs <= t.lastSeenMs,
        ),
  );

/** Refused mail has no chain: it is known by its queue ID, or by the message-id that was logged with it. */
const wantedRejects = ({ query, folded, lines, startHosts }: SelectInput, wanted: WantedIds): readonly Reject[] => {
  const hosts = new Set(startHosts);
  return folded.rejects.flatMap((reject) => {
    const { queueId, host, timeMs } = reject;
    if (queueId === null || !isInside(query.window, timeMs) || !hosts.has(host)) return [];
    const messageId = lines.messageIdAt(host, queueId);
    const isIt = wanted.queueIds.has(queueId) || (messageId !== null && wanted.messageIds.has(messageId));
    return isIt ? [{ ...reject, messageId }] : [];
  });
};

const rejectsOf = (select: SelectInput, chains: readonly Chain[]): readonly Reject[] => {
  const { query, folded, lines, startHosts } = select;
  if (query.wanted !== undefined && query.scope.kind === 'all') return wantedRejects(select, query.wanted);
  const hosts = new Set(startHosts);
  const named = query.keywords.map(({ text }) => text);
  return folded.rejects.flatMap((whole) => {
    const reject = redactReject(whole, query.scope, named);
    if (reject === null) return [];
    if (isOfChains(reject, chains)) return [reject];
    const hasText =
      reject === whole ? lines.hasText : lines.hasTextFor([{ address: reject.recipient ?? '', originalAddress: null }]);
    const isFound = isInside(query.window, reject.timeMs) && hosts.has(reject.host);
    return isFound && query.keywords.every((keyword) => matchesReject(keyword, reject, hasText)) ? [reject] : [];
  });
};

const limitFindings = (cuts: readonly string[]): readonly Finding[] =>
  cuts.map((cut) => ({
    code: 'limit',
    severity: 'warning',
    text: `The trace stopped at its limit of ${cut}; narrow the keywords or the window to see all.`,
    host: null,
  }));

const ambiguousFindings = (ambiguousTimes: ReadonlyMap<HostName, number>): readonly Finding[] =>
  [...ambiguousTimes].map(([host, count]) => ({
    code: 'ambiguous-time',
    severity: 'warning',
    text: `${count} lines of ${host} lie in the hour that its clock showed twice; both readings were searched.`,
    host,
  }));

/** The newest lines of a window that reaches up to now may still be on their way. */
const lateFindings = ({ query, lateSinceMs }: SelectInput, isFound: boolean): readonly Finding[] =>
  query.window.toMs <= lateSinceMs || (isFound && query.wanted === undefined)
    ? []
    : [
        {
          code: 'not-yet-logged',
          severity: 'info',
          text: `The window reaches up to now: lines since ${formatInstant(lateSinceMs, query.timeZone)} may not be in the logs yet (trace.log_lag). Ask again later.`,
          host: null,
        },
      ];

const isCutOff = ({ findings }: Chain): boolean => findings.some(({ code }) => code === 'limit');

export const selectAnswer = (select: SelectInput): TraceReport => {
  const { query, sources, cuts } = select;
  const answer = chainsOf(select);
  const rejects = rejectsOf(select, answer);
  const isFound = answer.length > 0 || rejects.length > 0;
  return {
    query: {
      keywords: query.keywords.map(({ kind, text }) =>
        ['address-or-id', 'domain-or-host', 'network', 'word'].includes(kind) ? text : `${kind}:${text}`,
      ),
      startHost: query.startHost,
      window: query.window,
      timeZone: query.timeZone,
    },
    chains: answer,
    rejects,
    sources,
    complete: cuts.length === 0 && !answer.some(isCutOff) && sources.every(({ status }) => status === 'ok'),
    findings: [...limitFindings(cuts), ...ambiguousFindings(select.ambiguousTimes), ...lateFindings(select, isFound)],
    startAt: isFound || query.wanted !== undefined ? [] : adviseStart(query.keywords, select.architecture),
  };
};
