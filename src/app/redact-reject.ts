/** A refusal as its sender may see it: he is told that it was, but not of whom else his name was used to write to. */
import type { Reject } from '../domain/transaction.js';
import type { Scope } from '../query/trace-query.js';
import { findVisiblePart } from './access.js';

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** @param named what the asker typed: naming an address back tells him nothing new */
export const redactReject = (reject: Reject, scope: Scope, named: readonly string[]): Reject | null => {
  const { sender, recipient, host, text } = reject;
  const part = findVisiblePart(scope, {
    senders: sender === null ? [] : [sender],
    recipients: recipient === null ? [] : [recipient],
    hosts: [host],
  });
  switch (part.kind) {
    case 'nothing':
      return null;
    case 'whole':
      return reject;
    case 'part': {
      if (recipient === null || recipient === '' || part.hosts.includes(host)) return reject;
      if ([part.address ?? '', ...named].some((known) => isSame(known, recipient))) return reject;
      return { ...reject, recipient: null, text: text.replaceAll(recipient, '…') };
    }
  }
};
