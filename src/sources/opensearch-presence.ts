/** Which hosts an index knows at all: "no mail" and "no log" must not look the same. Asked once for each host. */
import type { HostName } from '../domain/ids.js';
import { buildOneHostClause, type FieldTypes, isJson } from './opensearch-fields.js';
import type { Clause } from './opensearch-needles.js';

export type PresenceCheck = Readonly<{
  /** To ride on a search; empty when nothing is to be asked. */
  extra: (types: FieldTypes) => Clause;
  note: (body: Clause) => void;
  /** True when the index was asked and has no document of the host. */
  isAbsent: (host: HostName) => boolean;
}>;

/** Hosts asked for at a time. */
const HOSTS_MAX = 200;

const isEmpty = (bucket: unknown): boolean => isJson(bucket) && bucket['doc_count'] === 0;

/** @param field the one that holds the host; `''`: there is none, and nothing can be asked */
export const createPresence = (field: string): ((hosts: readonly HostName[]) => PresenceCheck) => {
  const seen = new Set<HostName>();
  return (hosts) => {
    const asked = field === '' ? [] : [...new Set(hosts)].filter((host) => !seen.has(host)).slice(0, HOSTS_MAX);
    const absent = new Set<HostName>();
    let isDone = asked.length === 0;
    return {
      extra: (types) => {
        if (isDone) return {};
        const filters = asked.map((host, index) => [`h${index}`, { filter: buildOneHostClause(field, host, types) }]);
        return { aggs: { all: { global: {}, aggs: Object.fromEntries(filters) as Clause } } };
      },
      note: (body) => {
        const all = isJson(body['aggregations']) ? body['aggregations']['all'] : undefined;
        if (isDone || !isJson(all)) return;
        isDone = true;
        for (const [index, host] of asked.entries()) (isEmpty(all[`h${index}`]) ? absent : seen).add(host);
      },
      isAbsent: (host) => absent.has(host),
    };
  };
};
