/** The events of one lifetime → one Transaction. */
import type { Client, FilterResult, MtaEvent } from '../domain/event.js';
import type { MessageId, QueueId } from '../domain/ids.js';
import type { Notice, Recipient, Transaction } from '../domain/transaction.js';
import { createDraftRecipients, type DraftRecipients } from './draft-recipients.js';
import type { Occurrence } from './fold.js';
import type { Lifetime } from './lifetimes.js';
import { resolveTries } from './tries.js';

type Draft = {
  mta: Transaction['mta'];
  messageId: MessageId | null;
  sender: string | null;
  client: Client | null;
  via: Transaction['via'];
  sizeBytes: number | null;
  recipientCount: number | null;
  arrivedAtMs: number | null;
  removed: boolean;
  recipients: DraftRecipients;
  filters: FilterResult[];
  notices: Notice[];
  reinjectedFrom: QueueId | null;
  requeuedFrom: QueueId | null;
  causedBy: QueueId | null;
  splitFrom: QueueId | null;
  isProbe: boolean;
  state: Transaction['state'];
  /** Process ids of the queue manager, as far as seen. */
  managerPids: Set<number>;
};

/** A hold rule or DISCARD names one recipient although it takes the whole message (cleanup_message.c logs the last). */
const applyToMessage = (draft: Draft, state: 'held' | 'discarded', recipient: string | null): void => {
  draft.state = state;
  if (recipient !== null && recipient !== '') draft.recipients.name(recipient, null);
  draft.recipients.setOpen(state);
};

const isOpen = ({ recipients }: Draft): boolean => recipients.count() === 0 || recipients.hasOpen();

/**
 * The queue manager removes a message only when every recipient is settled; `postsuper -d` removes it as it is. Where the
 * header lost the daemon, the pid tells: the queue manager's stands on the `queue active` line.
 */
const applyRemoval = (draft: Draft, byOperator: boolean | null, pid: number | null): void => {
  draft.removed = true;
  if (draft.state === 'requeued' || draft.state === 'discarded' || draft.state === 'deleted') return;
  const isDeleted = byOperator ?? (draft.state === 'held' || (pid !== null && !draft.managerPids.has(pid)));
  if (isDeleted && isOpen(draft)) {
    draft.state = 'deleted';
    draft.recipients.setOpen('deleted');
  } else draft.recipients.dropUntried();
};

const applyArrival = (draft: Draft, event: Extract<MtaEvent, { kind: 'arrival' }>, timeMs: number): void => {
  draft.arrivedAtMs = timeMs;
  draft.via = event.via;
  draft.client = event.client;
  draft.sender ??= event.sender;
  draft.messageId ??= event.messageId ?? null;
  draft.sizeBytes ??= event.sizeBytes ?? null;
  draft.recipientCount ??= event.recipientCount || null;
  draft.reinjectedFrom = event.reinjectedFrom;
  draft.requeuedFrom = event.requeuedFrom;
  draft.causedBy = event.causedBy ?? null;
  draft.splitFrom = event.splitFrom ?? null;
};

const release = (draft: Draft): void => {
  draft.state = 'active';
  draft.recipients.release();
};

type QueuedEvent = Extract<MtaEvent, { kind: 'queued' }>;

const applyQueued = (draft: Draft, event: QueuedEvent, pid: number | null): void => {
  if (pid !== null) draft.managerPids.add(pid);
  draft.sender = event.sender;
  draft.sizeBytes = event.sizeBytes ?? draft.sizeBytes;
  draft.recipientCount = Math.max(event.recipientCount ?? 0, draft.recipientCount ?? 0) || null;
  // The queue manager takes up nothing that is on hold.
  if (draft.state === 'held') release(draft);
};

type StateEvent = Extract<
  MtaEvent,
  { kind: 'removed' | 'expired' | 'held' | 'released' | 'deleted' | 'requeued' | 'discarded' }
>;

const applyState = (draft: Draft, event: StateEvent, pid: number | null): void => {
  switch (event.kind) {
    case 'removed':
      applyRemoval(draft, event.byOperator, pid);
      return;
    case 'expired':
      draft.sender ??= event.sender;
      draft.recipients.setOpen('expired');
      return;
    case 'held':
    case 'discarded':
      draft.sender ??= event.sender;
      applyToMessage(draft, event.kind, event.recipient);
      return;
    case 'released':
      release(draft);
      return;
    case 'deleted':
      draft.removed = true;
      draft.state = 'deleted';
      draft.recipients.setOpen('deleted');
      return;
    case 'requeued':
      draft.state = 'requeued';
      return;
  }
};

const apply = (draft: Draft, { event, timeMs, pid }: Occurrence): void => {
  switch (event.kind) {
    case 'arrival':
      applyArrival(draft, event, timeMs);
      return;
    case 'message-id':
      draft.messageId ??= event.messageId;
      return;
    case 'queued':
      applyQueued(draft, event, pid);
      return;
    case 'delivery':
      draft.recipients.deliver(event, timeMs);
      return;
    case 'recipient':
      draft.recipients.name(event.recipient, event.originalRecipient);
      return;
    case 'notice':
      draft.notices.push({ queueId: event.noticeQueueId, kind: event.notice });
      return;
    case 'filter':
      draft.filters.push(event.filter);
      return;
    case 'probe':
      draft.isProbe = true;
      return;
    case 'reject':
      // A recipient refused in an open transaction: the line names the sender of them all.
      draft.sender ??= event.sender;
      return;
    case 'aborted':
    case 'try':
    case 'tried':
    case 'session':
    case 'session-action':
    case 'loose-filter':
      return;
    default:
      applyState(draft, event, pid);
  }
};

const queueIdOf = ({ occurrences }: Lifetime): QueueId => {
  for (const { event } of occurrences) {
    if ('queueId' in event && event.queueId !== null) return event.queueId;
  }
  throw new Error('A lifetime is made of lines with a queue ID.');
};

/** A filter may have spoken first. */
const mtaOf = ({ occurrences }: Lifetime): Transaction['mta'] =>
  (occurrences.find(({ event }) => event.kind !== 'filter') ?? occurrences[0]!).event.mta;

/** Sendmail's `ctladdr=` names the user whose rights count: of an alias, or the one who handed the message in (deliver.c getctladdr). */
const withoutSubmitter = (recipients: readonly Recipient[], sender: string | null): readonly Recipient[] =>
  recipients.map((recipient) =>
    recipient.originalAddress === null || recipient.originalAddress !== sender
      ? recipient
      : { ...recipient, originalAddress: null },
  );

/** @param actions `NOQUEUE: hold` and `discard` lines of the session in which the message arrived */
export const buildTransaction = (
  lifetime: Lifetime,
  actions: readonly { event: Extract<MtaEvent, { kind: 'session-action' }> }[],
): Transaction => {
  const first = lifetime.occurrences[0]!;
  const last = lifetime.occurrences.at(-1)!;
  const queueId = queueIdOf(lifetime);
  const draft: Draft = {
    mta: mtaOf(lifetime),
    messageId: null,
    sender: null,
    client: null,
    via: null,
    sizeBytes: null,
    recipientCount: null,
    arrivedAtMs: null,
    removed: false,
    recipients: createDraftRecipients(),
    filters: [],
    notices: [],
    reinjectedFrom: null,
    requeuedFrom: null,
    causedBy: null,
    splitFrom: null,
    isProbe: false,
    state: 'active',
    managerPids: new Set(),
  };
  for (const { event } of actions) {
    applyToMessage(draft, event.action === 'hold' ? 'held' : 'discarded', event.recipient);
    draft.sender ??= event.sender;
  }
  for (const occurrence of resolveTries(lifetime.occurrences)) apply(draft, occurrence);
  // Every field by name: following builds millions of these, and copying objects is what takes the time.
  return {
    mta: draft.mta,
    messageId: draft.messageId,
    sender: draft.sender,
    client: draft.client,
    // A bounce has no arrival line: cleanup logs only its message-id.
    via: draft.via ?? (draft.sender === '' ? 'internal' : null),
    sizeBytes: draft.sizeBytes,
    recipientCount: draft.recipientCount,
    arrivedAtMs: draft.arrivedAtMs ?? first.timeMs,
    removed: draft.removed,
    filters: draft.filters,
    notices: draft.notices,
    reinjectedFrom: draft.reinjectedFrom,
    requeuedFrom: draft.requeuedFrom,
    causedBy: draft.causedBy,
    splitFrom: draft.splitFrom,
    isProbe: draft.isProbe,
    state: draft.state,
    recipients:
      draft.mta === 'sendmail' ? withoutSubmitter(draft.recipients.list(), draft.sender) : draft.recipients.list(),
    host: first.host,
    queueId,
    hasArrival: draft.arrivedAtMs !== null,
    firstSeenMs: first.timeMs,
    lastSeenMs: last.timeMs,
  };
};
