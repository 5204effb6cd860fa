/** The two things Slack hands out with every command and press: a trigger for one view, and an address to answer to. */
import { randomBytes } from 'node:crypto';
import { RESPONSE_URL_TTL_MS, RESPONSE_URL_USES, TRIGGER_TTL_MS } from './limits.js';

export type ResponseAddress = {
  readonly userId: string;
  readonly channelId: string;
  /** The message whose button was pressed; null after a command. */
  readonly messageTs: string | null;
  readonly threadTs: string | null;
  readonly expiresAtMs: number;
  usesLeft: number;
};

type Trigger = { readonly userId: string; readonly issuedAtMs: number; isUsed: boolean };

/** Older ones have expired long before so many are out. */
const KEPT = 1_000;

const remember = <Value>(map: Map<string, Value>, key: string, value: Value): void => {
  map.set(key, value);
  const oldest = map.keys().next().value;
  if (map.size > KEPT && oldest !== undefined) map.delete(oldest);
};

export class Tickets {
  readonly #now: () => number;
  readonly #triggers = new Map<string, Trigger>();
  readonly #addresses = new Map<string, ResponseAddress>();

  constructor(now: () => number) {
    this.#now = now;
  }

  issueTrigger(userId: string): string {
    const id = `${this.#now()}.${randomBytes(8).toString('hex')}`;
    remember(this.#triggers, id, { userId, issuedAtMs: this.#now(), isUsed: false });
    return id;
  }

  /** @returns who may be shown a view, or why nobody: the error of views.open. */
  useTrigger(id: string): Readonly<{ userId: string }> | Readonly<{ error: string }> {
    const trigger = this.#triggers.get(id);
    if (trigger === undefined) return { error: 'invalid_trigger_id' };
    if (trigger.isUsed) return { error: 'exchanged_trigger_id' };
    if (this.#now() - trigger.issuedAtMs > TRIGGER_TTL_MS) return { error: 'expired_trigger_id' };
    trigger.isUsed = true;
    return { userId: trigger.userId };
  }

  /** @returns the secret part of the address. */
  issueAddress(of: Readonly<Pick<ResponseAddress, 'userId' | 'channelId' | 'messageTs' | 'threadTs'>>): string {
    const id = randomBytes(12).toString('hex');
    const expiresAtMs = this.#now() + RESPONSE_URL_TTL_MS;
    remember(this.#addresses, id, { ...of, expiresAtMs, usesLeft: RESPONSE_URL_USES });
    return id;
  }

  /** Uses the address once. */
  useAddress(id: string): ResponseAddress | Readonly<{ error: string }> {
    const address = this.#addresses.get(id);
    if (address === undefined) return { error: 'invalid_url' };
    if (this.#now() > address.expiresAtMs) return { error: 'expired_url' };
    if (address.usesLeft <= 0) return { error: 'used_url' };
    address.usesLeft -= 1;
    return address;
  }
}
