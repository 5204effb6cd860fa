/** A batch → the receiver's answer. What it refuses is narrowed down, so that one bad span does not take the others along. */
import type { Span } from '../domain/span.js';
import type { ExportOutcome } from './connection.js';

/** `kept`: to be sent again later, with the reason; empty when all was dealt with. `dropped`: by reason. */
export type Delivery = Readonly<{
  sent: number;
  dropped: readonly Readonly<{ spans: number; reason: string }>[];
  kept: readonly Span[];
  /** Why something is kept; null when nothing is. `isDoubtful`: the fault may lie in these spans. */
  trouble: Readonly<{ reason: string; isDoubtful: boolean }> | null;
}>;

/** Of one batch: 2,000 spans of which 8 are bad are found with fewer. Then the receiver refuses us, not a span. */
const REFUSALS_MAX = 100;

export type Send = (spans: readonly Span[]) => Promise<ExportOutcome>;
type Drops = { spans: number; reason: string }[];

const halves = (spans: readonly Span[]): readonly (readonly Span[])[] => {
  const middle = Math.ceil(spans.length / 2);
  return [spans.slice(0, middle), spans.slice(middle)];
};

export const deliver = async (spans: readonly Span[], send: Send): Promise<Delivery> => {
  const dropped: Drops = [];
  const open: (readonly Span[])[] = [spans];
  let sent = 0;
  let refusals = 0;
  for (let batch = open.pop(); batch !== undefined; batch = open.pop()) {
    const outcome = await send(batch);
    switch (outcome.kind) {
      case 'accepted': {
        const rejected = Math.min(outcome.rejected, batch.length);
        sent += batch.length - rejected;
        if (rejected > 0) dropped.push({ spans: rejected, reason: outcome.reason ?? 'rejected without a reason' });
        break;
      }
      case 'refused':
        refusals += 1;
        if (batch.length === 1 || refusals >= REFUSALS_MAX)
          dropped.push({ spans: batch.length, reason: outcome.reason });
        else open.push(...halves(batch));
        break;
      case 'later':
      case 'doubtful': {
        const trouble = { reason: outcome.reason, isDoubtful: outcome.kind === 'doubtful' };
        return { sent, dropped, kept: [...batch, ...open.flat()], trouble };
      }
    }
  }
  return { sent, dropped, kept: [], trouble: null };
};
