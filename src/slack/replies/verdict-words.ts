/** The verdict word of CONTRACT §2 with a sign before it: shape, not colour alone, tells them apart. */
import type { Chain, Verdict } from '../../domain/chain.js';
import { addressedTo } from '../../domain/transaction.js';
import { bold, type Line, own, plural, quote } from './blocks.js';
import { cut } from './log-text.js';

/** All of them are in the fonts that draw text, none is a colour emoji. */
const SIGNS: Readonly<Record<Verdict, string>> = {
  delivered: '✔',
  'partly-delivered': '⚠',
  deferred: '⌛',
  bounced: '✘',
  rejected: '⊘',
  expired: '✘',
  discarded: '∅',
  deleted: '∅',
  held: '‖',
  loop: '↻',
  'in-progress': '▶',
  unknown: '?',
};

export const verdictSpan = (verdict: Verdict): Line => [bold(`${SIGNS[verdict]} ${verdict}`)];

/** Something can still happen to it, so asking again makes sense. */
export const isOpen = (verdict: Verdict): boolean =>
  verdict === 'deferred' || verdict === 'in-progress' || verdict === 'held' || verdict === 'unknown';

const SHOWN_RECIPIENTS = 5;

/** Whom the message was for as it came in: before aliases and lists. In order of appearance, without repeats. */
export const addressees = ({ transactions }: Pick<Chain, 'transactions'>): readonly string[] =>
  addressedTo(transactions);

/** `null sender` is the sender of bounces (RFC 5321 §4.5.5). */
export const senderText = ({ transactions }: Pick<Chain, 'transactions'>): string => {
  const sender = transactions[0]?.sender ?? null;
  if (sender === null) return 'sender not logged';
  return sender === '' ? '<> (null sender)' : sender;
};

/** `ann@x.example → bob@y.example, carol@y.example and 3 more`, as text of others. */
export const pathSpans = (chain: Pick<Chain, 'transactions' | 'hiddenRecipients'>): Line => {
  const recipients = addressees(chain);
  const shown = recipients.slice(0, SHOWN_RECIPIENTS);
  const more = recipients.length - shown.length;
  const line = [quote(senderText(chain), 120), own(' → ')];
  if (shown.length === 0) line.push(own('recipient not logged'));
  for (const [index, address] of shown.entries()) line.push(...(index === 0 ? [] : [own(', ')]), quote(address, 120));
  if (more > 0) line.push(own(` and ${more} more`));
  // The asker may see his own part only: of the others he learns the number.
  if (chain.hiddenRecipients > 0)
    line.push(own(` and ${plural(chain.hiddenRecipients, 'other recipient')} (not shown)`));
  return line;
};

/** The same as plain text, for notifications. */
export const pathText = (chain: Pick<Chain, 'transactions' | 'hiddenRecipients'>): string => {
  const recipients = addressees(chain);
  const more = Math.max(0, recipients.length - SHOWN_RECIPIENTS) + chain.hiddenRecipients;
  const names = recipients.slice(0, SHOWN_RECIPIENTS).join(', ') || 'recipient not logged';
  return cut(`${senderText(chain)} → ${names}${more > 0 ? ` and ${more} more` : ''}`, 400);
};
