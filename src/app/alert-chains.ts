/** The chains of alerts: what the index knows of their messages, joined by hops. */
import { transactionKey } from '../domain/chain.js';
import type { HostDirectory } from '../domain/host-names.js';
import type { MessageId } from '../domain/ids.js';
import type { Alert } from '../domain/subscription.js';
import type { Transaction } from '../domain/transaction.js';
import { type Component, groupIntoMessages } from '../trace/components.js';
import { linkTransactions } from '../trace/link.js';
import type { Trouble } from '../trace/troubles.js';
import { createFindCircling } from '../trace/verdict.js';
import type { TransactionIndex } from './ports.js';
import { machinesOf } from './trace-deps.js';

export type ChainDeps = Readonly<{
  index: Pick<TransactionIndex, 'findByMessageIds'>;
  directory: HostDirectory;
}>;

/** A message-id that thousands of mails share says nothing; the chain is then what stands near. */
const PER_MESSAGE_ID = 200;
/** Of one round; what is shown of it is far less. */
const MESSAGE_IDS_MAX = 500;

const isDefined = (id: MessageId | null): id is MessageId => id !== null;

const componentsOf = async (
  { index, directory }: ChainDeps,
  messageIds: readonly (MessageId | null)[],
): Promise<readonly Component[]> => {
  const ids = [...new Set(messageIds.filter(isDefined))].slice(0, MESSAGE_IDS_MAX);
  if (ids.length === 0) return [];
  const transactions = await index.findByMessageIds(ids, PER_MESSAGE_ID);
  const machines = machinesOf({ directory }, { transactions, rejects: [], unsettled: [], isCut: false });
  const links = linkTransactions({
    transactions,
    machines,
    gapReason: (host) => (directory.isConfigured(host) ? 'unknown' : 'external'),
  });
  return groupIntoMessages(transactions, links);
};

const isOf = ({ host, queueId, timeMs }: Alert, t: Transaction): boolean =>
  t.host === host && t.queueId === queueId && t.firstSeenMs <= timeMs && timeMs <= t.lastSeenMs;

/** The alerts with the identity of their chains, as far as the index knows it (CONTRACT §2 `chains[].id`). */
export const withChains = async (deps: ChainDeps, alerts: readonly Alert[]): Promise<ReadonlyMap<Alert, Alert>> => {
  const traced = alerts.filter(({ traceId }) => traceId !== null);
  const components = await componentsOf(
    deps,
    traced.map(({ messageId }) => messageId),
  );
  const found = new Map<Alert, Alert>();
  for (const alert of traced) {
    const home = components.find(({ transactions }) => transactions.some((t) => isOf(alert, t)));
    const entry = home?.transactions[0];
    if (entry !== undefined) found.set(alert, { ...alert, chainId: transactionKey(entry) });
  }
  return found;
};

const byArrival = (a: Transaction, b: Transaction): number => a.arrivedAtMs - b.arrivedAtMs;

/** The component as it was when `t` arrived: what comes later must not change what was said about it. */
const until = ({ transactions, links }: Component, { arrivedAtMs }: Transaction): Component => ({
  transactions: transactions.filter((other) => other.arrivedAtMs <= arrivedAtMs),
  links: links.filter(({ to }) => to.arrivedAtMs <= arrivedAtMs),
  openEnds: [],
});

/**
 * Mail that came to one host with one address for the third time (CONTRACT §2), before any MTA says so. Only what a machine of
 * ours handed over can go round here.
 */
export const findCirclingMail = async (
  deps: ChainDeps,
  transactions: readonly Transaction[],
): Promise<readonly Trouble[]> => {
  const { directory } = deps;
  const suspects = transactions.filter(
    ({ client, messageId }) =>
      messageId !== null &&
      [client?.name, client?.ip].some((name) => name != null && directory.isConfigured(directory.canonical(name))),
  );
  const keys = new Set(suspects.map(transactionKey));
  const troubles: Trouble[] = [];
  for (let at = 0; at < suspects.length; at += MESSAGE_IDS_MAX) {
    const ids = suspects.slice(at, at + MESSAGE_IDS_MAX).map(({ messageId }) => messageId);
    for (const component of await componentsOf(deps, ids)) {
      for (const t of component.transactions.toSorted(byArrival)) {
        if (!keys.has(transactionKey(t))) continue;
        const circling = createFindCircling(until(component, t))(t);
        troubles.push(...circling.map((recipient) => circlingTrouble(t, recipient)));
      }
    }
  }
  return troubles;
};

const circlingTrouble = (t: Transaction, recipient: Transaction['recipients'][number]): Trouble => ({
  kinds: ['loop'],
  times: 1,
  timeMs: t.arrivedAtMs,
  host: t.host,
  queueId: t.queueId,
  transaction: t,
  sender: t.sender,
  recipient: recipient.address,
  originalRecipient: recipient.originalAddress,
  relay: null,
  dsn: null,
  replyCode: null,
  response: null,
  delayMs: null,
  delaysMs: null,
  mark: 'circling',
});
