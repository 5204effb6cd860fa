/** The part of a message that a person with limited rights may see: his own recipients on their way, or what some hosts did. */
import type { HostName } from '../domain/ids.js';
import type { Recipient, Transaction } from '../domain/transaction.js';
import type { Component } from './components.js';

export type PartView = Readonly<{
  /** The person's address: it, and what it was rewritten to, is shown; null = no mail of his own. */
  address: string | null;
  /** Machines whose transactions are shown whole. */
  hosts: readonly string[];
  /** Addresses the person typed: naming them back tells nothing new; what they expand to stays hidden. */
  named: readonly string[];
}>;

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Other queue files are somebody else's mail, unless one of these recipients is in them. */
const visibleFiles = ({ parts }: Transaction, recipients: readonly Recipient[]): Pick<Transaction, 'parts'> =>
  parts === undefined
    ? {}
    : {
        parts: parts.flatMap((part) => {
          const own = recipients.filter(({ partQueueId }) => partQueueId === part.queueId);
          return own.length === 0 ? [] : [{ ...part, recipients: own, filters: [] }];
        }),
      };

/** Transaction → what of it is shown; those not in the map are not. */
const showTransactions = (transactions: readonly Transaction[], view: PartView): Map<Transaction, Transaction> => {
  const own = new Set(view.address === null ? [] : [view.address.toLowerCase()]);
  const named = new Set(view.address === null ? [] : view.named.map((text) => text.toLowerCase()));
  const hosts = new Set<HostName | string>(view.hosts);
  const shown = new Map<Transaction, Transaction>();
  for (const transaction of transactions) {
    if (hosts.has(transaction.host)) {
      shown.set(transaction, transaction);
      continue;
    }
    const recipients = transaction.recipients.filter(({ address, originalAddress }) => {
      const isOwn =
        own.has(address.toLowerCase()) || (originalAddress !== null && own.has(originalAddress.toLowerCase()));
      // What the own address was rewritten to is followed under its new name.
      if (isOwn) own.add(address.toLowerCase());
      return isOwn || named.has(address.toLowerCase());
    });
    const isSentByHim =
      view.address !== null && transaction.sender !== null && isSame(transaction.sender, view.address);
    // What a user's own filter did is his business.
    const filters =
      recipients.length === transaction.recipients.length
        ? transaction.filters
        : transaction.filters.filter(({ source }) => source !== 'sieve');
    if (recipients.length > 0 || isSentByHim) {
      shown.set(transaction, { ...transaction, recipients, filters, ...visibleFiles(transaction, recipients) });
    }
  }
  return shown;
};

/** @returns null when nothing of it may be seen. */
export const narrowTo = ({ transactions, links, openEnds }: Component, view: PartView): Component | null => {
  const shown = showTransactions(transactions, view);
  if (shown.size === 0) return null;
  const visible = (transaction: Transaction, recipients: readonly string[]): readonly string[] => {
    const addresses = new Set(shown.get(transaction)?.recipients.map(({ address }) => address));
    return recipients.filter((address) => addresses.has(address));
  };
  return {
    transactions: [...shown.values()],
    links: links.flatMap((link) => {
      const [from, to] = [shown.get(link.from), shown.get(link.to)];
      const recipients = visible(link.from, link.recipients);
      return from === undefined || to === undefined || recipients.length === 0
        ? []
        : [{ ...link, from, to, recipients }];
    }),
    openEnds: openEnds.flatMap((end) => {
      const transaction = shown.get(end.transaction);
      const recipients = visible(end.transaction, end.recipients);
      return transaction === undefined || recipients.length === 0 ? [] : [{ ...end, transaction, recipients }];
    }),
  };
};
