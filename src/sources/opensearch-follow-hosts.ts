/** Whether the index is asked for the followed hosts only. */
import type { HostName } from '../domain/ids.js';
import { buildHostClause, type FieldNames, HOST_CLAUSES } from './opensearch-fields.js';
import type { PagesContext } from './opensearch-follow-pages.js';
import type { Knowledge } from './opensearch-lessons.js';
import type { Clause } from './opensearch-needles.js';

const SAMPLE = 200;
/** A search may have 1,024 clauses by default, and there are others in it. */
const LEAVES_MAX = 400;
/** With fewer documents of other hosts than that it is better to read them too: then each number of a shard is seen. */
const FEW = 0.2;

/**
 * Looks at the last documents of one index.
 * @returns null: all are to be read; undefined: there are none yet, or nobody answers
 */
export const readHostsClause = async (
  { index, ask, readDocument, isWanted, sourceFields, signal }: PagesContext,
  { types, isFrugal }: Pick<Knowledge, 'types' | 'isFrugal'>,
  hosts: readonly HostName[],
  { hostname }: FieldNames,
): Promise<Clause | null | undefined> => {
  const isAllowed = !isFrugal && hosts.length * HOST_CLAUSES <= LEAVES_MAX;
  const clause = isAllowed ? buildHostClause(hostname, hosts, types) : null;
  if (clause === null) return null;
  const query = { query: { match_all: {} }, size: SAMPLE, order: 'desc', sourceFields, isCounted: false } as const;
  const asked = await ask(index, 0, query, signal);
  if (asked.kind === 'fault' || asked.answer.hits.length === 0) return undefined;
  const { hits } = asked.answer;
  const wanted = hits.filter((hit) => {
    const document = hit.sortMs === null ? null : readDocument({ ...hit, sortMs: hit.sortMs });
    return document !== null && isWanted(document.host);
  });
  return wanted.length / hits.length < FEW ? clause : null;
};
