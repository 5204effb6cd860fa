/** What stands in a box: the machine, how the message came in, and what became of each recipient there. */
import type { Client } from '../domain/event.js';
import type { Machine, Outcome } from './dot-model.js';
import { byState, lookOf, type State, signOf, worstState } from './dot-style.js';
import { cleanText, escapeHtml, leastWidth, wrapText } from './dot-text.js';
import { gapText } from './rows.js';

/** Characters in a line of a card. 34 of 12 points make about 250 points: two cards fit beside each other on a phone. */
const LINE = 34;
const MAX_OUTCOMES = 5;
const MAX_CLIENTS = 2;
const QUEUE_ID_MAX = 40;

const GREY = '#475569';

export type Ink = Readonly<{ size: number; color?: string; isBold?: boolean }>;

/** One row of a card or title for each line. The lines are clean, not escaped. */
export const htmlRows = (lines: readonly string[], { size, color = '#0F172A', isBold = false }: Ink): string =>
  lines
    .map((line) => {
      const width = leastWidth(line, isBold ? size * 1.1 : size);
      const text = isBold ? `<B>${escapeHtml(line)}</B>` : escapeHtml(line);
      const cell = `<TD ALIGN="LEFT"${width > 0 ? ` WIDTH="${width}"` : ''}>`;
      return `<TR>${cell}<FONT POINT-SIZE="${size}" COLOR="${color}">${text}</FONT></TD></TR>`;
    })
    .join('');

export const htmlTable = (rows: readonly string[]): string =>
  `<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">${rows.join('')}</TABLE>>`;

export const stateOfMachine = ({ outcomes, gap }: Machine): State =>
  gap !== null && gap !== 'external' ? 'unknown' : worstState(outcomes.map(({ status }) => signOf(status).state));

/** An HTML-like label. @param firstRows what stands above the name: the text of the line that ends here. */
export const renderCard = (machine: Machine, firstRows: string): string => {
  // The lid of a cylinder needs room.
  const lid = stateOfMachine(machine) === 'waiting' ? ['<TR><TD HEIGHT="10"></TD></TR>'] : [];
  return htmlTable([
    ...lid,
    ...(firstRows === '' ? [] : [firstRows, SPACE, '<HR/>', SPACE]),
    ...clientLines(machine).map((line) => htmlRows([line], { size: 10.5, color: GREY })),
    htmlRows(wrapText(machine.name, 30, 3), { size: 14, isBold: true }),
    htmlRows(subtitle(machine), { size: 10.5, color: GREY }),
    ...outcomeRows(machine.outcomes),
    ...foldedRows(machine),
  ]);
};

const SPACE = '<TR><TD HEIGHT="3"></TD></TR>';

const clientText = ({ name, ip }: Client): string =>
  [name === null || name === 'unknown' ? '' : name, ip === null ? '' : `[${ip}]`]
    .filter((part) => part !== '')
    .join(' ');

const clientLines = ({ clients }: Machine): readonly string[] => {
  const texts = [...new Set(clients.map(clientText))].filter((text) => text !== '');
  const logins = [...new Set(clients.map(({ sasl }) => sasl))].filter((sasl) => sasl !== null);
  const lines = [
    ...texts.slice(0, MAX_CLIENTS).flatMap((text) => wrapText(`from ${text}`, LINE + 6, 2)),
    ...logins.slice(0, MAX_CLIENTS).flatMap((login) => wrapText(`logged in as ${login}`, LINE + 6, 2)),
  ];
  return texts.length > MAX_CLIENTS ? [...lines, `and ${texts.length - MAX_CLIENTS} more clients`] : lines;
};

const subtitle = ({ gap, isOnlyTried, programs }: Machine): readonly string[] => {
  if (programs.length > 0) return [cleanText(programs.join(' + '), LINE)];
  if (isOnlyTried) return ['did not take it'];
  return gap === null ? [] : [gapText(gap)];
};

/** `48 sent, 2 bounced`, the worst first. */
const countStatuses = (outcomes: readonly Outcome[]): string => {
  const counts = new Map<string, number>();
  for (const { status } of sortOutcomes(outcomes)) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
};

const sortOutcomes = (outcomes: readonly Outcome[]): readonly Outcome[] =>
  [...outcomes].sort((a, b) => byState(signOf(a.status).state, signOf(b.status).state));

const outcomeRows = (outcomes: readonly Outcome[]): readonly string[] => {
  const sorted = sortOutcomes(outcomes);
  const shown = sorted.slice(0, MAX_OUTCOMES);
  const isMany = sorted.length > shown.length;
  const said = new Set<string>();
  return [
    ...(isMany ? [summaryRow(sorted)] : []),
    ...shown.map((outcome) => outcomeRow(outcome, { said, isMany })),
    ...(isMany ? [htmlRows([`… and ${sorted.length - shown.length} more`], { size: 10.5, color: GREY })] : []),
  ];
};

const summaryRow = (outcomes: readonly Outcome[]): string =>
  htmlRows(wrapText(`${outcomes.length} recipients: ${countStatuses(outcomes)}`, LINE, 2), { size: 12, isBold: true });

/** @param said what earlier rows of the card have said, and need not be said again. */
const outcomeRow = (outcome: Outcome, { said, isMany }: Readonly<{ said: Set<string>; isMany: boolean }>): string => {
  const { glyph, state } = signOf(outcome.status);
  const { ink } = lookOf(state);
  const isNew = (text: string): boolean => text !== '' && !said.has(text) && said.add(text).size > 0;
  const original = originalOf(outcome);
  const reason = reasonOf(outcome);
  return [
    htmlRows(wrapText(`${glyph} ${outcome.address === '' ? 'the whole message' : outcome.address}`, LINE, 3), {
      size: 12,
      color: ink,
      isBold: state !== 'ok',
    }),
    htmlRows(isNew(original) ? wrapText(original, LINE + 6, 2) : [], { size: 10.5, color: GREY }),
    htmlRows(isMany && state === 'ok' ? [] : details(outcome), { size: 10.5, color: GREY }),
    htmlRows(isNew(reason) ? wrapText(reason, LINE + 6, 4) : [], { size: 10.5, color: ink }),
  ].join('');
};

const originalOf = ({ originalAddress, address }: Outcome): string =>
  originalAddress === null || originalAddress === address ? '' : `for ${originalAddress}`;

const details = ({ status, queueId, last, attempts }: Outcome): readonly string[] => {
  const code = last?.dsn ?? last?.replyCode ?? '';
  const facts = [
    // On a machine that we have no log of.
    status === 'unknown' && queueId === null ? 'handed over, then unknown' : `${status} ${code}`.trim(),
    last?.relay == null ? cleanText(last?.agent ?? '', LINE) : '',
    attempts > 1 ? `${attempts} attempts` : '',
  ].filter((fact) => fact !== '');
  const id = queueId === null ? [] : [cleanText(queueId, QUEUE_ID_MAX)];
  const line = [...facts, ...id].join(' · ');
  return line.length > LINE + 6 ? [facts.join(' · '), ...id] : [line];
};

/** The reply without what the picture says anyway: who said it, and in answer to which command. */
const reasonOf = ({ status, last }: Outcome): string => {
  if (signOf(status).state === 'ok' || last?.response == null) return '';
  return cleanText(last.response, 400)
    .replace(/^host \S+ said: /, '')
    .replace(/ \(in reply to [^)]*\)$/, '');
};

const foldedRows = ({ folded }: Machine): readonly string[] => {
  if (folded.length === 0) return [];
  const outcomes = folded.flatMap((machine) => machine.outcomes);
  const counts = outcomes.length === 0 ? '' : `: ${countStatuses(outcomes)}`;
  return [htmlRows(wrapText(`→ ${folded.length} more servers outside${counts}`, LINE, 2), { size: 12, isBold: true })];
};
