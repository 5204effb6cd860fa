/** `index` may name several: when the whole of them cannot be searched, those that can be are. */
import type { Cluster } from '../opensearch-client/client.js';
import type { Fault } from '../opensearch-client/faults.js';
import { searchPath } from './opensearch-pages.js';
import { type Trouble, toTrouble } from './opensearch-trouble.js';

/** `index`: those that can be searched. `trouble`: what is wrong with the others. */
export type Readable = Readonly<{ index: string; trouble: Trouble }>;

/** Each is asked for by itself. */
const PARTS_MAX = 50;

/** Faults that one index has and another has not. */
const isOfPart = ({ kind }: Fault): boolean => kind === 'missing' || kind === 'forbidden';

/** @returns null when it is one index, when a part cannot be left out, or when nothing would be left */
export const findReadable = async (
  cluster: Cluster,
  index: string,
  fault: Fault,
  signal: AbortSignal,
): Promise<Readable | null> => {
  const names = index.split(',').filter((name) => name !== '');
  // What `-name` leaves out depends on what stands before it.
  const isList = names.length > 1 && names.length <= PARTS_MAX && !names.some((name) => name.startsWith('-'));
  if (!isOfPart(fault) || !isList) return null;
  const body = { size: 0, track_total_hits: false };
  const parts = await Promise.all(
    names.map(async (name) => {
      const answer = await cluster.ask({ method: 'POST', path: searchPath(name, '_search'), body }, signal);
      return { name, fault: answer.kind === 'fault' ? answer.fault : null };
    }),
  );
  const faulty = parts.flatMap((part) => (part.fault === null ? [] : [{ name: part.name, fault: part.fault }]));
  if (faulty.length === 0 || faulty.length === names.length || !faulty.every((part) => isOfPart(part.fault)))
    return null;
  const errors = faulty.map((part) => toTrouble(part.fault, part.name).error);
  return {
    index: parts.flatMap((part) => (part.fault === null ? [part.name] : [])).join(','),
    trouble: { status: 'incomplete', error: `${[...new Set(errors)].join('; ')}; the other indices were read` },
  };
};
