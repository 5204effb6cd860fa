/** Does what happened concern this rule? */
import type { Relay } from '../domain/event.js';
import { hashParts, traceId } from '../domain/ids.js';
import { isInNetwork, parseNetwork } from '../domain/keyword.js';
import { findEnhancedStatus } from '../domain/status-code.js';
import type { Alert, AlertKind, Cause, Subscription, SubscriptionFilters } from '../domain/subscription.js';
import { causeOf } from './cause.js';
import { isInDomains, isParty, isUnder } from './match-party.js';
import type { Trouble } from './troubles.js';

/** Cluster → canonical names of its machines. */
export type Clusters = Readonly<Record<string, readonly string[]>>;

/** The most telling kind that is watched. */
const kindFor = ({ kinds, slowMs }: Subscription, trouble: Trouble): AlertKind | null =>
  trouble.kinds.find(
    (kind) =>
      kinds.includes(kind) &&
      (kind !== 'slow' || (slowMs !== null && trouble.delayMs !== null && trouble.delayMs > slowMs)),
  ) ?? null;

/**
 * Postfix logs `relay=none` when it reached nobody, and names in the response whom it tried: `connect to
 * mx.x.example[192.0.2.1]:25: Connection timed out` (smtp_connect.c, smtp_proto.c).
 */
const TRIED = /\b(?:connect to|conversation with|lost connection with|host) ([\w.-]{1,255})\[([\da-f.:]{2,45})\]/i;

const relayTried = ({ relay, response }: Trouble): Pick<Relay, 'host' | 'ip'> | null => {
  if (relay !== null) return relay;
  const [, host, ip] = TRIED.exec(response ?? '') ?? [];
  return host === undefined || ip === undefined ? null : { host, ip };
};

const fitsRelay = (values: readonly string[], trouble: Trouble): boolean => {
  const relay = relayTried(trouble);
  if (relay === null) return false;
  return values.some((value) => {
    const network = parseNetwork(value);
    if (network === null) return relay.host !== null && isUnder(relay.host.toLowerCase(), value);
    return [relay.ip, relay.host].some((address) => address !== null && isInNetwork(network, address));
  });
};

const fitsDsn = (values: readonly string[], { dsn, response }: Trouble): boolean => {
  const inText = dsn === null && response !== null ? findEnhancedStatus(response) : undefined;
  const code = dsn ?? (inText === undefined ? null : `${inText.class}.${inText.subject}.${inText.detail}`);
  const parts = code?.split('.');
  return (
    parts !== undefined &&
    values.some((value) => value.split('.').every((part, i) => part === '*' || part === parts[i]))
  );
};

const isHost = (names: readonly string[], host: string): boolean =>
  names.some((name) => name.toLowerCase() === host.toLowerCase());

const FITS: Readonly<
  Record<keyof SubscriptionFilters, (values: readonly string[], trouble: Trouble, clusters: Clusters) => boolean>
> = {
  from: (values, { sender }) => sender !== null && isParty(sender, values),
  to: (values, trouble) => recipientsOf(trouble).some((address) => isParty(address, values)),
  domain: (values, trouble) =>
    [...recipientsOf(trouble), ...(trouble.sender === null ? [] : [trouble.sender])].some((address) =>
      isInDomains(address, values),
    ),
  relay: fitsRelay,
  host: (values, { host }) => isHost(values, host),
  cluster: (values, { host }, clusters) => values.some((name) => isHost(clusters[name] ?? [], host)),
  dsn: fitsDsn,
};

const recipientsOf = ({ recipient, originalRecipient }: Trouble): readonly string[] =>
  [recipient, originalRecipient].filter((address) => address !== null);

const fitsFilters = (filters: SubscriptionFilters, trouble: Trouble, clusters: Clusters): boolean =>
  (Object.keys(FITS) as (keyof SubscriptionFilters)[]).every(
    (name) => filters[name].length === 0 || FITS[name](filters[name], trouble, clusters),
  );

const alertId = (subscription: Subscription, kind: AlertKind, trouble: Trouble): string => {
  const { host, queueId, recipient, originalRecipient, timeMs, mark } = trouble;
  const place = [host, queueId ?? '', recipient ?? '', originalRecipient ?? '', new Date(timeMs).toISOString(), mark];
  return hashParts('alert', subscription.id, kind, ...place)
    .toString('hex')
    .slice(0, 32);
};

/** A line of another program may be of any length; Postfix cuts its own at 2,048. */
const RESPONSE_MAX = 2000;

/** Whether a trouble concerns a rule; null when it does not. Whether the rule's creator may see it is not asked here. */
export type Match = (subscription: Subscription, trouble: Trouble) => Alert | null;

/** Many rules are asked about one trouble after the other: its cause is found once. */
export const createMatch = (clusters: Clusters): Match => {
  let last: Trouble | null = null;
  const causes = new Map<AlertKind, Cause>();
  const causeFor = (trouble: Trouble, kind: AlertKind): Cause => {
    if (trouble !== last) causes.clear();
    last = trouble;
    const cause = causes.get(kind) ?? causeOf(trouble, kind);
    causes.set(kind, cause);
    return cause;
  };
  return (subscription, trouble) => {
    const kind = kindFor(subscription, trouble);
    if (kind === null || !fitsFilters(subscription.filters, trouble, clusters)) return null;
    return alertOf(subscription, kind, trouble, causeFor(trouble, kind));
  };
};

const alertOf = (subscription: Subscription, kind: AlertKind, trouble: Trouble, cause: Cause): Alert => {
  const { transaction, times, timeMs, host, queueId, sender, recipient, relay, dsn, replyCode, response, delayMs } =
    trouble;
  return {
    id: alertId(subscription, kind, trouble),
    subscriptionId: subscription.id,
    channel: subscription.channel,
    kind,
    times,
    timeMs,
    host,
    queueId,
    messageId: transaction?.messageId ?? null,
    traceId: transaction === null ? null : traceId(transaction),
    chainId: null,
    sender,
    recipient,
    relay: relay?.host ?? relay?.ip ?? null,
    dsn,
    replyCode,
    response: response?.slice(0, RESPONSE_MAX) ?? null,
    delayMs,
    cause,
  };
};
