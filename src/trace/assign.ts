/**
 * Which far side belongs to which delivery, where replies name no queue ID: among those that bear the same message-id. Each
 * delivery is one message on the far side. A message may pass twice between two hosts, or be sent twice; then the order
 * decides, which wrong clocks do not change.
 */
import type { Transaction } from '../domain/transaction.js';
import type { Finder } from './find-next.js';
import { distanceMs, type Handover, isForRecipient } from './handover.js';

/** The recipients of one SMTP transaction. */
type Delivery = Readonly<{ handovers: Handover[]; candidates: readonly Transaction[] }>;

/** Postfix logs the recipients of one delivery one after the other, with the same reply and the same delays. */
const ONE_DELIVERY_MS = 5000;

const deliveryKey = ({ from, attempt }: Handover): string =>
  JSON.stringify([
    [from.host, from.queueId, from.arrivedAtMs],
    [attempt.relay, attempt.response, attempt.agent, attempt.delaysMs, attempt.delaysMs === null && attempt.delayMs],
  ]);

/** @param handovers sorted by time */
const groupDeliveries = (handovers: readonly Handover[]): readonly Handover[][] => {
  const open = new Map<string, Handover[]>();
  const deliveries: Handover[][] = [];
  for (const handover of handovers) {
    const key = deliveryKey(handover);
    const delivery = open.get(key);
    if (delivery && handover.attempt.timeMs - delivery.at(-1)!.attempt.timeMs <= ONE_DELIVERY_MS) {
      delivery.push(handover);
    } else {
      const fresh = [handover];
      open.set(key, fresh);
      deliveries.push(fresh);
    }
  }
  return deliveries;
};

/** Two deliveries may look alike; then each recipient stands in a message of his own on the far side. */
const splitByRecipient = (
  handovers: readonly Handover[],
  candidates: readonly Transaction[],
): readonly Handover[][] => {
  const parts = new Map<Transaction | undefined, Handover[]>();
  for (const handover of handovers) {
    const to = candidates.find((candidate) => isForRecipient(handover, candidate));
    parts.set(to, [...(parts.get(to) ?? []), handover]);
  }
  return parts.has(undefined) ? [[...handovers]] : [...parts.values()];
};

const isForOne = (handovers: readonly Handover[], to: Transaction): boolean =>
  handovers.some((handover) => isForRecipient(handover, to));

/** Without those that are for others, if some carry on a recipient: the far side may have rewritten them all, or named none yet. */
const likeliest = (handovers: readonly Handover[], candidates: readonly Transaction[]): readonly Transaction[] =>
  candidates.some((to) => isForOne(handovers, to))
    ? candidates.filter((to) => to.recipients.length === 0 || isForOne(handovers, to))
    : candidates;

/** Deliveries between the same two hosts, of one message-id. */
const rivalsKey = ({ handovers: [first], candidates }: Delivery): string =>
  JSON.stringify([first?.from.host, first?.from.messageId, [...new Set(candidates.map(({ host }) => host))].sort()]);

const byArrival = (a: Transaction, b: Transaction): number => a.arrivedAtMs - b.arrivedAtMs;

/** Each host's clock goes evenly, however wrong: the first that went is the first that came. */
const inOrder = (rivals: readonly Delivery[]): readonly Transaction[] | null => {
  const pool = [...new Set(rivals.flatMap(({ candidates }) => candidates))].sort(byArrival);
  if (pool.length !== rivals.length) return null;
  return rivals.every(({ candidates }, index) => candidates.includes(pool[index]!)) ? pool : null;
};

/** By recipient, then the nearest in time; those with the least choice choose first. */
const byNearness = (rivals: readonly Delivery[]): readonly (Transaction | undefined)[] => {
  const taken = new Set<Transaction>();
  const chosen = new Map<Delivery, Transaction>();
  for (const delivery of [...rivals].sort((a, b) => a.candidates.length - b.candidates.length)) {
    const { handovers, candidates } = delivery;
    const strangeness = (to: Transaction): number => (isForOne(handovers, to) ? 0 : 1);
    const [best] = candidates
      .filter((to) => !taken.has(to))
      .sort((a, b) => strangeness(a) - strangeness(b) || distanceMs(handovers[0]!, a) - distanceMs(handovers[0]!, b));
    if (best === undefined) continue;
    taken.add(best);
    chosen.set(delivery, best);
  }
  return rivals.map((delivery) => chosen.get(delivery));
};

/** @param delivery of one SMTP transaction, as far as it can be told */
const deliveriesOf = (
  delivery: readonly Handover[],
  finder: Finder,
  isTaken: (to: Transaction) => boolean,
): readonly Delivery[] => {
  const candidates = finder.byMessageId(delivery[0]!).filter((to) => !isTaken(to));
  if (candidates.length === 0) return [];
  return splitByRecipient(delivery, candidates).map((handovers) => ({
    handovers,
    candidates: likeliest(handovers, candidates),
  }));
};

/**
 * @param handovers sorted by time
 * @param isTaken far sides that are known to come from elsewhere
 */
export const assignByMessageId = (
  handovers: readonly Handover[],
  finder: Finder,
  isTaken: (to: Transaction) => boolean,
): ReadonlyMap<Handover, Transaction> => {
  const groups = new Map<string, Delivery[]>();
  for (const delivery of groupDeliveries(handovers).flatMap((list) => deliveriesOf(list, finder, isTaken))) {
    const key = rivalsKey(delivery);
    groups.set(key, [...(groups.get(key) ?? []), delivery]);
  }
  const pairs = [...groups.values()].flatMap((rivals) => {
    const far = inOrder(rivals) ?? byNearness(rivals);
    return rivals.map((delivery, index) => ({ delivery, to: far[index] }));
  });
  return new Map(
    pairs.flatMap(({ delivery, to }) =>
      to === undefined ? [] : delivery.handovers.map((handover) => [handover, to] as const),
    ),
  );
};
