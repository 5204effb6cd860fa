/** Sends the queries of a search and keeps what went wrong. */
import type { HostName } from '../domain/ids.js';
import type { Cluster } from '../opensearch-client/client.js';
import type { Zone } from '../zone.js';
import {
  createDocumentReader,
  type Document,
  type DocumentReader,
  type Hit,
  sourceFields,
} from './opensearch-documents.js';
import type { FieldNames } from './opensearch-fields.js';
import { createLessons, type Knowledge, type Lessons } from './opensearch-lessons.js';
import type { Clause } from './opensearch-needles.js';
import { readPages } from './opensearch-pages.js';
import { createPresence, type PresenceCheck } from './opensearch-presence.js';
import { buildQueries, type HostsWish } from './opensearch-query.js';
import { noIndex, type Trouble, toTrouble, unreadable } from './opensearch-trouble.js';

export type ReadingsOptions = Readonly<{
  cluster: Cluster;
  index: string;
  fields: FieldNames;
  zone: Zone;
  canonical: (name: string) => HostName;
}>;

/** False: nobody wants more. */
export type Take = (document: Document) => boolean;

export type Reading = Readonly<{
  /** Calls `take` for each document that may fulfil a wish; for some of them twice. */
  read: (wishes: readonly HostsWish[], take: Take, signal: AbortSignal) => Promise<void>;
  /** What went wrong with the reading of a host; null when nothing did. */
  troubleOf: (host: HostName, linesRead: number) => Trouble | null;
}>;

/** Templates of new indices change: what was learnt is forgotten after so many searches. */
const SEARCHES_PER_LESSON = 100;
/** What was assumed may be shown to be wrong, what was shown may be refused; there is no fourth way. */
const ATTEMPTS_MAX = 3;

type Context = Readonly<{
  options: ReadingsOptions;
  lessons: Lessons;
  presence: PresenceCheck;
  readDocument: DocumentReader;
  take: Take;
  signal: AbortSignal;
}>;

/** `isRight` false: it has to be read in another way. */
type QueryOutcome = Readonly<{ isRight: boolean; trouble: Trouble | null }>;

const readQuery = async (query: Clause, known: Knowledge, context: Context): Promise<QueryOutcome> => {
  const { options, lessons, presence, readDocument, take, signal } = context;
  const { cluster, fields } = options;
  const { index } = known;
  let isRight = true;
  const request = {
    index,
    timestamp: fields.timestamp,
    sourceFields: sourceFields(fields),
    query,
    extra: { ...lessons.probe(known), ...(known.isFrugal ? {} : presence.extra(known.types)) },
    onFirst: (body: Clause): boolean => {
      presence.note(body);
      isRight = lessons.check(known, body);
      return isRight;
    },
    onHit: (hit: Hit): boolean => {
      const document = readDocument(hit);
      return document === null || take(document);
    },
  };
  const { fault, shards, isEmptyIndex } = await readPages(cluster, request, signal);
  if (fault !== null && lessons.accept(known, fault)) return { isRight: false, trouble: null };
  if (fault !== null) return { isRight, trouble: toTrouble(fault, index) };
  if (isEmptyIndex) return { isRight, trouble: unreadable(noIndex(index)) };
  return { isRight, trouble: shards === null ? known.trouble : { status: 'incomplete', error: shards } };
};

/** Some shards were silent: the others may still have lines. */
const isOver = (trouble: Trouble | null): boolean => trouble !== null && trouble.status !== 'incomplete';

const readWishes = async (wishes: readonly HostsWish[], context: Context): Promise<QueryOutcome> => {
  const { lessons, options, signal } = context;
  let trouble: Trouble | null = null;
  const first = await lessons.learn(signal);
  if (first.kind === 'trouble') return { isRight: true, trouble: first.trouble };
  for (const query of buildQueries(wishes, { ...first.known, ...options })) {
    // The first of the queries shows what is assumed for all of them.
    const now = await lessons.learn(signal);
    const isSure = now.kind === 'known' && now.known.isSure;
    const outcome = await readQuery(query, { ...first.known, isSure }, context);
    trouble = outcome.trouble ?? trouble;
    if (!outcome.isRight || isOver(trouble)) return { ...outcome, trouble };
  }
  return { isRight: true, trouble };
};

export const createReadings = (options: ReadingsOptions) => {
  const { cluster, index, fields } = options;
  const lessons = createLessons(cluster, index, fields);
  const checkPresence = createPresence(fields.hostname);
  let searches = 0;

  return (nearMs: number, hosts: readonly HostName[]): Reading => {
    searches++;
    if (searches % SEARCHES_PER_LESSON === 0) lessons.forget();
    const presence = checkPresence(hosts);
    const readDocument = createDocumentReader({ ...options, nearMs });
    let trouble: Trouble | null = null;
    return {
      read: async (wishes, take, signal) => {
        if (wishes.length === 0) return;
        const context = { options, lessons, presence, readDocument, take, signal };
        for (let attempt = 1; attempt <= ATTEMPTS_MAX && !isOver(trouble); attempt++) {
          const outcome = await readWishes(wishes, context);
          trouble = outcome.trouble ?? trouble;
          if (outcome.isRight) return;
        }
      },
      troubleOf: (host, linesRead) => {
        if (trouble !== null) return linesRead > 0 ? { ...trouble, status: 'incomplete' } : trouble;
        if (linesRead > 0 || !presence.isAbsent(host)) return null;
        const remedy = `correct the name of the host or opensearch_config.mapping.hostname (now ${fields.hostname})`;
        return unreadable(`the index ${index} has no document of ${host}; ${remedy}`);
      },
    };
  };
};
