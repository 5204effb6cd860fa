/** One person's part of a message: his own recipients on their way; the others are not shown. */
import type { Transaction } from '../domain/transaction.js';
import type { Component } from './components.js';

export type OwnView = Readonly<{
  /** The person's address: it and what it was rewritten to are shown. */
  address: string;
  /** Addresses the person typed: naming them back tells nothing new; what they expand to stays hidden. */
  named: readonly string[];
}>;

/** The component as `view` may see it. Its first transaction stays, so that the message keeps its identity. */
export const narrowTo = ({ transactions, links, openEnds }: Component, view: OwnView): Component => {
  const own = new Set([view.address.toLowerCase()]);
  const named = new Set(view.named.map((text) => text.toLowerCase()));
  const shown = new Map<Transaction, Transaction>();
  for (const [index, transaction] of transactions.entries()) {
    const recipients = transaction.recipients.filter(({ address, originalAddress }) => {
      const isOwn = own.has(address.toLowerCase()) || (originalAddress !== null && own.has(originalAddress.toLowerCase()));
      // What the own address was rewritten to is followed under its new name.
      if (isOwn) own.add(address.toLowerCase());
      return isOwn || named.has(address.toLowerCase());
    });
    if (index > 0 && recipients.length === 0 && transaction.recipients.length > 0) continue;
    shown.set(transaction, { ...transaction, recipients });
  }
  const isShown = (address: string): boolean => own.has(address.toLowerCase()) || named.has(address.toLowerCase());
  return {
    transactions: [...shown.values()],
    links: links.flatMap((link) => {
      const [from, to] = [shown.get(link.from), shown.get(link.to)];
      const recipients = link.recipients.filter(isShown);
      return from === undefined || to === undefined || recipients.length === 0 ? [] : [{ ...link, from, to, recipients }];
    }),
    openEnds: openEnds.flatMap((end) => {
      const transaction = shown.get(end.transaction);
      const recipients = end.recipients.filter(isShown);
      return transaction === undefined || recipients.length === 0 ? [] : [{ ...end, transaction, recipients }];
    }),
  };
};
