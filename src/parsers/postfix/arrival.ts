/** How a message came into a Postfix queue, and what the queue manager and bounce(8) say about it as a whole. */
import type { MtaEvent } from '../../domain/event.js';
import { type QueueId, queueId } from '../../domain/ids.js';
import { parseClient } from './smtpd-action.js';

/** Attributes of smtpd's `client=` line, in the order in which smtpd.c:2456 writes them. */
const CLIENT_ATTRIBUTES = ['sasl_method', 'sasl_username', 'sasl_sender', 'orig_queue_id', 'orig_client'];

/**
 * The value of `name=` in `client=a[b], sasl_method=PLAIN, sasl_username=c`: up to the next attribute that can follow it. Those
 * behind the SASL name are looked for from the end: the name is the client's, and may hold anything.
 */
const attribute = (text: string, name: string): string | null => {
  const at = name.startsWith('orig_') ? text.lastIndexOf(`, ${name}=`) : text.indexOf(`, ${name}=`);
  if (at === -1) return null;
  const start = at + name.length + 3;
  const ends = CLIENT_ATTRIBUTES.slice(CLIENT_ATTRIBUTES.indexOf(name) + 1)
    .map((next) => text.lastIndexOf(`, ${next}=`))
    .filter((end) => end >= start);
  return text.slice(start, ends.length === 0 ? undefined : Math.min(...ends)).trimEnd();
};

const isLoopback = (ip: string | null): boolean => ip !== null && (ip === '::1' || ip.startsWith('127.'));

/** smtpd.c, qmqpd.c: `client=mx1.campus.example[10.0.0.1], sasl_username=ann, orig_queue_id=…, orig_client=…`. */
export const parseArrival = (id: QueueId, text: string): MtaEvent | null => {
  const spoken = parseClient(/^client=(\S+?)(?:,\s|\s|$)/.exec(text)?.[1] ?? '');
  if (spoken === null) return null;
  const original = attribute(text, 'orig_queue_id');
  const reinjectedFrom = original === null || original === '' ? null : queueId(original);
  // In front of the queue a proxy filter speaks to us on the loopback; the client is the one it names (smtpd_proxy.c, XFORWARD).
  const behindProxy = reinjectedFrom === null && isLoopback(spoken.ip) ? attribute(text, 'orig_client') : null;
  const client = (behindProxy === null ? null : parseClient(behindProxy)) ?? spoken;
  return {
    kind: 'arrival',
    mta: 'postfix',
    queueId: id,
    via: 'smtp',
    isAccepted: false,
    client: { ...client, sasl: attribute(text, 'sasl_username') },
    sender: null,
    reinjectedFrom,
    requeuedFrom: null,
  };
};

/** pickup.c: `uid=100 from=<cat@sender.example> orig_id=4jWkGN0kQRznl34`. */
export const parsePickup = (id: QueueId, text: string): MtaEvent | null => {
  const match = /^uid=\d{1,10} from=<(.*?)>(?: orig_id=(\S+))?$/.exec(text);
  if (match === null) return null;
  return {
    kind: 'arrival',
    mta: 'postfix',
    queueId: id,
    via: 'pickup',
    isAccepted: true,
    client: null,
    sender: match[1]!,
    reinjectedFrom: null,
    requeuedFrom: match[2] === undefined ? null : queueId(match[2]),
  };
};

/** qmgr_active.c: `from=<a>, size=1, nrcpt=2 (queue active)` and `from=<a>, status=expired, returned to sender`. */
export const parseSender = (id: QueueId, text: string): MtaEvent | null => {
  const end = text.lastIndexOf('>, ');
  if (end === -1) return null;
  const sender = text.slice('from=<'.length, end);
  const rest = text.slice(end + 3);
  if (/^status=(?:force-)?expired\b/.test(rest)) return { kind: 'expired', mta: 'postfix', queueId: id, sender };
  const match = /^size=(\d{1,15}), nrcpt=(\d{1,9})(?: |$)/.exec(rest);
  if (match === null) return null;
  const [sizeBytes, recipientCount] = [Number(match[1]), Number(match[2])];
  return { kind: 'queued', mta: 'postfix', queueId: id, sender, sizeBytes, recipientCount };
};

/** bounce_notify_service.c, bounce_warn_service.c, bounce_trace_service.c, bounce_one_service.c. */
const NOTICES: readonly (readonly [string, 'failure' | 'delay' | 'success' | 'postmaster'])[] = [
  ['sender non-delivery notification: ', 'failure'],
  ['sender delay notification: ', 'delay'],
  ['sender delivery status notification: ', 'success'],
  ['postmaster non-delivery notification: ', 'postmaster'],
  ['postmaster delay notification: ', 'postmaster'],
];

export const parseNotice = (id: QueueId, text: string): MtaEvent | null => {
  for (const [prefix, notice] of NOTICES) {
    if (!text.startsWith(prefix)) continue;
    const noticeId = /^[0-9A-Za-z]{6,28}(?![0-9A-Za-z])/.exec(text.slice(prefix.length))?.[0];
    return noticeId === undefined
      ? null
      : { kind: 'notice', mta: 'postfix', queueId: id, noticeQueueId: queueId(noticeId), notice };
  }
  return null;
};
