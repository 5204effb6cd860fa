/** Of all that was read, the messages and rejects that fit the query and that the asker may see, with what belongs to them. */
import type { Chain, Finding, Relation, SourceReport, TraceReport } from '../domain/chain.js';
import type { HostName } from '../domain/ids.js';
import type { Reject } from '../domain/transaction.js';
import type { TraceQuery } from '../query/trace-query.js';
import { type BuildInput, buildChains } from '../trace/build-chains.js';
import type { FoldResult } from '../trace/fold.js';
import { matchesReject, matchesTransaction } from '../trace/match-keyword.js';
import { isVisible } from './access.js';
import type { FoundLines } from './found-lines.js';

export type SelectInput = Readonly<{
  query: TraceQuery;
  startHosts: readonly HostName[];
  folded: FoldResult;
  input: BuildInput;
  lines: FoundLines;
  sources: readonly SourceReport[];
  /** Bounds that were hit, in words. */
  cuts: readonly string[];
  chains: readonly Chain[];
}>;

const fitsChain = (chain: Chain, { query, lines }: SelectInput): boolean =>
  query.keywords.every((keyword) => chain.transactions.some((t) => matchesTransaction(keyword, t, lines.hasText))) &&
  chain.transactions.some(
    (t) => lines.isFound(t) && query.keywords.some((keyword) => matchesTransaction(keyword, t, lines.hasText)),
  );

const maySeeChain = (chain: Chain, query: TraceQuery): boolean =>
  isVisible(query.scope, {
    senders: chain.transactions.flatMap(({ sender }) => (sender === null ? [] : [sender])),
    recipients: chain.transactions.flatMap(({ recipients }) =>
      recipients.flatMap(({ address, originalAddress }) => (originalAddress === null ? [address] : [address, originalAddress])),
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
const withRelated = (matches: readonly Chain[], all: readonly Chain[]): readonly Chain[] => {
  const byId = new Map(all.map((chain) => [chain.id, chain]));
  const chosen = new Set(matches);
  for (const chain of chosen) {
    for (const { id, relation } of chain.relatedChains) {
      const related = INCLUDED.has(relation) ? byId.get(id) : undefined;
      if (related) chosen.add(related);
    }
  }
  return all.filter((chain) => chosen.has(chain));
};

/** A person with scope `own` sees his own part; other recipients are only counted. What he typed himself tells him nothing new. */
const ownPart = (chosen: readonly Chain[], select: SelectInput): readonly Chain[] => {
  const { scope, keywords } = select.query;
  if (scope.kind !== 'own') return chosen;
  const own = { address: scope.address, named: keywords.map(({ text }) => text) };
  const ids = new Map(chosen.map((chain) => [chain.id, chain.isMatch]));
  return buildChains({ ...select.input, own })
    .filter(({ id }) => ids.has(id))
    .map((chain) => ({
      ...chain,
      isMatch: ids.get(chain.id) === true,
      relatedChains: chain.relatedChains.filter(({ id }) => ids.has(id)),
    }));
};

const rejectsOf = (select: SelectInput, chains: readonly Chain[]): readonly Reject[] => {
  const { query, folded, lines, startHosts } = select;
  const hosts = new Set(startHosts);
  const sessions = new Set(
    chains.filter(({ isMatch }) => isMatch).flatMap(({ transactions }) => transactions.map((t) => `${t.host}\0${t.queueId}`)),
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

export const selectAnswer = (select: SelectInput): TraceReport => {
  const { query, sources, cuts, chains } = select;
  const marked = chains.map((chain) => ({ ...chain, isMatch: fitsChain(chain, select) && maySeeChain(chain, query) }));
  const matches = marked.filter(({ isMatch }) => isMatch);
  const related = withRelated(matches, marked);
  const chosen = query.scope.kind === 'own' ? related.filter((chain) => maySeeChain(chain, query)) : related;
  const answer = ownPart(chosen, select);
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
    complete: cuts.length === 0 && sources.every(({ status }) => status === 'ok'),
    findings: limitFindings(cuts),
  };
};
