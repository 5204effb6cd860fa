/** Which messages of a report were asked for, and which only belong to one of those. */
import type { Chain, RelatedChain, TraceReport } from '../domain/chain.js';

export type Related = Readonly<{ chain: Chain; relation: RelatedChain['relation'] }>;

export type Match = Readonly<{
  chain: Chain;
  /** Its bounces, delay notices, delivery reports and list copies, theirs in turn, and what it is itself a notice of. */
  related: readonly Related[];
}>;

/** A chain that says this of another one is shown under that other one. */
const BELONGS_TO: ReadonlySet<RelatedChain['relation']> = new Set([
  'bounce-of',
  'delay-notice-of',
  'delivery-report-of',
  'list-copy-of',
]);

/** A list with one message per subscriber has thousands of copies. */
const MAX_RELATED = 200;

const findRelated = (start: Chain, byId: ReadonlyMap<string, Chain>): readonly Related[] => {
  const found = new Map<string, Related>();
  const open = [start];
  for (let next = open.shift(); next !== undefined && found.size < MAX_RELATED; next = open.shift()) {
    for (const { id, relation } of next.relatedChains) {
      const chain = byId.get(id);
      if (chain === undefined || id === start.id || found.has(id)) continue;
      found.set(id, { chain, relation });
      open.push(chain);
    }
  }
  return [...found.values()];
};

/**
 * Newest first. A bounce to the address that was asked for matches as well as its cause does: they are one match, that of the
 * cause.
 */
export const findMatches = ({ chains }: Pick<TraceReport, 'chains'>): readonly Match[] => {
  const matching = chains.filter(({ isMatch }) => isMatch);
  const ids = new Set(matching.map(({ id }) => id));
  const byId = new Map(chains.map((chain) => [chain.id, chain]));
  const primary = matching.filter(
    ({ id: ownId, relatedChains }) =>
      !relatedChains.some(({ id, relation }) => BELONGS_TO.has(relation) && id !== ownId && ids.has(id)),
  );
  // Chains that each claim to be a notice of the other would otherwise hide each other.
  const shown = primary.length > 0 ? primary : matching;
  return shown.map((chain) => ({ chain, related: findRelated(chain, byId) }));
};
