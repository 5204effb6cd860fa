/** Does a keyword of CONTRACT §1 hold for a transaction or a reject? Literal text; no patterns. */
import type { Client, Relay } from '../domain/event.js';
import { isInNetwork, type Keyword, type Network } from '../domain/keyword.js';
import { queueFilesOf, type Reject, type Transaction } from '../domain/transaction.js';

/** What keywords look at. */
type Facts = Readonly<{
  sender: string | null;
  recipients: readonly string[];
  messageId: string | null;
  /** Own queue ID, and those that replies named. */
  queueIds: readonly string[];
  client: Client | null;
  relays: readonly Relay[];
}>;

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

const isInDomain = (address: string, domain: string): boolean => {
  if (!address.includes('@')) return false;
  const own = domainOf(address);
  const wanted = domain.toLowerCase().replace(/^[@.]/, '').replace(/\.$/, '');
  return own === wanted || own.endsWith(`.${wanted}`);
};

const localPartOf = (address: string): string => {
  const at = address.lastIndexOf('@');
  return (at === -1 ? address : address.slice(0, at)).toLowerCase();
};

/** A whole address; a domain with its sub-domains; else part of the local part. Empty: the null sender. */
const isAddress = (wanted: string, address: string): boolean => {
  if (wanted === '') return address === '';
  if (wanted.startsWith('@')) return isInDomain(address, wanted);
  if (wanted.includes('@')) return address.toLowerCase() === wanted.toLowerCase();
  if (isInDomain(address, wanted)) return true;
  return localPartOf(address).includes(wanted.toLowerCase());
};

const sameHost = (name: string | null | undefined, wanted: string): boolean =>
  name != null && name.toLowerCase().replace(/\.$/, '') === wanted.toLowerCase().replace(/\.$/, '');

const inNetwork = (network: Network, facts: Facts): boolean =>
  [facts.client?.ip, ...facts.relays.map(({ ip }) => ip)].some((ip) => ip != null && isInNetwork(network, ip));

const isSasl = (client: Client | null, wanted: string): boolean =>
  client?.sasl != null && client.sasl.toLowerCase() === wanted.toLowerCase();

const addressesOf = (facts: Facts): readonly string[] =>
  facts.sender === null ? facts.recipients : [facts.sender, ...facts.recipients];

const holds = (keyword: Exclude<Keyword, { kind: 'text' }>, facts: Facts): boolean => {
  const { text } = keyword;
  switch (keyword.kind) {
    case 'address-or-id':
      return facts.messageId === text || addressesOf(facts).some((address) => isAddress(text, address));
    case 'domain-or-host':
      return (
        // A queue ID may have a dot in it (dma).
        facts.queueIds.includes(text) ||
        addressesOf(facts).some((address) => isInDomain(address, text)) ||
        [facts.client?.name, ...facts.relays.map(({ host }) => host)].some((name) => sameHost(name, text))
      );
    case 'network':
      return inNetwork(keyword.network, facts);
    case 'word':
      return (
        facts.queueIds.includes(text) ||
        isSasl(facts.client, text) ||
        addressesOf(facts).some((address) => localPartOf(address).includes(text.toLowerCase()))
      );
    case 'from':
      return facts.sender !== null && isAddress(text, facts.sender);
    case 'to':
      return facts.recipients.some((address) => isAddress(text, address));
    case 'id':
      return facts.messageId === text;
    case 'qid':
      return facts.queueIds.includes(text);
    case 'client':
      return keyword.network === null
        ? sameHost(facts.client?.name, text) ||
            facts.client?.name?.toLowerCase().endsWith(`.${text.toLowerCase()}`) === true
        : facts.client?.ip != null && isInNetwork(keyword.network, facts.client.ip);
    case 'sasl':
      return isSasl(facts.client, text);
  }
};

const factsOfTransaction = (t: Transaction): Facts => ({
  sender: t.sender,
  recipients: t.recipients.flatMap(({ address, originalAddress }) =>
    originalAddress === null ? [address] : [address, originalAddress],
  ),
  messageId: t.messageId,
  queueIds: [
    t.queueId,
    ...t.recipients.flatMap(({ attempts }) => attempts.flatMap(({ nextQueueIds }) => nextQueueIds)),
  ],
  client: t.client,
  relays: t.recipients.flatMap(({ attempts }) => attempts.flatMap(({ relay }) => (relay === null ? [] : [relay]))),
});

const factsOfReject = (reject: Reject): Facts => ({
  sender: reject.sender,
  recipients: reject.recipient === null ? [] : [reject.recipient],
  messageId: null,
  queueIds: reject.queueId === null ? [] : [reject.queueId],
  client: reject.client,
  relays: [],
});

/** For `text:` keywords: was this text on a line of the transaction, or on the line of the reject? */
export type HasText = (host: string, queueId: string | null, fromMs: number, toMs: number, text: string) => boolean;

const matchesFile = (keyword: Keyword, t: Transaction, hasText: HasText): boolean =>
  keyword.kind === 'text'
    ? hasText(t.host, t.queueId, t.firstSeenMs, t.lastSeenMs, keyword.text)
    : holds(keyword, factsOfTransaction(t));

export const matchesTransaction = (keyword: Keyword, t: Transaction, hasText: HasText): boolean =>
  queueFilesOf(t).some((file) => matchesFile(keyword, file, hasText));

/** Is it, or does it hand on, one of these messages? */
export const isWanted = (
  { messageIds, queueIds }: Readonly<{ messageIds: ReadonlySet<string>; queueIds: ReadonlySet<string> }>,
  t: Transaction,
): boolean =>
  queueFilesOf(t).some(({ queueId }) => queueIds.has(queueId)) ||
  (t.messageId !== null && messageIds.has(t.messageId)) ||
  t.recipients.some(({ attempts }) => attempts.some(({ nextQueueIds }) => nextQueueIds.some((id) => queueIds.has(id))));

export const matchesReject = (keyword: Keyword, reject: Reject, hasText: HasText): boolean =>
  keyword.kind === 'text'
    ? hasText(reject.host, reject.queueId, reject.timeMs, reject.timeMs, keyword.text)
    : holds(keyword, factsOfReject(reject));
