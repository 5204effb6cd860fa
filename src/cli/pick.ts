/** Several messages match: a person at the terminal says which. */
import type { Chain, TraceReport } from '../domain/chain.js';
import { displayWidth, padEnd, padStart, printable, shorten } from '../render/text-width.js';
import { createZone, formatInstant } from '../zone.js';
import type { Io } from './io.js';
import { openPrompt } from './prompt.js';

/** Messages listed; more want a narrower search. */
const LIST_MAX = 200;
/** Wrong answers before the question is given up. */
const TRIES_MAX = 5;

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

const entryOf = (chain: Chain, zone: ReturnType<typeof createZone>): readonly [string, string, string] => {
  const [first] = chain.transactions;
  const sender = first?.sender === '' ? '<>' : (first?.sender ?? '?');
  const addresses = (first?.recipients ?? []).map((to) => to.originalAddress ?? to.address);
  const more = addresses.length > 1 ? ` and ${addresses.length - 1} more` : '';
  return [
    formatInstant(chain.firstSeenMs, zone),
    chain.verdict,
    printable(`${sender} → ${addresses[0] ?? '?'}${more}  ${chain.messageId ?? ''}`).trimEnd(),
  ];
};

const listLines = (chains: readonly Chain[], timeZone: string, columns: number | null): readonly string[] => {
  const zone = createZone(timeZone);
  const entries = chains.map((chain) => entryOf(chain, zone));
  const widthOf = (index: 0 | 1): number => Math.max(...entries.map((entry) => displayWidth(entry[index])));
  const [timeWidth, verdictWidth, numberWidth] = [widthOf(0), widthOf(1), String(chains.length).length];
  return entries.map(([time, verdict, text], index) => {
    const head = `${padStart(String(index + 1), numberWidth)}  ${padEnd(time, timeWidth)}  ${padEnd(verdict, verdictWidth)}  `;
    return head + (columns === null ? text : shorten(text, Math.max(columns - displayWidth(head), 20)));
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
    `${matches.length} messages match:`,
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
