/** The recipients of one transaction, while its events are read one after the other. */
import type { DeliveryEvent, DeliveryStatus } from '../domain/event.js';
import { type DeliveryAttempt, isFinal, type Recipient } from '../domain/transaction.js';

type DraftRecipient = {
  address: string;
  originalAddress: string | null;
  status: DeliveryStatus;
  attempts: DeliveryAttempt[];
};

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

/** More targets than this of one alias are not told apart. */
const TARGETS_MAX = 100;
/** What one run of local(8) does for one address is logged within this time. */
const ONE_RUN_MS = 1000;

/** An alias of local(8) may stand for users, files and commands at once: `delivered to command: X`, `forwarded as ID`. */
const isExpanded = ({ mta, by, agent }: DeliveryEvent): boolean =>
  mta === 'postfix' && (by === 'forward' || (by === 'local' && agent === 'local'));

/** The target of a local delivery, without the queue ID of its copy. */
const targetOf = (response: string | null): string => (response ?? '').replace(/^forwarded as .*/s, 'forwarded');

const isSameTarget = (draft: DraftRecipient, response: string | null): boolean =>
  draft.attempts.some(({ status, response: other }) => status === 'sent' && targetOf(other) === targetOf(response));

const isFailure = (status: DeliveryStatus): boolean => status === 'bounced' || status === 'deferred';

/**
 * Which entry an outcome of local(8) belongs to: each target of an alias has its own fate, though the line names the alias
 * only. An entry that failed in an earlier run is the one that succeeds later.
 * @returns undefined when it is a further target.
 */
const entryOfTarget = (
  entries: readonly DraftRecipient[],
  { status, response }: DeliveryEvent,
  timeMs: number,
): DraftRecipient | undefined => {
  const isNow = ({ attempts }: DraftRecipient): boolean => timeMs - attempts.at(-1)!.timeMs <= ONE_RUN_MS;
  const tried = entries.filter(({ attempts }) => attempts.length > 0);
  if (tried.length === 0) return entries[0];
  const failed = tried.find((entry) => isFailure(entry.status));
  if (isFailure(status)) return failed ?? (tried.some(isNow) ? undefined : tried[0]);
  const known = tried.find((entry) => isSameTarget(entry, response));
  return known ?? (failed !== undefined && !isFinal(failed.status) && !isNow(failed) ? failed : undefined);
};

export const createDraftRecipients = (): DraftRecipients => {
  const recipients = new Map<string, DraftRecipient>();
  /** Address in lower case → keys of those that were named and not yet delivered to. */
  const untried = new Map<string, Set<string>>();
  /** Further entries of an address that stands for several targets. */
  const targets = new Map<DraftRecipient, readonly DraftRecipient[]>();

  const recipientOf = (address: string, originalAddress: string | null): DraftRecipient => {
    const key = keyOf(address, originalAddress);
    const known = recipients.get(key);
    if (known) return known;
    const created: DraftRecipient = { address, originalAddress, status: 'in-progress', attempts: [] };
    recipients.set(key, created);
    return created;
  };

  /** A further entry for an address has a number behind its key. */
  const entryFor = (event: DeliveryEvent, timeMs: number): DraftRecipient => {
    const { recipient: address, originalRecipient: originalAddress } = event;
    const first = recipientOf(address, originalAddress);
    if (!isExpanded(event)) return first;
    const further = targets.get(first) ?? [];
    const entry = entryOfTarget([first, ...further], event, timeMs);
    if (entry !== undefined || further.length >= TARGETS_MAX) return entry ?? first;
    const created: DraftRecipient = { address, originalAddress, status: 'in-progress', attempts: [] };
    recipients.set(`${keyOf(address, originalAddress)}\0${further.length + 1}`, created);
    targets.set(first, [...further, created]);
    return created;
  };

  /** Nothing is open when the message is removed: what failed a moment before was the same target's earlier try. */
  const joinOpen = (entries: readonly DraftRecipient[]): void => {
    const done = entries.find(({ status }) => status === 'sent');
    if (done === undefined) return;
    for (const [key, entry] of recipients) {
      if (!entries.includes(entry) || isFinal(entry.status)) continue;
      done.attempts = [...entry.attempts, ...done.attempts].sort((a, b) => a.timeMs - b.timeMs);
      recipients.delete(key);
    }
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
      const recipient = entryFor(event, timeMs);
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
      for (const [first, further] of targets) joinOpen([first, ...further]);
    },
    hasOpen: () => [...recipients.values()].some(({ status }) => !isFinal(status)),
    count: () => recipients.size,
    list: () => [...recipients.values()],
  };
};
