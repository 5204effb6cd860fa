/** What following needs to go on with a transaction after a restart, as text: its events, and what was sent of it. */
import type { MtaEvent } from '../domain/event.js';
import type { HostName, MessageId, TraceIdentity } from '../domain/ids.js';
import type { Notice } from '../domain/transaction.js';
import type { Occurrence } from './fold.js';

/** What was sent of one transaction; a span that is sent again keeps what the first one said. */
export type SentSpans = Readonly<{
  /** A time inside the transaction: by it the record finds its transaction again. */
  atMs: number;
  /** Under which the spans were sent; a line that comes later does not change it. */
  messageId: MessageId | null;
  /** Start of the transaction span once it was decided about; it is part of the ids of mail without message-id. */
  arrivedAtMs: number | null;
  /** Of the transaction span once it was decided about. */
  parentSpanId: string | null;
  /** Which transaction span was the last: null before any. */
  transaction: 'open' | 'ended' | 'failed' | null;
  hasRoot: boolean;
  /** Span id of a delivery → events it was sent with. */
  deliveries: Readonly<Record<string, number>>;
}>;

/** The transaction that a notice is about. */
export type NoticeCause = Readonly<{ transaction: TraceIdentity; kind: Notice['kind'] }>;

export type Resumed = Readonly<{
  occurrences: readonly Occurrence[];
  /** Steps of the session in which it arrived. */
  session: readonly Occurrence[];
  sent: SentSpans | null;
  cause: NoticeCause | null;
}>;

/** Time, program, process, event. */
type Line = readonly [number, string, number | null, MtaEvent];

type ResumeText = Readonly<{
  version: number;
  lines: readonly Line[];
  session: readonly Line[];
  sent: SentSpans | null;
  cause: NoticeCause | null;
}>;

/** Another one is not read: the transaction then goes on with what is logged from now on. */
const VERSION = 1;

const lineOf = ({ timeMs, program, pid, event }: Occurrence): Line => [timeMs, program, pid, event];

export const writeResume = ({ occurrences, session, sent, cause }: Resumed): string => {
  const text: ResumeText = {
    version: VERSION,
    lines: occurrences.map(lineOf),
    session: session.map(lineOf),
    sent,
    cause,
  };
  return JSON.stringify(text);
};

const isResumeText = (value: unknown): value is ResumeText =>
  typeof value === 'object' &&
  value !== null &&
  'version' in value &&
  value.version === VERSION &&
  'lines' in value &&
  Array.isArray(value.lines) &&
  'session' in value &&
  Array.isArray(value.session);

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};

/** @returns null for text of another version. */
export const readResume = (host: HostName, text: string): Resumed | null => {
  const value = parseJson(text);
  if (!isResumeText(value)) return null;
  // Before every line that is yet to be read, in the order in which they were.
  const occurrenceOf = ([timeMs, program, pid, event]: Line, index: number): Occurrence => ({
    event,
    host,
    timeMs,
    program,
    pid,
    sequence: index - Number.MAX_SAFE_INTEGER,
  });
  return {
    occurrences: value.lines.map(occurrenceOf),
    session: value.session.map(occurrenceOf),
    sent: value.sent,
    cause: value.cause,
  };
};
