/** A question to trace, ready to be answered. */
import type { TraceQuery } from '../query/trace-query.js';
import type { Asked } from './replies/answer-context.js';
import type { Reply } from './replies/blocks.js';
import type { Place } from './send.js';

/** Says something to the asker alone. A failure is logged by it, never thrown: there is nobody left to tell. */
export type Whisper = (reply: Reply) => Promise<void>;

export type Question = Readonly<{
  /** `U…` of the asker. */
  user: string;
  /** As typed, or what the button stands for; for the audit log. */
  text: string;
  asked: Asked;
  query: TraceQuery;
  /** Where it was asked, and where the answer goes unless the asker may see only his own mail. */
  place: Place;
  /** The one chain a button stands for; null = whatever matches. */
  chainId: string | null;
  whisper: Whisper;
  /** To be called when the asker can see something of the answer. */
  onShown: () => void;
}>;
