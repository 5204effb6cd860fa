/** The recipients of one transaction, while its events are read one after the other. */
import type { DeliveryEvent, DeliveryStatus } from '../domain/event.js';
import { type DeliveryAttempt, isFinal, type Recipient } from '../domain/transaction.js';
import { createAliasTargets, type DraftRecipient } from './alias-targets.js';

export type DraftRecipients = Readonly<{
  /** Named by a line that is no delivery: `hold:`, Exim's `for`. What aliases make of the address is not known yet. */
  name: (address: string, originalAddress: string | null) => void;
  deliver: (event: DeliveryEvent, timeMs: number) => void;
  /** Every recipient that is not settled gets this status. */
  setOpen: (status: DeliveryStatus) => void;
  /** Those on hold wait for delivery again. */
  release: () => void;
  /** The queue manager removes a message when all is settled: an address it never delivered to had become others. */
  dropUntried: () => void;
  hasOpen: () => boolean;
  count: () => number;
  /** In order of first appearance. */
  list: () => readonly Recipient[];
}>;

const attemptOf = (event: DeliveryEvent, timeMs: number): DeliveryAttempt => ({
  timeMs,
  status: event.status,
  dsn: event.dsn,
  replyCode: event.replyCode,
  relay: event.relay,
  response: event.response,
  delayMs: event.delayMs,
  delaysMs: event.delaysMs,
  nextQueueId: event.nextQueueIds[0] ?? null,
  nextQueueIds: event.nextQueueIds,
  nextIs: event.nextIs,
  by: event.by,
  agent: event.agent,
});

const keyOf = (address: string, originalAddress: string | null): string => `${address}\0${originalAddress ?? ''}`;

export const createDraftRecipients = (): DraftRecipients => {
  const recipients = new Map<string, DraftRecipient>();
  /** Address in lower case → keys of those that were named and not yet delivered to. */
  const untried = new Map<string, Set<string>>();
  const targets = createAliasTargets();

  const recipientOf = (address: string, originalAddress: string | null): DraftRecipient => {
    const key = keyOf(address, originalAddress);
    const known = recipients.get(key);
    if (known) return known;
    const created: DraftRecipient = { address, originalAddress, status: 'in-progress', attempts: [] };
    recipients.set(key, created);
    return created;
  };

  const isNamed = (address: string): boolean =>
    recipients.has(keyOf(address, null)) ||
    [...(untried.get(address.toLowerCase()) ?? [])].some((key) => key.startsWith(`${address}\0`));

  /** An address that was only named, and is now delivered to or has been rewritten, is not a recipient of its own. */
  const absorb = (address: string, originalAddress: string | null): void => {
    const own = keyOf(address, originalAddress);
    for (const name of [address, originalAddress ?? address]) {
      for (const key of untried.get(name.toLowerCase()) ?? []) if (key !== own) recipients.delete(key);
      untried.delete(name.toLowerCase());
    }
  };

  return {
    name: (address, originalAddress) => {
      if (originalAddress === null && isNamed(address)) return;
      if (recipientOf(address, originalAddress).attempts.length > 0) return;
      const keys = untried.get(address.toLowerCase()) ?? new Set<string>();
      untried.set(address.toLowerCase(), keys.add(keyOf(address, originalAddress)));
    },
    deliver: (event, timeMs) => {
      absorb(event.recipient, event.originalRecipient);
      const first = recipientOf(event.recipient, event.originalRecipient);
      const { entry: recipient, further } = targets.entryFor(first, event, timeMs);
      if (further > 0) recipients.set(`${keyOf(event.recipient, event.originalRecipient)}\0${further}`, recipient);
      recipient.attempts.push(attemptOf(event, timeMs));
      // A copy that is kept counts, also where a user's filter threw another away.
      if (recipient.status === 'sent' && event.status === 'discarded') return;
      // A recipient that is settled stays so: a late duplicate or a line out of order changes nothing.
      if (!isFinal(recipient.status) || isFinal(event.status)) recipient.status = event.status;
    },
    setOpen: (status) => {
      for (const recipient of recipients.values()) if (!isFinal(recipient.status)) recipient.status = status;
    },
    release: () => {
      for (const recipient of recipients.values()) if (recipient.status === 'held') recipient.status = 'in-progress';
    },
    dropUntried: () => {
      const isTried = [...recipients.values()].some(({ attempts }) => attempts.length > 0);
      for (const [key, { attempts }] of recipients) if (isTried && attempts.length === 0) recipients.delete(key);
      const joined = targets.joinOpen();
      for (const [key, entry] of recipients) if (joined.has(entry)) recipients.delete(key);
    },
    hasOpen: () => [...recipients.values()].some(({ status }) => !isFinal(status)),
    count: () => recipients.size,
    list: () => [...recipients.values()],
  };
};
