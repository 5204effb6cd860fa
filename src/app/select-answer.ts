/** Of all that was read, the messages and rejects that fit the query and that the asker may see, with what belongs to them. */
import type { Chain, Finding, Relation, SourceReport, TraceReport } from '../domain/chain.js';
import type { HostName } from '../domain/ids.js';
import type { Reject } from '../domain/transaction.js';
import type { TraceQuery } from '../query/trace-query.js';
import type { BuiltChain } from '../trace/build-chains.js';
import type { FoldResult } from '../trace/fold.js';
import { matchesReject, matchesTransaction } from '../trace/match-keyword.js';
import { findVisiblePart, isVisible, type MailParties } from './access.js';
import type { FoundLines } from './found-lines.js';

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
}>;

const fitsChain = (chain: Chain, { query, lines }: SelectInput): boolean =>
  query.keywords.every((keyword) => chain.transactions.some((t) => matchesTransaction(keyword, t, lines.hasText))) &&
  chain.transactions.some(
    (t) => lines.isFound(t) && query.keywords.some((keyword) => matchesTransaction(keyword, t, lines.hasText)),
  );

const partiesOf = (chain: Chain): MailParties => ({
  senders: chain.transactions.flatMap(({ sender }) => (sender === null ? [] : [sender])),
  recipients: chain.transactions.flatMap(({ recipients }) =>
    recipients.flatMap(({ address, originalAddress }) =>
      originalAddress === null ? [address] : [address, originalAddress],
    ),
  ),
  hosts: chain.transactions.map(({ host }) => host),
});

const maySeeReject = (reject: Reject, query: TraceQuery): boolean =>
  isVisible(query.scope, {
    senders: reject.sender === null ? [] : [reject.sender],
    recipients: reject.recipient === null ? [] : [reject.recipient],
    hosts: [reject.host],
  });

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
const visiblePart = (built: BuiltChain, query: TraceQuery): Chain | null => {
  const part = findVisiblePart(query.scope, partiesOf(built.chain));
  switch (part.kind) {
    case 'whole':
      return built.chain;
    case 'nothing':
      return null;
    case 'part':
      return built.narrow({ address: part.address, hosts: part.hosts, named: query.keywords.map(({ text }) => text) });
  }
};

const chainsOf = (select: SelectInput): readonly Chain[] => {
  const { query, chains } = select;
  const matches = chains.filter(({ chain }) => fitsChain(chain, select) && isVisible(query.scope, partiesOf(chain)));
  const isMatch = new Set(matches);
  // A notice about a message that is shown whole is shown whole, whoever its sender and recipient are.
  const whole = new Set<string>();
  const shown = withNotices(matches, chains).flatMap((built) => {
    const isOfWhole = built.chain.relatedChains.some(({ id, relation }) => !INCLUDED.has(relation) && whole.has(id));
    const chain = isOfWhole ? built.chain : visiblePart(built, query);
    if (chain === built.chain) whole.add(chain.id);
    return chain === null ? [] : [{ built, chain: { ...chain, isMatch: isMatch.has(built) } }];
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

const rejectsOf = (select: SelectInput, chains: readonly Chain[]): readonly Reject[] => {
  const { query, folded, lines, startHosts } = select;
  const hosts = new Set(startHosts);
  const sessions = new Set(
    chains
      .filter(({ isMatch }) => isMatch)
      .flatMap(({ transactions }) => transactions.map((t) => `${t.host}\0${t.queueId}`)),
  );
  return folded.rejects.filter((reject) => {
    if (!maySeeReject(reject, query)) return false;
    // Another recipient of a message that was found, refused in the same session.
    if (reject.queueId !== null && sessions.has(`${reject.host}\0${reject.queueId}`)) return true;
    const { fromMs, toMs } = query.window;
    const isInside = reject.timeMs >= fromMs && reject.timeMs < toMs && hosts.has(reject.host);
    return isInside && query.keywords.every((keyword) => matchesReject(keyword, reject, lines.hasText));
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

const isCutOff = ({ findings }: Chain): boolean => findings.some(({ code }) => code === 'limit');

export const selectAnswer = (select: SelectInput): TraceReport => {
  const { query, sources, cuts } = select;
  const answer = chainsOf(select);
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
    rejects: rejectsOf(select, answer),
    sources,
    complete: cuts.length === 0 && !answer.some(isCutOff) && sources.every(({ status }) => status === 'ok'),
    findings: [...limitFindings(cuts), ...ambiguousFindings(select.ambiguousTimes)],
  };
};
