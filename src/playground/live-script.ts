/** One real mail of the sample logs, and the notices it caused, as a script that can be played again with other names. */
import { restampLine } from './restamp.js';

/** `lines`: the log of one sample host, stamped as RFC 3339. `skewMs`: what its clock shows too much. */
export type SampleLog = Readonly<{ host: string; lines: readonly string[]; skewMs: number }>;

/** A line, and when it was written, from the first line of the mail on. */
export type Step = Readonly<{
  host: string;
  offsetMs: number;
  line: string;
  /** So many attempts must have failed before. */
  failuresBefore: number;
  kind: 'line' | 'attempt';
}>;

export type Script = Readonly<{
  /** In order of time. */
  steps: readonly Step[];
  /** Instant of the first line, as stamped. */
  originMs: number;
  /** Words that are new in each mail: queue IDs, message-ids, ids of the filter. */
  names: readonly string[];
  /** The attempt that went well, and the removal after it, of another mail. */
  success: readonly [attempt: string, removal: string];
}>;

/** The mail that was never accepted, its delay notice and its bounce. */
const MESSAGE_IDS = [
  '95852cc7-f5e7-a3c8-4287-ea3a319470d4@campus.example',
  '20261121072351.4A1EF548975@out1.campus.example',
  '20261121072440.04B37548007@out1.campus.example',
] as const;
/** Queue ID on the host that speaks to the outside; of the mail that failed, and of one that did not. */
const FAILED_ID = '56CB3548914';
const SENT_ID = '71A1A5480FD';
const SENDER = 'erin';
const RECIPIENT = 'rob@refused.example';
const SENT_RECIPIENT = 'zoe@partner.example';
const DOWN_RELAY = 'mx.refused.example[198.51.100.67]';
const RELAY = 'mx.partner.example[198.51.100.21]';

const stampOf = (line: string): number => Date.parse(line.slice(0, line.indexOf(' ')));

/** The words by which a host's log names this mail: queue IDs, and amavis's ids in parentheses. */
const namesOn = (lines: readonly string[], messageId: string): readonly string[] =>
  lines
    .filter((line) => line.includes(`<${messageId}>`))
    .flatMap((line) => / ([0-9A-Za-z]{10,20}): |(\(\d{5}-[\d-]+\))/.exec(line)?.slice(1) ?? [])
    .filter((name) => name !== undefined);

const isAttempt = (line: string): boolean => line.includes(`${FAILED_ID}: to=<`);

type Found = Readonly<{ host: string; line: string; atMs: number; messageId: string }>;

const linesOf = ({ host, lines, skewMs }: SampleLog, messageId: string): readonly Found[] => {
  const names = namesOn(lines, messageId);
  return lines
    .filter((line) => names.some((name) => line.includes(name)) || line.includes(`<${messageId}>`))
    .map((line) => ({ host, line, atMs: stampOf(line) - skewMs, messageId }));
};

const single = (lines: readonly string[], ...parts: readonly string[]): string => {
  const found = lines.find((line) => parts.every((part) => line.includes(part)));
  if (found === undefined) throw new Error(`The sample logs lack a line with ${parts.join(' and ')}.`);
  return found;
};

/** @throws Error when the sample logs are not those this was written for. */
export const readScript = (logs: readonly SampleLog[]): Script => {
  const found = MESSAGE_IDS.flatMap((messageId) => logs.flatMap((log) => linesOf(log, messageId)));
  found.sort((a, b) => a.atMs - b.atMs);
  const originMs = found[0]?.atMs ?? Number.NaN;
  const attempts = found.filter(({ line }) => isAttempt(line)).map(({ atMs }) => atMs);
  const failuresBefore = ({ messageId, atMs }: Found): number => {
    // A notice exists from the moment its first line was written, whatever its own lines say of later attempts.
    const bornMs = messageId === MESSAGE_IDS[0] ? atMs : found.find((each) => each.messageId === messageId)!.atMs;
    return attempts.filter((ms) => ms < bornMs).length;
  };
  const all = logs.flatMap(({ lines }) => lines);
  const ids = MESSAGE_IDS.flatMap((messageId) => logs.flatMap(({ lines }) => namesOn(lines, messageId)));
  const mailId = /Checking: ([\w-]{12}) /.exec(found.find(({ line }) => line.includes('Checking: '))?.line ?? '')?.[1];
  return {
    steps: found.map((each) => ({
      host: each.host,
      offsetMs: each.atMs - originMs,
      line: each.line,
      failuresBefore: failuresBefore(each),
      kind: isAttempt(each.line) ? 'attempt' : 'line',
    })),
    originMs,
    names: [...new Set([...ids, MESSAGE_IDS[0].split('@')[0]!, ...(mailId === undefined ? [] : [mailId])])],
    success: [single(all, `${SENT_ID}: to=<`), single(all, `${SENT_ID}: removed`)],
  };
};

/** Attempt or removal of the mail that went well, put where an attempt of the script stands. */
export const succeed = (script: Script, attempt: Step): readonly Step[] => {
  const [sent, removed] = script.success;
  const head = attempt.line.slice(0, attempt.line.indexOf(' '));
  const delays = /delay=[\d.]+, delays=[\d./]+/.exec(attempt.line)?.[0] ?? 'delay=0.1, delays=0.1/0/0/0';
  const put = (line: string): string =>
    `${head}${line.slice(line.indexOf(' '))}`
      .replace(SENT_ID, FAILED_ID)
      .replace(SENT_RECIPIENT, RECIPIENT)
      .replace(/delay=[\d.]+, delays=[\d./]+/, delays);
  return [sent, removed].map((line) => ({ ...attempt, line: put(line), kind: 'line' as const }));
};

const LONG_ID = '0123456789BCDFGHJKLMNPQRSTVWXYbcdfghjklmnpqrstvwxy';
const HEX = '0123456789ABCDEF';
const LOWER_HEX = '0123456789abcdef';
const WORD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const alphabetOf = (name: string): string => {
  if (name.startsWith('(')) return '0123456789';
  if (/^[0-9a-f-]{36}$/.test(name)) return LOWER_HEX;
  if (/^[0-9A-F]+$/.test(name)) return HEX;
  return name.length === 15 ? LONG_ID : WORD;
};

/** The same shape with other characters. A long queue ID keeps its `z`, which parts time and inode (Postfix, mail_queue.h). */
const renew = (name: string, random: () => number): string => {
  const alphabet = alphabetOf(name);
  const kept = alphabet === LONG_ID ? /z/ : /[^0-9A-Za-z]/;
  return [...name].map((c) => (kept.test(c) ? c : alphabet[Math.floor(random() * alphabet.length)]!)).join('');
};

/** `startMs`: when the first line is written. */
export type Casting = Readonly<{ sender: string; recipient: string; startMs: number; random: () => number }>;

/** Line of the script → line of one mail: other ids, addresses and times; the relay is the same for all mails. */
export const castScript = (
  script: Script,
  { sender, recipient, startMs, random }: Casting,
): ((line: string) => string) => {
  // Whole seconds: the digits below are the line's own.
  const shiftMs = Math.round((startMs - script.originMs) / 1000) * 1000;
  const renewed = script.names.map((name) => [name, renew(name, random)] as const);
  return (line) => {
    const named = renewed.reduce((text, [name, other]) => text.replaceAll(name, other), line);
    return restampLine(named, shiftMs)
      .replaceAll(RECIPIENT, recipient)
      .replaceAll(DOWN_RELAY, RELAY)
      .replaceAll(new RegExp(`\\b${SENDER}(?=@)`, 'g'), sender);
  };
};
