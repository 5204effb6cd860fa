/** What every part of the double works with. */
import type { Faults } from './faults.js';
import type { JsonObject } from './json.js';
import { KEPT_CALLS } from './limits.js';
import type { RateLimiter } from './rate-limit.js';
import type { Tickets } from './tickets.js';
import type { Workspace } from './workspace.js';

/** One request the app made: a Web API call, an upload or an answer to a response URL. */
export type ApiCall = Readonly<{
  atMs: number;
  /** Web API method, `upload` or `response_url`. */
  method: string;
  /** As sent, JSON fields decoded, tokens left out. */
  args: JsonObject;
  /** HTTP status. */
  status: number;
  /** Slack's error; null = ok. */
  error: string | null;
  /** Arguments that Slack does not document for this method. */
  undocumented: readonly string[];
}>;

export type Settings = Readonly<{
  botToken: string;
  appToken: string;
  signingSecret: string;
  /** The bot token's scopes; `all` = every one but `chat:write.public`. */
  scopes: readonly string[] | 'all';
  /** `slack`: as Slack limits; `off`: no limit. */
  rateLimits: 'slack' | 'off';
  /** From completion of an upload until its message appears, and until the scan is over. */
  shareDelayMs: number;
  scanDelayMs: number;
  ackTimeoutMs: number;
  eventRetryDelaysMs: readonly number[];
}>;

export type Core = Readonly<{
  workspace: Workspace;
  settings: Settings;
  now: () => number;
  /** `http://127.0.0.1:PORT` */
  url: () => string;
  tickets: Tickets;
  faults: Faults;
  limiter: RateLimiter;
  journal: Journal;
  /** A timer that ends with the double. */
  later: (delayMs: number, run: () => void) => void;
}>;

/** The calls of the app, oldest first. */
export class Journal {
  #calls: ApiCall[] = [];
  readonly #listeners = new Set<() => void>();

  get calls(): readonly ApiCall[] {
    return this.#calls;
  }

  write(call: ApiCall): void {
    this.#calls.push(call);
    if (this.#calls.length > KEPT_CALLS) this.#calls.shift();
    for (const listener of this.#listeners) listener();
  }

  clear(): void {
    this.#calls = [];
  }

  onWrite(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export const hasScope = ({ settings: { scopes } }: Core, scope: string): boolean =>
  scopes === 'all' ? scope !== 'chat:write.public' : scopes.includes(scope);
