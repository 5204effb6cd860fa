/** Buttons that trace one message, and the key they carry. */
import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { Chain } from '../../domain/chain.js';
import type { TimeWindow } from '../../domain/time-window.js';
import { label } from './blocks.js';

export const TRACE_ACTION = 'trace_chain';

/** A button's value takes 2,000 characters. */
const VALUE_MAX = 2000;

const keySchema = z.strictObject({
  v: z.literal(1),
  /** Identity of the chain (CONTRACT §2). */
  id: z.string().min(1),
  host: z.string().min(1),
  queueId: z.string().min(1),
  /** Epoch milliseconds: a window that holds a line of the first transaction on that host. */
  from: z.number().int(),
  to: z.number().int(),
});

/** What must be asked to find the same message again. */
export type ChainKey = Readonly<{ id: string; host: string; queueId: string; window: TimeWindow }>;

type Keyed = Pick<Chain, 'id' | 'transactions'>;

/** @returns null when the names in the log are too long for a button. */
const chainKey = ({ id, transactions }: Keyed): string | null => {
  const first = transactions[0];
  if (first === undefined) return null;
  const { host, queueId, firstSeenMs, lastSeenMs } = first;
  const value = JSON.stringify({ v: 1, id, host, queueId, from: firstSeenMs, to: lastSeenMs + 1 });
  return value.length > VALUE_MAX ? null : value;
};

/** @returns null for a value that is none of ours, or of an older version. */
export const parseChainKey = (value: string): ChainKey | null => {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const parsed = keySchema.safeParse(json);
  if (!parsed.success || parsed.data.to <= parsed.data.from) return null;
  const { id, host, queueId, from, to } = parsed.data;
  return { id, host, queueId, window: { fromMs: from, toMs: to } };
};

const button = (value: string, text: string, spoken: string): types.Button => ({
  type: 'button',
  action_id: TRACE_ACTION,
  text: label(text),
  value,
  accessibility_label: label(spoken).text,
});

/** A second is more than what stamps of whole seconds leave open. */
const AROUND_MS = 1000;

/** @returns null for what never got a queue ID, and when there is no room for the key. */
export const traceExampleButton = (
  alert: Readonly<{ host: string; queueId: string | null; chainId: string | null; timeMs: number }>,
): types.Button | null => {
  const { host, queueId, timeMs } = alert;
  if (queueId === null) return null;
  const id = alert.chainId ?? `${host}/${queueId}`;
  const value = JSON.stringify({ v: 1, id, host, queueId, from: timeMs - AROUND_MS, to: timeMs + AROUND_MS });
  return value.length > VALUE_MAX ? null : button(value, 'Trace an example', 'Trace the newest of these messages');
};

/** @returns null when there is no room for the key: the queue ID in the text must do. */
export const traceThisButton = (chain: Keyed & Pick<Chain, 'verdict'>, position: number): types.ActionsBlock | null => {
  const value = chainKey(chain);
  if (value === null) return null;
  return {
    type: 'actions',
    block_id: `trace_${position}`,
    elements: [button(value, 'Trace this one', `Trace message ${position}, ${chain.verdict}`)],
  };
};

export const traceAgainButton = (chain: Keyed): types.ActionsBlock | null => {
  const value = chainKey(chain);
  if (value === null) return null;
  return {
    type: 'actions',
    block_id: 'trace_again',
    elements: [button(value, 'Trace again', 'Trace this message again, as it may have moved on')],
  };
};
