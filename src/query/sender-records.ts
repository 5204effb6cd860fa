/**
 * A sender's records: a JSON array, or one JSON object a line, of `{queue_id, message_id, success, status_code}`. Further keys
 * are kept and mean nothing. What is no record is a fault with its line; the others are read all the same.
 */
import type { RecordFault, SenderRecord } from '../domain/sender-record.js';
import { findNearest } from './nearest.js';

export type SenderRecords = Readonly<{ records: readonly SenderRecord[]; faults: readonly RecordFault[] }>;

/** One trace asks for them in parts; more want to be split by their owner. */
const RECORDS_MAX = 200_000;
/** A message-id has at most 998 characters (RFC 5322 §2.1.1), a queue ID far fewer. */
const ID_MAX = 1000;
const KEYS = ['queue_id', 'message_id', 'success', 'status_code'] as const;

/** A piece of text that should be one record. */
type Piece = Readonly<{ line: number; text: string }>;

const isBlank = (char: string | undefined): boolean => char === ' ' || char === '\t' || char === '\r' || char === '\n';

/** Behind the closing quote of the text that begins at `start`. */
const endOfText = (text: string, start: number): number => {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
};

const DEPTH: Readonly<Record<string, number>> = { '{': 1, '[': 1, '}': -1, ']': -1 };

/** The end of the value that begins at `start`: behind its closing bracket, or before the next comma or bracket. */
const endOfValue = (text: string, start: number): number => {
  let depth = 0;
  for (let at = start; at < text.length; ) {
    const char = text[at]!;
    const change = DEPTH[char] ?? 0;
    if (depth === 0 && (change < 0 || char === ',')) return at;
    depth += change;
    at = char === '"' ? endOfText(text, at) : at + 1;
    if (depth === 0 && change < 0) return at;
  }
  return text.length;
};

const createLineCounter = (text: string) => {
  let [at, line] = [0, 1];
  /** `to` never goes back. */
  return (to: number): number => {
    for (; at < to; at++) if (text[at] === '\n') line++;
    return line;
  };
};

/** Elements of an array with their lines. */
const piecesOfArray = (
  text: string,
  start: number,
): Readonly<{ pieces: readonly Piece[]; fault: RecordFault | null }> => {
  const lineAt = createLineCounter(text);
  const pieces: Piece[] = [];
  const fail = (at: number, words: string) => ({ pieces, fault: { line: lineAt(at), text: words } });
  let at = start + 1;
  const skipBlanks = (): void => {
    while (at < text.length && isBlank(text[at])) at++;
  };
  for (let isFirst = true; ; isFirst = false) {
    skipBlanks();
    if (at >= text.length) return fail(at, 'the array is not closed: the file ends too early');
    if (text[at] === ']' && (isFirst || pieces.length > 0)) break;
    const end = endOfValue(text, at);
    pieces.push({ line: lineAt(at), text: text.slice(at, end).trim() });
    at = end;
    skipBlanks();
    if (text[at] === ',') at++;
    else if (text[at] !== ']') {
      return at >= text.length
        ? fail(at, 'the array is not closed: the file ends too early')
        : fail(at, 'a comma is missing between two records');
    }
  }
  const rest = text.slice(at + 1).search(/\S/);
  return rest === -1 ? { pieces, fault: null } : fail(at + 1 + rest, 'something follows after the end of the array');
};

const piecesOfLines = (text: string): readonly Piece[] =>
  text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [{ line: index + 1, text: line.trim() }]));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Reading<Value> = Readonly<{ value: Value | null; fault: string | null }>;

const is = <Value>(value: Value | null): Reading<Value> => ({ value, fault: null });
const wrong = (fault: string): Reading<never> => ({ value: null, fault });

const readId = (value: unknown, key: string): Reading<string> => {
  if (value === undefined || value === null) return is<never>(null);
  // A queue ID of digits may have been written without quotes.
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string') return wrong(`${key} must be text`);
  const trimmed = text.trim();
  if (trimmed.length > ID_MAX) return wrong(`${key} has more than ${ID_MAX} characters`);
  if (/[\0\n\r]/.test(trimmed)) return wrong(`${key} holds a line break or NUL`);
  return is(trimmed === '' ? null : trimmed);
};

const FLAGS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  [1, true],
  [0, false],
  ['true', true],
  ['false', false],
]);

const readFlag = (value: unknown): Reading<boolean> => {
  if (value === undefined || value === null) return is<never>(null);
  const flag = FLAGS.get(typeof value === 'string' ? value.trim().toLowerCase() : value);
  return flag === undefined ? wrong('success must be true or false') : is(flag);
};

/** `250`, `"250"`, `"550 5.1.1 User unknown"`. */
const readCode = (value: unknown): Reading<number> => {
  if (value === undefined || value === null || value === '') return is<never>(null);
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : '';
  const code = /^([2-5]\d\d)(?!\d)/.exec(text)?.[1];
  return code === undefined || (typeof value === 'number' && text !== code)
    ? wrong('status_code must be a reply code from 200 to 599')
    : is(Number(code));
};

const withoutBrackets = (id: string | null): string | null => {
  const bare = id === null ? null : (/^<(.*)>$/s.exec(id)?.[1] ?? id).trim();
  return bare === '' ? null : bare;
};

const idMissing = (given: Readonly<Record<string, unknown>>): string => {
  const unknown = Object.keys(given).filter((key) => !KEYS.some((known) => known === key));
  for (const key of unknown) {
    const nearest = findNearest(key.replace(/([a-z])([A-Z])/g, '$1_$2'), ['queue_id', 'message_id']);
    if (nearest !== null)
      return `it names neither queue_id nor message_id; is "${key.slice(0, 40)}" meant to be ${nearest}?`;
  }
  return 'it names neither queue_id nor message_id, so no message can be found for it';
};

const readRecord = ({ line, text }: Piece): SenderRecord | RecordFault => {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { line, text: `is no JSON: ${error.message.slice(0, 120)}` };
  }
  if (!isObject(given)) return { line, text: 'is no object with queue_id, message_id, success, status_code' };
  const queueId = readId(given['queue_id'], 'queue_id');
  const messageId = readId(given['message_id'], 'message_id');
  const success = readFlag(given['success']);
  const statusCode = readCode(given['status_code']);
  const fault = [queueId, messageId, success, statusCode].find((reading) => reading.fault !== null)?.fault;
  if (fault != null) return { line, text: fault };
  const id = withoutBrackets(messageId.value);
  if (queueId.value === null && id === null) return { line, text: idMissing(given) };
  return { line, queueId: queueId.value, messageId: id, success: success.value, statusCode: statusCode.value, given };
};

const isRecord = (value: SenderRecord | RecordFault): value is SenderRecord => 'given' in value;

/** Total: whatever the text is, every line of it is a record, part of one, or a fault. */
export const readSenderRecords = (whole: string): SenderRecords => {
  const text = whole.replace(/^\uFEFF/, '');
  const start = text.search(/\S/);
  if (start === -1) return { records: [], faults: [{ line: 1, text: 'the file is empty' }] };
  const isArray = text[start] === '[';
  const { pieces, fault } = isArray ? piecesOfArray(text, start) : { pieces: piecesOfText(text), fault: null };
  const read = pieces.slice(0, RECORDS_MAX).map(readRecord);
  const tooMany = pieces[RECORDS_MAX];
  return {
    records: read.filter(isRecord),
    faults: [
      ...read.filter((each): each is RecordFault => !isRecord(each)),
      ...(fault === null ? [] : [fault]),
      ...(tooMany === undefined
        ? []
        : [{ line: tooMany.line, text: `from here on nothing is read: more than ${RECORDS_MAX} records` }]),
    ],
  };
};

/** One record that was spread over several lines is one piece. */
const piecesOfText = (text: string): readonly Piece[] => {
  const lines = piecesOfLines(text);
  const [first, second] = lines;
  if (first === undefined || second === undefined || isJson(first.text) || !isJson(text)) return lines;
  return [{ line: first.line, text: text.trim() }];
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return false;
  }
};
