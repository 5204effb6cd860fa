/** What kept an index from being read, as a reading of its hosts. */
import type { HostReading } from '../app/ports.js';
import type { Fault } from '../opensearch-client/faults.js';

export type Trouble = Readonly<{ status: Exclude<HostReading['status'], 'ok'>; error: string }>;

const STATUS: Readonly<Record<Fault['kind'], Trouble['status']>> = {
  unreachable: 'unreachable',
  lost: 'unreachable',
  overloaded: 'unreachable',
  unauthorized: 'unreadable',
  forbidden: 'unreadable',
  missing: 'unreadable',
  refused: 'unreadable',
};

const errorOf = ({ kind, text }: Fault, index: string): string => {
  if (kind === 'missing') return noIndex(index);
  return kind === 'forbidden' ? `${text} (${index})` : text;
};

export const toTrouble = (fault: Fault, index: string): Trouble => ({
  status: STATUS[fault.kind],
  error: errorOf(fault, index),
});

export const noIndex = (index: string): string =>
  `there is no index ${index}; correct opensearch_config.index (an index, an alias, a pattern or a data stream)`;

export const unreadable = (error: string): Trouble => ({ status: 'unreadable', error });
