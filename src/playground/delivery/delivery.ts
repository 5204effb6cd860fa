/** How what happens in the workspace reaches the app: over Socket Mode or as signed HTTP requests. */
import type { JsonObject } from '../json.js';

export type EnvelopeType = 'slash_commands' | 'interactive' | 'events_api';

/** What came of one delivery. */
export type Delivery =
  /** `payload`: the answer in the acknowledgement, null when empty. */
  | Readonly<{ kind: 'acked'; latencyMs: number; payload: JsonObject | null }>
  /** No acknowledgement within three seconds. */
  | Readonly<{ kind: 'timeout' }>
  /** No app is there, or it went away. */
  | Readonly<{ kind: 'unreachable' }>
  /** HTTP only: another status than 2xx. */
  | Readonly<{ kind: 'refused'; status: number }>;

export type Retry = Readonly<{ attempt: number; reason: string }>;

export interface Transport {
  /** `retry`: null for the first delivery. Never throws: what fails is a Delivery. */
  send(type: EnvelopeType, payload: JsonObject, retry: Retry | null): Promise<Delivery>;
}

/** A delivery nobody acknowledged in time, for tests to find. */
export type Unacked = Readonly<{ atMs: number; type: EnvelopeType; payload: JsonObject; outcome: Delivery['kind'] }>;
