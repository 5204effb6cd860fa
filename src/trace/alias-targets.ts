/** The targets of one address of local(8): users, files and commands, each with a fate of its own, though one line names the alias only. */
import type { DeliveryEvent, DeliveryStatus } from '../domain/event.js';
import { type DeliveryAttempt, isFinal } from '../domain/transaction.js';

/** A recipient while its events are read. */
export type DraftRecipient = {
  address: string;
  originalAddress: string | null;
  status: DeliveryStatus;
  attempts: DeliveryAttempt[];
};

/** More targets than this of one alias are not told apart. */
const TARGETS_MAX = 100;
/** Without delays in its lines: what one run of local(8) does for one address is logged within this time. */
const ONE_RUN_MS = 1000;
/** A command may run for so long (command_time_limit), one after the other. */
const RUN_MAX_MS = 3_600_000;

/** How long the message had waited when the queue manager took it up is the same in all lines of one run. */
const isSameRun = (last: DeliveryAttempt, { delaysMs }: DeliveryEvent, timeMs: number): boolean =>
  last.delaysMs === null || delaysMs === null
    ? timeMs - last.timeMs <= ONE_RUN_MS
    : last.delaysMs[0] === delaysMs[0] && timeMs - last.timeMs <= RUN_MAX_MS;

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
  event: DeliveryEvent,
  timeMs: number,
): DraftRecipient | undefined => {
  const { status, response } = event;
  const isNow = ({ attempts }: DraftRecipient): boolean => isSameRun(attempts.at(-1)!, event, timeMs);
  const tried = entries.filter(({ attempts }) => attempts.length > 0);
  if (tried.length === 0) return entries[0];
  const failed = tried.find((entry) => isFailure(entry.status));
  if (isFailure(status)) return failed ?? (tried.some(isNow) ? undefined : tried[0]);
  const known = tried.find((entry) => isSameTarget(entry, response));
  return known ?? (failed !== undefined && !isFinal(failed.status) && !isNow(failed) ? failed : undefined);
};

export type AliasTargets = Readonly<{
  /** `further`: 0 for the first entry of an address, else the number of a new one. */
  entryFor: (
    first: DraftRecipient,
    event: DeliveryEvent,
    timeMs: number,
  ) => Readonly<{ entry: DraftRecipient; further: number }>;
  /**
   * Nothing is open when the message is removed: what failed a moment before was the same target's earlier try.
   * @returns the entries that went up in others
   */
  joinOpen: () => ReadonlySet<DraftRecipient>;
}>;

export const createAliasTargets = (): AliasTargets => {
  const furtherOf = new Map<DraftRecipient, readonly DraftRecipient[]>();
  return {
    entryFor: (first, event, timeMs) => {
      if (!isExpanded(event)) return { entry: first, further: 0 };
      const further = furtherOf.get(first) ?? [];
      const known = entryOfTarget([first, ...further], event, timeMs);
      if (known !== undefined || further.length >= TARGETS_MAX) return { entry: known ?? first, further: 0 };
      const { address, originalAddress } = first;
      const entry: DraftRecipient = { address, originalAddress, status: 'in-progress', attempts: [] };
      furtherOf.set(first, [...further, entry]);
      return { entry, further: further.length + 1 };
    },
    joinOpen: () => {
      const joined = new Set<DraftRecipient>();
      for (const [first, further] of furtherOf) {
        const entries = [first, ...further];
        const done = entries.find(({ status }) => status === 'sent');
        if (done === undefined) continue;
        for (const entry of entries.filter(({ status }) => !isFinal(status))) {
          done.attempts = [...entry.attempts, ...done.attempts].sort((a, b) => a.timeMs - b.timeMs);
          joined.add(entry);
        }
      }
      return joined;
    },
  };
};
