/** Recipients that a host gave up without ever naming them: the host before it did. */
import type { Recipient, Transaction } from '../domain/transaction.js';
import type { Links } from './link.js';

/** Sendmail gives up a message whose aliases go round before it logs any `to=` (alias.c); all it logs is the notice to the sender. */
const isGivenUpUnnamed = ({ recipients, state, notices }: Transaction): boolean =>
  recipients.length === 0 && state === 'active' && notices.some(({ kind }) => kind === 'failure');

const givenUp = (address: string): Recipient => ({ address, originalAddress: null, status: 'bounced', attempts: [] });

/**
 * Those given up are the ones that were handed over, when they are as many as came in.
 * @returns null when there is nothing to add.
 */
export const nameGivenUp = (transactions: readonly Transaction[], { links }: Links): readonly Transaction[] | null => {
  const named = new Map<Transaction, Transaction>();
  for (const transaction of transactions.filter(isGivenUpUnnamed)) {
    const incoming = links.filter(({ to }) => to === transaction);
    const addresses = [...new Set(incoming.flatMap(({ recipients }) => recipients))];
    if (addresses.length === 0 || addresses.length !== transaction.recipientCount) continue;
    named.set(transaction, { ...transaction, recipients: addresses.map(givenUp) });
  }
  return named.size === 0 ? null : transactions.map((transaction) => named.get(transaction) ?? transaction);
};
