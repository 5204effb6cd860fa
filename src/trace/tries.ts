/**
 * Some MTAs (dma) tell a delivery in several lines: who is tried, at which relay, and how it ended. The last one need name neither
 * of the others; here they come together.
 */
import type { DeliveryEvent, MtaEvent, Relay, TriedEvent } from '../domain/event.js';
import type { Occurrence } from './fold.js';

type Try = Readonly<{ relay: Relay; timeMs: number }>;

const isSame = (a: Relay, b: Relay): boolean => a.host === b.host && a.ip === b.ip;

/** Relays of which no outcome was read yet, and every recipient that was named. */
const createTries = () => {
  const recipients = new Set<string>();
  let open: readonly Try[] = [];
  let isRelayed = false;

  const close = (relay: Relay): void => {
    open = open.filter((each) => !isSame(each.relay, relay));
  };

  /** The one tried last; null when lines of one stamp leave it open. */
  const takeLast = (): Relay | null => {
    const lastMs = open.at(-1)?.timeMs;
    const last = open.filter(({ timeMs }) => timeMs === lastMs);
    open = [];
    return last.length === 1 ? last[0]!.relay : null;
  };

  const relayOf = ({ relay, isRemote }: TriedEvent): Relay | null => {
    if (relay !== null) close(relay);
    return relay ?? (isRemote === false ? null : takeLast());
  };

  return {
    name: (recipient: string): void => {
      recipients.add(recipient);
    },
    begin: (relay: Relay, timeMs: number): void => {
      isRelayed = true;
      close(relay);
      open = [...open, { relay, timeMs }];
    },
    end: (tried: TriedEvent): readonly DeliveryEvent[] => {
      const { kind: _, recipient, isRemote, ...told } = tried;
      const relay = relayOf(tried);
      const isBySmtp = isRemote ?? isRelayed;
      if (recipient !== null) recipients.add(recipient);
      return (recipient === null ? [...recipients] : [recipient]).map((address) => ({
        ...told,
        kind: 'delivery',
        recipient: address,
        originalRecipient: null,
        relay,
        agent: isBySmtp ? null : 'local',
        delayMs: null,
        delaysMs: null,
        nextQueueIds: [],
        nextIs: isBySmtp ? 'relay' : 'same-host',
        by: isBySmtp ? 'smtp' : 'local',
      }));
    },
  };
};

const isOfTry = ({ kind }: MtaEvent): boolean => kind === 'try' || kind === 'tried';

/** @param occurrences of one lifetime, sorted. Each `tried` becomes deliveries, each `try` the recipient it names. */
export const resolveTries = (occurrences: readonly Occurrence[]): readonly Occurrence[] => {
  if (!occurrences.some(({ event }) => isOfTry(event))) return occurrences;
  const tries = createTries();
  return occurrences.flatMap((occurrence): readonly Occurrence[] => {
    const { event, timeMs } = occurrence;
    if (event.kind === 'recipient') tries.name(event.recipient);
    if (event.kind === 'tried') return tries.end(event).map((delivery) => ({ ...occurrence, event: delivery }));
    if (event.kind !== 'try') return [occurrence];
    if (event.relay !== null) tries.begin(event.relay, timeMs);
    if (event.recipient === null) return [];
    tries.name(event.recipient);
    const { mta, queueId, recipient } = event;
    return [{ ...occurrence, event: { kind: 'recipient', mta, queueId, recipient, originalRecipient: null } }];
  });
};
