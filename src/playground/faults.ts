/** Faults a test plants: the next calls of a method are refused, slowed or answered with nonsense. */

export type Fault =
  /** HTTP 429 with `Retry-After`. */
  | Readonly<{ kind: 'rate-limited'; retryAfterSeconds: number }>
  /** `{"ok": false, "error": …}` */
  | Readonly<{ kind: 'error'; error: string }>
  /** An HTTP status with a body that is no JSON. */
  | Readonly<{ kind: 'status'; status: number }>
  /** The answer comes late. */
  | Readonly<{ kind: 'delay'; delayMs: number }>
  /** The connection is closed without an answer. */
  | Readonly<{ kind: 'hang-up' }>;

type Planted = { readonly fault: Fault; left: number };

export class Faults {
  readonly #planted = new Map<string, Planted[]>();

  /** `target`: a Web API method, `upload` or `response_url`. The first planted acts first. */
  plant(target: string, fault: Fault, times = 1): void {
    const list = this.#planted.get(target) ?? [];
    list.push({ fault, left: times });
    this.#planted.set(target, list);
  }

  clear(): void {
    this.#planted.clear();
  }

  /** The fault for this call, used up by it. */
  next(target: string): Fault | null {
    const list = this.#planted.get(target);
    const first = list?.[0];
    if (list === undefined || first === undefined) return null;
    first.left -= 1;
    if (first.left <= 0) list.shift();
    return first.fault;
  }
}
