/** amavis cuts what is too long for syslog: a part ends in `...` when more follows, and begins with `...` when it is not the first. */
import type { LogRecord } from '../../domain/event.js';
import { joinGroups } from '../parts.js';

export type TaskLine = Readonly<{
  /** `00237-03-30`: process, and the number of the message within it. In front of every line about a message. */
  task: string;
  /** Without dots. */
  text: string;
  isContinued: boolean;
  continues: boolean;
}>;

const TASK = /^\(([\w-]{3,40})\) (?:\(!{1,3}\))?/;

export const splitTask = (text: string): TaskLine | null => {
  const match = TASK.exec(text);
  if (match === null) return null;
  const rest = text.slice(match[0].length);
  const isContinued = rest.startsWith('...');
  const continues = rest.endsWith('...') && rest.length > 3;
  return { task: match[1]!, text: rest.slice(isContinued ? 3 : 0, continues ? -3 : undefined), isContinued, continues };
};

export const isAmavis = (program: string): boolean =>
  /^amavisd?(?:-new)?$/.test(program) || program.endsWith('/amavisd');

/** The parts of one task in the order of the log. */
type Part = Readonly<{ record: LogRecord; line: TaskLine }>;

const isVerdict = ({ line }: Part): boolean => /^(?:Passed|Blocked) /.test(line.text);
const isEndOfVerdict = ({ line }: Part): boolean => /\b(?:Queue-ID|Message-ID|mail_id|Hits): /.test(line.text);

/** Runs from a first part to the next last one. */
const runsOf = (parts: readonly Part[]): readonly (readonly Part[])[] => {
  const runs: Part[][] = [];
  let open: Part[] | null = null;
  for (const part of parts) {
    if (!part.line.isContinued) open = [part];
    else if (open !== null) open.push(part);
    if (open === null || part.line.continues) continue;
    if (open.length > 1) runs.push(open);
    open = null;
  }
  return runs;
};

/**
 * A verdict in two parts is known by what it says: a stamp of whole seconds leaves the order of lines open. One in more parts is
 * told by the order alone.
 */
const verdictsOf = (parts: readonly Part[]): readonly (readonly Part[])[] => {
  const heads = parts.filter((part) => !part.line.isContinued && part.line.continues && isVerdict(part));
  const tails = parts.filter((part) => part.line.isContinued && !part.line.continues && isEndOfVerdict(part));
  const hasMiddle = parts.some(({ line }) => line.isContinued && line.continues);
  if (heads.length === 1 && tails.length === 1 && !hasMiddle) return [[heads[0]!, tails[0]!]];
  return runsOf(parts).filter((run) => isVerdict(run[0]!));
};

const join = (parts: readonly Part[]): LogRecord => {
  const [first] = parts;
  return {
    ...first!.record,
    text: `(${first!.line.task}) ${parts.map(({ line }) => line.text).join('')}`,
    raw: parts.map(({ record }) => record.raw).join('\n'),
  };
};

const keyOf = ({ program, pid, text }: LogRecord): string | null => {
  const line = isAmavis(program) ? splitTask(text) : null;
  return line !== null && (line.isContinued || line.continues) ? `${pid ?? ''} ${line.task}` : null;
};

export const isAmavisPart = (record: LogRecord): boolean => keyOf(record) !== null;

/** The verdicts among the parts, each as one record in place of its first part; all other lines as they are. */
export const joinAmavisParts = (records: readonly LogRecord[]): readonly LogRecord[] =>
  joinGroups(records, keyOf, (group) =>
    verdictsOf(group.map((record) => ({ record, line: splitTask(record.text)! }))).map((parts) => ({
      parts: parts.map(({ record }) => record),
      whole: join(parts),
    })),
  );
