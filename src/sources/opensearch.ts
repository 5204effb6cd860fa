/**
 * LogSource over an index of OpenSearch. All hosts and lookups that are asked at the same time go in one request; the queue
 * IDs that its lines lead to are a second one.
 */
import type { CheckName, LogSource, SearchOutcome, SearchRequest } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { type TimeWindow, unite } from '../domain/time-window.js';
import type { ClusterAddress } from '../opensearch-client/address.js';
import { openCluster } from '../opensearch-client/client.js';
import { createZone } from '../zone.js';
import type { FieldNames } from './opensearch-fields.js';
import { followOpensearch } from './opensearch-follow.js';
import { createMember } from './opensearch-member.js';
import { createReadings, type Take } from './opensearch-reading.js';

export type OpensearchSourceOptions = Readonly<{
  address: ClusterAddress;
  /** Index, alias, pattern, data stream, or several with commas. */
  index: string;
  fields: FieldNames;
  /** IANA name or offset of stamps that were indexed without one. */
  timeZone: string;
  hosts: readonly HostName[];
  /** The one name of the machine that a document calls `name`. */
  canonical: (name: string) => HostName;
}>;

type Asked = Readonly<{
  request: SearchRequest;
  resolve: (outcome: SearchOutcome) => void;
  reject: (reason: unknown) => void;
}>;

/** United with anything, it is that. */
const NOWHERE: TimeWindow = { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY };

const middleOf = (requests: readonly SearchRequest[]): number => {
  const { fromMs, toMs } = requests
    .flatMap(({ lookups }) => lookups.map(({ window }) => window))
    .reduce(unite, NOWHERE);
  return fromMs + (toMs - fromMs) / 2;
};

type SearchTogether = (requests: readonly SearchRequest[], signal: AbortSignal) => Promise<readonly SearchOutcome[]>;

/** Gathers what is asked in one turn of the event loop. */
const createBatch = (searchTogether: SearchTogether) => {
  const waiting = new Map<AbortSignal, Asked[]>();
  const flush = (signal: AbortSignal): void => {
    const asked = waiting.get(signal) ?? [];
    waiting.delete(signal);
    searchTogether(
      asked.map(({ request }) => request),
      signal,
    ).then(
      (outcomes) => {
        for (const [index, { resolve }] of asked.entries()) resolve(outcomes[index]!);
      },
      (reason: unknown) => {
        for (const { reject } of asked) reject(reason);
      },
    );
  };
  return (request: SearchRequest, signal: AbortSignal): Promise<SearchOutcome> =>
    new Promise((resolve, reject) => {
      const asked = waiting.get(signal);
      if (asked) asked.push({ request, resolve, reject });
      else {
        waiting.set(signal, [{ request, resolve, reject }]);
        queueMicrotask(() => flush(signal));
      }
    });
};

/** What the checks of an index are called among all checks. */
const CHECK_NAMES: Readonly<Record<string, CheckName>> = {
  'opensearch index': 'readability',
  'opensearch shards': 'readability',
  'opensearch hosts': 'readability',
  'opensearch mapping': 'mapping',
  'opensearch message': 'mapping',
  'opensearch analyzer': 'mapping',
};

/**
 * Nothing is sent before a search.
 * @throws MailtraceError `config` for a certificate file that cannot be read
 * @throws RangeError for a zone that is none
 */
export const openOpensearch = async (options: OpensearchSourceOptions): Promise<LogSource> => {
  const cluster = await openCluster(options.address);
  const zone = createZone(options.timeZone);
  const startReading = createReadings({ ...options, cluster, zone });
  const searchTogether: SearchTogether = async (requests, signal) => {
    const members = requests.map(createMember);
    const reading = startReading(
      middleOf(requests),
      requests.flatMap(({ hosts }) => hosts),
    );
    const takeAll: Take = (document) => members.map(({ take }) => take(document)).some((isWanted) => isWanted);
    await reading.read(
      members.flatMap(({ firstWishes }) => firstWishes),
      takeAll,
      signal,
    );
    const related = members.flatMap(({ relatedWishes }) => relatedWishes());
    await reading.read(related, takeAll, signal);
    return members.map(({ outcome }) => outcome(reading.troubleOf));
  };
  const search = createBatch(searchTogether);
  return {
    kind: 'opensearch',
    hosts: options.hosts,
    search: async (request, signal) => {
      signal.throwIfAborted();
      return search(request, signal);
    },
    diagnose: async ({ nowMs }, signal) => {
      const { checkOpensearch } = await import('./opensearch-check.js');
      return (await checkOpensearch(options, nowMs, signal)).map(({ name, ok, note, remedy }) => ({
        name: CHECK_NAMES[name] ?? 'reachability',
        host: null,
        status: ok ? 'ok' : 'failed',
        text: note,
        remedy,
      }));
    },
    follow: (follow) => followOpensearch({ ...options, cluster, zone, now: Date.now }, follow),
    close: () => cluster.close(),
  };
};
