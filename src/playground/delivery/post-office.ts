/** Picks the transport, retries events as Slack does, and remembers what nobody acknowledged. */
import type { Core } from '../core.js';
import type { JsonObject } from '../json.js';
import type { Delivery, EnvelopeType, Transport, Unacked } from './delivery.js';

const UNACKED_KEPT = 1_000;

const reasonOf = (delivery: Delivery): string => {
  switch (delivery.kind) {
    case 'timeout':
      return 'timeout';
    case 'unreachable':
      return 'connection_failed';
    case 'refused':
      return 'error';
    case 'acked':
      return '';
  }
};

export class PostOffice {
  readonly #core: Core;
  readonly #unacked: Unacked[] = [];
  #transport: Transport;
  #usesHttp = false;

  constructor(core: Core, transport: Transport) {
    this.#core = core;
    this.#transport = transport;
  }

  get unacked(): readonly Unacked[] {
    return this.#unacked;
  }

  get usesHttp(): boolean {
    return this.#usesHttp;
  }

  useHttp(transport: Transport): void {
    this.#transport = transport;
    this.#usesHttp = true;
  }

  /** Commands and interactions: once. Slack tells the person when it fails. */
  async deliver(type: 'slash_commands' | 'interactive', payload: JsonObject): Promise<Delivery> {
    const delivery = await this.#transport.send(type, payload, null);
    this.#remember(type, payload, delivery);
    return delivery;
  }

  /** Events: once, and then up to three times again; each retry has the same event id. The answer is of the first try. */
  deliverEvent(payload: JsonObject): Promise<Delivery> {
    return this.#tryEvent(payload, 0, '');
  }

  async #tryEvent(payload: JsonObject, attempt: number, reason: string): Promise<Delivery> {
    const delivery = await this.#transport.send('events_api', payload, attempt === 0 ? null : { attempt, reason });
    this.#remember('events_api', payload, delivery);
    const delayMs = this.#core.settings.eventRetryDelaysMs[attempt];
    if (delivery.kind !== 'acked' && delayMs !== undefined) {
      this.#core.later(delayMs, () => void this.#tryEvent(payload, attempt + 1, reasonOf(delivery)));
    }
    return delivery;
  }

  #remember(type: EnvelopeType, payload: JsonObject, delivery: Delivery): void {
    if (delivery.kind !== 'acked') this.#complain(type, payload, delivery);
    this.#core.workspace.announce({ kind: 'delivery' });
  }

  #complain(type: EnvelopeType, payload: JsonObject, delivery: Delivery): void {
    this.#unacked.push({ atMs: this.#core.now(), type, payload, outcome: delivery.kind });
    if (this.#unacked.length > UNACKED_KEPT) this.#unacked.shift();
  }
}
