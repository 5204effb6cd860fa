/** Lines of one message that name another: notices (savemail.c returntosender), copies for a list's owner, parts (queue.c split). */
import type { MtaEvent } from '../../domain/event.js';
import { type QueueId, queueId } from '../../domain/ids.js';
import { bareAddress } from './peer.js';

const LINKED =
  /^([0-9A-Za-z]{2,9}\d{5,10}): (clone: owner=|DSN: |return to sender: |sender notify: |postmaster notify: )([\s\S]*)$/;
const SPLIT = /^split: (?:maxrcpts=\d+, rcpts=\d+, )?count=\d{1,6}, ids?=([0-9A-Za-z;, ]{1,2000})$/;
/** envelope.c: the lifetime (Timeout.queuereturn, or the one that the sender asked for) is over. */
const EXPIRED = /^(?:Cannot send (?:message|within) |[Dd]elivery time \(?\d|delivery time expired )/;

type NoticeKind = Extract<MtaEvent, { kind: 'notice' }>['notice'];

/** `sender notify` also stands before the last notice once a warning was sent: the text tells (envelope.c). */
const kindOf = (label: string, text: string): NoticeKind => {
  if (text.startsWith('Warning: ')) return 'delay';
  if (text.startsWith('Return receipt')) return 'success';
  return label === 'postmaster notify: ' ? 'postmaster' : 'failure';
};

const born = (id: QueueId, sender: string | null, splitFrom: QueueId | null): MtaEvent => ({
  kind: 'arrival',
  mta: 'sendmail',
  queueId: id,
  via: 'internal',
  isAccepted: true,
  client: null,
  sender,
  reinjectedFrom: null,
  requeuedFrom: null,
  splitFrom,
});

const parseLinked = (id: QueueId, match: RegExpExecArray): readonly MtaEvent[] => {
  const [, other = '', label = '', text = ''] = match;
  const otherId = queueId(other);
  if (label.startsWith('clone')) return [born(otherId, bareAddress(text), id)];
  const notice = kindOf(label, text);
  return [
    { kind: 'notice', mta: 'sendmail', queueId: id, noticeQueueId: otherId, notice },
    ...(EXPIRED.test(text) ? [{ kind: 'expired', mta: 'sendmail', queueId: id, sender: null } as const] : []),
    born(otherId, '', null),
  ];
};

/** @returns null when the line names no other message. */
export const parseSibling = (id: QueueId, text: string): readonly MtaEvent[] | null => {
  const linked = LINKED.exec(text);
  if (linked !== null) return parseLinked(id, linked);
  const split = SPLIT.exec(text);
  if (split === null) return null;
  return split[1]!
    .split(/[;,] ?/)
    .filter((other) => other !== '')
    .map((other) => born(queueId(other), null, id));
};
