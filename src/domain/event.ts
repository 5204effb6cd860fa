/** A log line without its header (LogRecord), and what one line means (MtaEvent). */
import type { HostName, MessageId, QueueId } from './ids.js';

export type LogRecord = Readonly<{
  /** Canonical name of the machine whose log this is. */
  host: HostName;
  /** Instant of the line, epoch milliseconds. */
  timeMs: number;
  /**
   * As logged: `postfix/smtpd`, `sm-mta`; `postfix` where forwarding lost the daemon; `''` when there is none. With its brackets
   * where a queue file is named in the place of the process number: `dma[998162.558f334345f0]`.
   */
  program: string;
  pid: number | null;
  /** The line without its syslog header and without leading blanks. */
  text: string;
  /** The whole line as logged, for `text:` searches. */
  raw: string;
  /** Position of the line among those its source returned: earlier lines have smaller numbers. */
  sequence: number;
}>;

/** The MTA or daemon that logged the line, by the name of its parser: `postfix`, `policyd-spf`, … Open, so that a parser is all that a new one needs. */
export type Mta = Lowercase<string>;

/** The host that handed the message in. Absent facts are null. */
export type Client = Readonly<{ name: string | null; ip: string | null; sasl: string | null }>;

/** The host a delivery attempt spoke to. */
export type Relay = Readonly<{ host: string | null; ip: string | null; port: number | null }>;

/** Status words of CONTRACT §2. */
export type DeliveryStatus =
  | 'sent'
  | 'deferred'
  | 'bounced'
  | 'expired'
  | 'rejected'
  | 'held'
  | 'discarded'
  | 'deleted'
  | 'in-progress'
  | 'unknown';

/** A remote reply taken apart. `text` is verbatim. */
export type Reply = Readonly<{
  replyCode: number | null;
  /** RFC 3463 code at the start of the reply; null when there is none. */
  dsn: string | null;
  /** Every queue ID the reply names as the message's next one. More than one: a filter that split the mail. */
  nextQueueIds: readonly QueueId[];
}>;

export type FilterResult = Readonly<{ source: string; action: string; score: number | null }>;

export type RejectStage = 'CONNECT' | 'HELO' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'VRFY' | 'ETRN' | 'UNKNOWN';

/** What every event of one queue ID carries. */
type Queued<Kind extends string> = Readonly<{ kind: Kind; mta: Mta; queueId: QueueId }>;

/** How a message came in. `pickup`: by the local sendmail command or a pipe filter. `internal`: made by the MTA itself (bounces). */
export type ArrivalVia = 'smtp' | 'pickup' | 'internal';

export type ArrivalEvent = Queued<'arrival'> &
  Readonly<{
    via: ArrivalVia;
    /** The line itself says that the message was accepted (Exim `<=`); Postfix' `client=` only opens a queue file. */
    isAccepted: boolean;
    client: Client | null;
    sender: string | null;
    messageId?: MessageId | null;
    sizeBytes?: number | null;
    /** Recipients accepted with it, before aliases; 0: the session never became a message (Sendmail `nrcpts=0`). */
    recipientCount?: number | null;
    /** Queue ID before a content filter: Postfix `orig_queue_id=` (XFORWARD IDENT, smtpd.c). Lives on `originalClient`'s next hop, normally this host. */
    reinjectedFrom: QueueId | null;
    /** Queue ID before `postsuper -r`: Postfix pickup `orig_id=`. */
    requeuedFrom: QueueId | null;
    /** A further local link, e.g. Exim `R=`: the message that caused this one. */
    causedBy?: QueueId | null;
    /** The message of which this is a part, on the same host: Sendmail's `clone: owner=` and `split:`. */
    splitFrom?: QueueId | null;
  }>;

export type DeliveryEvent = Queued<'delivery'> &
  Readonly<{
    recipient: string;
    originalRecipient: string | null;
    status: DeliveryStatus;
    /** As logged on this host; null when the line has none. */
    dsn: string | null;
    replyCode: number | null;
    /** null = local delivery, no relay named. */
    relay: Relay | null;
    /** How the recipient left this transaction, when no relay says it: `local`, `virtual`, a pipe's name; null for SMTP. */
    agent: string | null;
    delayMs: number | null;
    /** Before queue manager / in queue / connecting / sending (Postfix log_adhoc.c). */
    delaysMs: readonly [number, number, number, number] | null;
    response: string | null;
    nextQueueIds: readonly QueueId[];
    /** Where `nextQueueIds` live: on the relay, or on this host (`forwarded as`, a filter's `from MTA(...)`). */
    nextIs: 'relay' | 'same-host';
    /** LMTP, forward by local(8), or plain SMTP. */
    by: 'smtp' | 'lmtp' | 'forward' | 'local';
  }>;

/**
 * How a try ended, where its line need not say of whom or where: then it is of the recipients and the relay of the `try` lines
 * before it.
 */
export type TriedEvent = Queued<'tried'> &
  Pick<DeliveryEvent, 'status' | 'dsn' | 'replyCode' | 'relay' | 'response'> &
  Readonly<{
    recipient: string | null;
    /** Was it to go to another host? null: the line does not say; it was when a relay was tried. */
    isRemote: boolean | null;
  }>;

export type RejectEvent = Readonly<{
  kind: 'reject';
  mta: Mta;
  /** Set when the line carries one: a recipient refused in an open transaction, a milter or header check at the end of DATA. */
  queueId: QueueId | null;
  client: Client | null;
  sender: string | null;
  recipient: string | null;
  replyCode: number | null;
  dsn: string | null;
  stage: RejectStage;
  text: string;
  /** How many times it happened: rsyslog's `message repeated n times`. */
  count: number;
}>;

/** A filter's result that names no queue ID: it is told by the message-id, or by the envelope that was asked about. */
export type LooseFilterEvent = Readonly<{
  kind: 'loose-filter';
  mta: Mta;
  messageId: MessageId | null;
  /** Address of the client. */
  clientIp: string | null;
  sender: string | null;
  recipient: string | null;
  filter: FilterResult;
}>;

/** One step of a server session without a queue ID; joined to transactions by program, pid and client. */
export type SessionEvent = Readonly<{
  kind: 'session';
  mta: Mta;
  step: 'connect' | 'disconnect' | 'lost' | 'tls';
  client: Client;
  /** `lost`: the SMTP command in which the client went away (`DATA`, `END-OF-MESSAGE`). `tls`: protocol and cipher. */
  detail: string | null;
}>;

export type MtaEvent =
  | ArrivalEvent
  | (Queued<'message-id'> & Readonly<{ messageId: MessageId | null }>)
  /** Sender, size and recipient count; Postfix qmgr's `queue active`. */
  | (Queued<'queued'> & Readonly<{ sender: string; sizeBytes: number | null; recipientCount: number | null }>)
  | DeliveryEvent
  /** A delivery begins, or goes on to a relay. */
  | (Queued<'try'> & Readonly<{ recipient: string | null; relay: Relay | null }>)
  | TriedEvent
  /** Recipient known before any delivery (`hold:` lines, Exim `for`). */
  | (Queued<'recipient'> & Readonly<{ recipient: string; originalRecipient: string | null }>)
  /** `byOperator`: true when the line says that the postmaster deleted it; null when it cannot be told. */
  | (Queued<'removed'> & Readonly<{ byOperator: boolean | null }>)
  /** Given up after its lifetime; applies to every recipient still open (Postfix qmgr has no `to=` here). */
  | (Queued<'expired'> & Readonly<{ sender: string | null }>)
  | (Queued<'held'> & Readonly<{ reason: string | null; sender: string | null; recipient: string | null }>)
  | Queued<'released'>
  | Queued<'deleted'>
  | Queued<'requeued'>
  /** Accepted and thrown away: DISCARD by milter, header check or access map. */
  | (Queued<'discarded'> & Readonly<{ reason: string; sender: string | null; recipient: string | null }>)
  /** This host refused the message after giving it a queue ID and without naming a reply: the transaction never became mail. */
  | (Queued<'aborted'> & Readonly<{ stage: RejectStage; text: string; replyCode: number | null; dsn: string | null }>)
  /** The MTA made a notice about this transaction. */
  | (Queued<'notice'> & Readonly<{ noticeQueueId: QueueId; notice: 'failure' | 'delay' | 'success' | 'postmaster' }>)
  /** A filter's transaction: `queueId` is the filter's own, or the MTA's whose mail it looked at. */
  | (Queued<'filter'> & Readonly<{ filter: FilterResult }>)
  | LooseFilterEvent
  /** A verify probe (Postfix `deliverable`/`undeliverable`): not mail. */
  | Queued<'probe'>
  | RejectEvent
  /** `NOQUEUE: hold` or `discard`: it belongs to the transaction of the same session. */
  | Readonly<{
      kind: 'session-action';
      mta: Mta;
      action: 'hold' | 'discard';
      client: Client;
      sender: string | null;
      recipient: string | null;
      reason: string;
    }>
  | SessionEvent;

export type ParseOutcome =
  | Readonly<{ kind: 'events'; events: readonly MtaEvent[] }>
  /** Understood, and says nothing about a message (`statistics:`, `daemon started`). */
  | Readonly<{ kind: 'ignored' }>
  | Readonly<{ kind: 'unknown' }>;
