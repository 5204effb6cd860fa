/** Whether an answer may stand where others read it. */
import { findVisiblePart, type MailParties, partiesOfChain } from '../app/access.js';
import type { Chain } from '../domain/chain.js';
import type { Reject } from '../domain/transaction.js';
import type { Scope } from '../query/trace-query.js';

const partiesOfReject = ({ sender, recipient, host }: Reject): MailParties => ({
  senders: sender === null ? [] : [sender],
  recipients: recipient === null ? [] : [recipient],
  hosts: [host],
});

/**
 * True when something is shown only because it is the asker's own mail, by one of several rules that name him. (With the scope
 * `own` alone everything is; that is known before the trace.)
 */
export const showsOwnMail = (
  scope: Scope,
  { chains, rejects }: Readonly<{ chains: readonly Chain[]; rejects: readonly Reject[] }>,
): boolean => {
  if (scope.kind !== 'any-of') return false;
  const isOwnOnly = (mail: MailParties): boolean => {
    const parts = scope.scopes.map((each) => ({ kind: each.kind, part: findVisiblePart(each, mail) }));
    const isOwn = parts.some(({ kind, part }) => kind === 'own' && part.kind !== 'nothing');
    return isOwn && !parts.some(({ kind, part }) => kind !== 'own' && part.kind === 'whole');
  };
  return chains.map(partiesOfChain).some(isOwnOnly) || rejects.map(partiesOfReject).some(isOwnOnly);
};
