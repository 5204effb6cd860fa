/** What a doctor asks a machine: its clock, and what the files behind each path are. Talks to remote-diagnosis.sh. */
import { MailtraceError } from '../errors.js';
import { type Answer, createAnswerReader } from './ssh-answer.js';
import type { Talk } from './ssh-machine.js';
import { buildExamination, type ExaminedPath } from './ssh-request.js';

/** How far a clock is ahead of ours (behind: negative), give or take `errorMs`. */
export type ClockReading = Readonly<{ aheadMs: number; errorMs: number }>;

export type Examined = Readonly<{
  answer: Answer;
  /** By number of the piece: when it was last written. */
  modifiedMs: ReadonlyMap<number, number>;
  /** By number of a packed piece: was it unpacked to its end? */
  unpacked: ReadonlyMap<number, boolean>;
  /** The machine fell silent over the path of this index: those before are known. */
  silence: Readonly<{ pathIndex: number; fault: MailtraceError }> | null;
}>;

const CONTROL = 0x01;
const SECOND_MS = 1000;
/** A machine is asked so often what time it is; the quickest answer counts. */
const CLOCK_READINGS = 3;
/** Packed files of a machine are unpacked up to this: seconds of its time. */
const UNPACKED_BYTES = 32 * 1024 * 1024;
/**
 * The script says now and then that it is at work: no silence is long. That of the whole connection, which shows after one
 * timeout (ssh-handshake.ts), must show first.
 */
const SILENCE_FACTOR = 1.5;

const controlOf = (line: Buffer): string => (line[0] === CONTROL ? line.toString('utf8', 1) : '');

/** Without nanoseconds the clock is anywhere in its second. */
const readingOf = (said: string, sentMs: number, receivedMs: number): ClockReading | null => {
  const [, seconds, nanoseconds] = /^T (\d+) (\d{9})?/.exec(said) ?? [];
  if (seconds === undefined) return null;
  const [shownMs, vagueMs] =
    nanoseconds === undefined ? [SECOND_MS / 2, SECOND_MS / 2] : [Number(nanoseconds) / 1_000_000, 0];
  return {
    aheadMs: Number(seconds) * SECOND_MS + shownMs - (sentMs + receivedMs) / 2,
    errorMs: (receivedMs - sentMs) / 2 + vagueMs,
  };
};

/**
 * @param now our clock, epoch milliseconds
 * @returns null when the machine tells no time
 */
export const readClock = async (talk: Talk, script: string, now: () => number): Promise<ClockReading | null> => {
  const ask = async (text: string): Promise<ClockReading | null> => {
    let said = '';
    const sentMs = now();
    await talk(
      text,
      (line) => {
        said = controlOf(line);
        return said.startsWith('T ');
      },
      SILENCE_FACTOR,
    );
    return readingOf(said, sentMs, now());
  };
  let best = await ask(`${script}\nmt_now\n`);
  for (let count = 1; count < CLOCK_READINGS; count++) {
    const next = await ask('mt_now\n');
    if (next !== null && (best === null || next.errorMs < best.errorMs)) best = next;
  }
  return best;
};

/** After `readClock`, in the same shell. Silence is a result, no exception. */
export const examineFiles = async (talk: Talk, paths: readonly ExaminedPath[], nowMs: number): Promise<Examined> => {
  const request = buildExamination(paths, nowMs, UNPACKED_BYTES);
  const reader = createAnswerReader(request.end);
  const modifiedMs = new Map<number, number>();
  const unpacked = new Map<number, boolean>();
  let pathIndex = 0;
  const take = (line: Buffer): boolean => {
    const [tag, first = '', second = ''] = controlOf(line).split(' ');
    if (tag === 'A') pathIndex = Number(first);
    if (tag === 'M') modifiedMs.set(Number(first), Number(second) * SECOND_MS);
    if (tag === 'U') unpacked.set(Number(first), second === 'whole');
    return reader.take(line);
  };
  let silence: Examined['silence'] = null;
  try {
    await talk(request.text, take, SILENCE_FACTOR);
  } catch (error) {
    if (!(error instanceof MailtraceError)) throw error;
    silence = { pathIndex, fault: error };
  }
  return { answer: reader.answer(), modifiedMs, unpacked, silence };
};

/** Which files can be read in this shell. Null: it does not say. */
export const listReadable = async (
  talk: Talk,
  paths: readonly ExaminedPath[],
  nowMs: number,
): Promise<Answer | null> => {
  const request = buildExamination(paths, nowMs, null);
  const reader = createAnswerReader(request.end);
  try {
    await talk(request.text, reader.take, SILENCE_FACTOR);
    return reader.answer();
  } catch (error) {
    if (!(error instanceof MailtraceError)) throw error;
    return null;
  }
};
