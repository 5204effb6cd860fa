/** What is known of an index: the types of its fields, as `_field_caps` says, and how its messages are analysed. */
import type { Cluster } from '../opensearch-client/client.js';
import type { Fault } from '../opensearch-client/faults.js';
import { type Analysis, isSafe, PROBE_TEXT, readAnalysis } from './opensearch-analysis.js';
import {
  assumeAnalysis,
  type FieldNames,
  type FieldTypes,
  findFieldFault,
  readFieldTypes,
} from './opensearch-fields.js';
import type { Clause } from './opensearch-needles.js';
import { searchPath, tokensOf } from './opensearch-pages.js';
import { findReadable } from './opensearch-parts.js';
import { type Trouble, toTrouble, unreadable } from './opensearch-trouble.js';

/**
 * `isSure`: `analysis` was shown, not assumed. `isFrugal`: the cluster forbids what walks through terms
 * (`search.allow_expensive_queries`), for hosts as well. `index`: what is to be searched; `trouble`: why it is less than what
 * was configured, null when it is all of it.
 */
export type Knowledge = Readonly<{
  index: string;
  trouble: Trouble | null;
  types: FieldTypes;
  analysis: Analysis;
  isSure: boolean;
  isFrugal: boolean;
}>;

type Scope = Pick<Knowledge, 'index' | 'trouble'>;

export type Lesson = Readonly<{ kind: 'known'; known: Knowledge }> | Readonly<{ kind: 'trouble'; trouble: Trouble }>;

export type Lessons = Readonly<{
  learn: (signal: AbortSignal) => Promise<Lesson>;
  /** What the next search has to ask, so that nothing is assumed after it. */
  probe: (known: Knowledge) => Clause;
  /** Reads what the probe showed. False when a query made under `known` may have missed lines. */
  check: (known: Knowledge, body: Clause) => boolean;
  /** True when the cluster refuses the queries that `known` leads to and others may be taken. */
  accept: (known: Knowledge, refusal: Fault) => boolean;
  /** A template may have changed since: what is known is learnt anew. */
  forget: () => void;
}>;

export const createLessons = (cluster: Cluster, configured: string, fields: FieldNames): Lessons => {
  let lesson: Knowledge | null = null;

  const know = (scope: Scope, types: FieldTypes): Lesson => ({
    kind: 'known',
    known: { ...scope, types, ...assumeAnalysis(types, fields.message), isFrugal: false },
  });

  const ask = async (scope: Scope, signal: AbortSignal): Promise<Lesson> => {
    const { index, trouble } = scope;
    const names = [...new Set([fields.message, fields.hostname, fields.timestamp])].filter((name) => name !== '');
    const path = `${searchPath(index, '_field_caps')}?fields=${names.map(encodeURIComponent).join(',')}`;
    const answer = await cluster.ask({ method: 'GET', path }, signal);
    if (answer.kind === 'fault') {
      const readable = trouble === null ? await findReadable(cluster, index, answer.fault, signal) : null;
      if (readable !== null) return ask(readable, signal);
      // Who may search may not always ask for fields: then the first answer has to show what the message is.
      return answer.fault.kind === 'forbidden'
        ? know(scope, new Map())
        : { kind: 'trouble', trouble: toTrouble(answer.fault, index) };
    }
    // No fields at all: no such index, or none of its shards is there. The search will tell.
    const types = readFieldTypes(answer.body);
    const fault = findFieldFault(types, fields);
    return fault === null ? know(scope, types) : { kind: 'trouble', trouble: unreadable(fault) };
  };

  return {
    learn: async (signal) => {
      if (lesson !== null) return { kind: 'known', known: lesson };
      const learnt = await ask({ index: configured, trouble: null }, signal);
      if (learnt.kind === 'known') lesson = learnt.known;
      return learnt;
    },
    // No word is longer than that: none is corrected, only the tokens come back.
    probe: ({ isSure }) =>
      isSure
        ? {}
        : {
            suggest: {
              probe: { text: PROBE_TEXT, term: { field: fields.message, size: 1, min_word_length: 100_000 } },
            },
          },
    check: (known, body) => {
      if (known.isSure) return true;
      const actual = readAnalysis(tokensOf(body) ?? []);
      const isRight = isSafe(known.analysis, actual);
      lesson = { ...known, analysis: isRight ? known.analysis : actual, isSure: true };
      return isRight;
    },
    accept: (known, { kind, detail }) => {
      const isFrugal = detail.includes('allow_expensive_queries');
      const isOpaque = known.analysis.kind === 'opaque';
      // Also 500: indices of one pattern that analyse in different ways fail to merge what the probe showed.
      if (kind !== 'refused' || (isOpaque && (known.isFrugal || !isFrugal))) return false;
      lesson = { ...known, analysis: { kind: 'opaque' }, isSure: true, isFrugal };
      return true;
    },
    forget: () => {
      lesson = null;
    },
  };
};
