/** Token buckets, one per key, as Slack's limits are described: a steady rate with short bursts. */

export type Rate = Readonly<{ perSecond: number; burst: number }>;

type Bucket = { tokens: number; atMs: number };

export class RateLimiter {
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns 0 when the call may pass, else the whole seconds to wait (`Retry-After`). */
  take(key: string, { perSecond, burst }: Rate): number {
    const nowMs = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, atMs: nowMs };
    const refilled = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond);
    const isAllowed = refilled >= 1;
    this.#buckets.set(key, { tokens: isAllowed ? refilled - 1 : refilled, atMs: nowMs });
    return isAllowed ? 0 : Math.max(1, Math.ceil((1 - refilled) / perSecond));
  }
}
