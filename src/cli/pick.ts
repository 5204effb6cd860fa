/** Several messages match: a person at the terminal says which. */
import type { Chain, TraceReport } from '../domain/chain.js';
import { tableClock } from '../render/clock.js';
import { displayWidth, padEnd, padStart, printable, shorten } from '../render/text-width.js';
import { createZone, formatWindow } from '../zone.js';
import type { Io } from './io.js';
import { openPrompt } from './prompt.js';

/** Messages listed; more want a narrower search. */
const LIST_MAX = 200;
/** Wrong answers before the question is given up. */
const TRIES_MAX = 5;
/** A message-id shortened to less tells nothing. */
const MESSAGE_ID_MIN = 16;
/** However narrow the terminal. */
const TEXT_MIN = 20;

export type Choice =
  | Readonly<{ kind: 'all' }>
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'some'; numbers: readonly number[] }>;

/**
 * Reads `2`, `1,3`, `2-4`, `a`(ll), `q`(uit); nothing means all.
 * @returns null when it is none of these or a number is not in the list.
 */
export const parseChoice = (text: string, count: number): Choice | null => {
  const answer = text.trim().toLowerCase();
  if (answer === '' || answer === 'a' || answer === 'all') return { kind: 'all' };
  if (answer === 'q' || answer === 'quit' || answer === 'n' || answer === 'none') return { kind: 'none' };
  const numbers = new Set<number>();
  for (const part of answer.split(/[\s,]+/)) {
    const [, first = '', last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    if (first === '') return null;
    for (let number = Number(first); number <= Number(last); number++) numbers.add(number);
    if (Number(first) < 1 || Number(first) > Number(last) || Number(last) > count) return null;
  }
  return { kind: 'some', numbers: [...numbers].toSorted((a, b) => a - b) };
};

type Entry = Readonly<{ way: string; messageId: string }>;

const entryOf = ({ transactions, messageId }: Chain): Entry => {
  const [first] = transactions;
  const sender = first?.sender === '' ? '<>' : (first?.sender ?? '?');
  const addresses = [...new Set((first?.recipients ?? []).map((to) => to.originalAddress ?? to.address))];
  const more = addresses.length > 1 ? ` and ${addresses.length - 1} more` : '';
  return { way: printable(`${sender} → ${addresses[0] ?? '?'}${more}`), messageId: printable(messageId ?? '') };
};

/** Who wrote to whom comes first; the message-id gets the room that is left. */
const entryText = ({ way, messageId }: Entry, width: number | null): string => {
  if (width === null || messageId === '') return `${way}  ${messageId}`.trimEnd();
  const rest = width - displayWidth(way) - 2;
  return rest < MESSAGE_ID_MIN ? shorten(way, width) : `${way}  ${shorten(messageId, rest)}`;
};

const listLines = (chains: readonly Chain[], timeZone: string, columns: number | null): readonly string[] => {
  const clock = tableClock(
    createZone(timeZone),
    chains.map(({ firstSeenMs }) => firstSeenMs),
  );
  const times = chains.map(({ firstSeenMs }) => clock(firstSeenMs));
  const timeWidth = Math.max(...times.map(displayWidth));
  const verdictWidth = Math.max(...chains.map(({ verdict }) => verdict.length));
  const numberWidth = String(chains.length).length;
  return chains.map((chain, index) => {
    const number = padStart(String(index + 1), numberWidth);
    const head = `${number}  ${padEnd(times[index] ?? '', timeWidth)}  ${padEnd(chain.verdict, verdictWidth)}  `;
    return head + entryText(entryOf(chain), columns === null ? null : Math.max(columns - displayWidth(head), TEXT_MIN));
  });
};

/** The chosen chains with the notices that belong to them; refusals are left out. */
const narrow = (report: TraceReport, chosen: readonly Chain[]): TraceReport => {
  const ids = new Set(chosen.flatMap(({ id, relatedChains }) => [id, ...relatedChains.map((related) => related.id)]));
  return {
    ...report,
    chains: report.chains.filter(({ id, isMatch }) => ids.has(id) && (!isMatch || chosen.some((it) => it.id === id))),
    rejects: [],
  };
};

const askChoice = async (io: Io, count: number): Promise<Choice> => {
  const prompt = openPrompt(io);
  try {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const answer = await prompt.ask(`Which ones? [1-${count}, several as 1,3; Enter = all; q = none] `);
      if (answer === null) return { kind: 'none' };
      const choice = parseChoice(answer, count);
      if (choice !== null) return choice;
      await io.stderr.write(`Type a number from 1 to ${count}, several as 1,3 or 2-4, Enter for all, or q.\n`);
    }
    return { kind: 'none' };
  } finally {
    prompt.close();
  }
};

/**
 * Shows the matching messages numbered on stderr and asks which to show; asks nothing when there is only one.
 * @returns null when none is wanted.
 * @throws MailtraceError `interrupted` on Ctrl-C.
 */
export const pickMessages = async (report: TraceReport, io: Io): Promise<TraceReport | null> => {
  const matches = report.chains.filter(({ isMatch }) => isMatch);
  if (matches.length < 2) return report;
  const listed = matches.slice(0, LIST_MAX);
  const rest = matches.length - listed.length;
  const refusals = report.rejects.length;
  const lines = [
    `${matches.length} messages match, ${formatWindow(report.query.window, report.query.timeZone)}:`,
    ...listLines(listed, report.query.timeZone, io.stderr.columns),
    ...(rest > 0 ? [`${rest} older ones are not listed; narrow the search, or use --all.`] : []),
    ...(refusals > 0 ? [`Also refused before acceptance: ${refusals}; they are shown with Enter or --all.`] : []),
  ];
  await io.stderr.write(`${lines.join('\n')}\n`);
  const choice = await askChoice(io, listed.length);
  if (choice.kind === 'none') return null;
  if (choice.kind === 'all') return report;
  return narrow(
    report,
    choice.numbers.map((number) => listed[number - 1]).filter((chain) => chain !== undefined),
  );
};
