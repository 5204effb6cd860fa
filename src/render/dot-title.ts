/** What stands above the picture: verdict, sender and recipients, when. */
import type { Chain, TraceReport } from '../domain/chain.js';
import { addressedTo } from '../domain/transaction.js';
import { createZone, isZone } from '../zone.js';
import { htmlRows, htmlTable } from './dot-card.js';
import type { GraphModel } from './dot-model.js';
import { lookOf, verdictSign } from './dot-style.js';
import { wrapText } from './dot-text.js';

const LINE = 48;
const MAX_NAMES = 3;
const MAX_MESSAGES = 8;
const MAX_REJECTS = 3;
const GREY = '#475569';

export const titleOfChain = (chain: Chain, timeZone: string): readonly string[] => {
  const { glyph, state } = verdictSign(chain.verdict);
  return [
    htmlRows([`${glyph} ${chain.verdict}`], { size: 20, color: lookOf(state).ink, isBold: true }),
    htmlRows(wrapText(`${senderOf(chain)} → ${recipientsOf(chain, MAX_NAMES)}`, LINE, 4), { size: 13 }),
    htmlRows(wrapText(chain.summary, LINE + 12, 5), { size: 11.5 }),
    htmlRows(wrapText(period(chain, timeZone), LINE + 8, 2), { size: 10.5, color: GREY }),
  ];
};

/** Several messages in one picture, or none. */
export const titleOfReport = (report: TraceReport, chains: readonly Chain[]): readonly string[] => {
  const { timeZone } = report.query;
  if (chains.length === 0) return [...titleWithoutChain(report), ...incompleteRows(report)];
  if (chains.length === 1) return [...titleOfChain(chains[0]!, timeZone), ...incompleteRows(report)];
  const shown = chains.slice(0, MAX_MESSAGES);
  return [
    htmlRows([`${chains.length} messages`], { size: 20, isBold: true }),
    ...shown.map((chain, index) => messageRow(chain, index + 1, timeZone)),
    ...(chains.length > shown.length
      ? [htmlRows([`… and ${chains.length - shown.length} more`], { size: 10.5, color: GREY })]
      : []),
    ...incompleteRows(report),
  ];
};

/** @returns the `label` of the graph, an HTML-like label. */
export const renderTitle = (rows: readonly string[], { left }: GraphModel): string => {
  const parts = [
    left.machines === 0 ? '' : `${left.machines} more machines`,
    left.edges === 0 ? '' : `${left.edges} more hops`,
  ].filter((part) => part !== '');
  const bounded = parts.length === 0 ? [] : [`Not drawn: ${parts.join(' and ')}.`];
  return htmlTable([...rows, htmlRows(bounded, { size: 11.5, isBold: true }), SPACE]);
};

/** Keeps the title off the first box. */
const SPACE = '<TR><TD HEIGHT="6"></TD></TR>';

const messageRow = (chain: Chain, number: number, timeZone: string): string => {
  const { glyph, state } = verdictSign(chain.verdict);
  const { ink } = lookOf(state);
  return [
    htmlRows([`${number} ${glyph} ${chain.verdict}`], { size: 12, color: ink, isBold: true }),
    htmlRows(wrapText(`${senderOf(chain)} → ${recipientsOf(chain, 1)}`, LINE + 6, 2), { size: 11.5 }),
    htmlRows([period(chain, timeZone)], { size: 10.5, color: GREY }),
  ].join('');
};

const titleWithoutChain = ({ rejects, query }: TraceReport): readonly string[] => {
  if (rejects.length === 0) return [htmlRows(['No message found'], { size: 20, isBold: true })];
  const { glyph, state } = verdictSign('rejected');
  const shown = rejects.slice(0, MAX_REJECTS);
  return [
    htmlRows([`${glyph} rejected`], { size: 20, color: lookOf(state).ink, isBold: true }),
    ...shown.flatMap(({ timeMs, host, sender, recipient, replyCode, dsn, stage, text }) => [
      htmlRows(wrapText(`${sender === '' ? '<>' : (sender ?? '?')} → ${recipient ?? '?'}`, LINE, 3), { size: 13 }),
      htmlRows(wrapText(`${[replyCode, dsn].filter((it) => it !== null).join(' ')} ${text}`, LINE + 6, 4), {
        size: 11.5,
      }),
      htmlRows(wrapText(`${host} at ${stage}, ${clock(timeMs, query.timeZone)} ${query.timeZone}`, LINE + 8, 2), {
        size: 10.5,
        color: GREY,
      }),
    ]),
    ...(rejects.length > shown.length
      ? [htmlRows([`… and ${rejects.length - shown.length} more refusals`], { size: 11.5 })]
      : []),
  ];
};

const incompleteRows = ({ complete, sources }: TraceReport): readonly string[] => {
  if (complete) return [];
  const dead = sources.filter(({ status }) => status !== 'ok').map(({ host }) => host);
  const names = dead.slice(0, MAX_NAMES).join(', ');
  const more = dead.length > MAX_NAMES ? ` and ${dead.length - MAX_NAMES} more` : '';
  const text = dead.length === 0 ? '⚠ Incomplete: a limit was reached' : `⚠ Incomplete: could not read ${names}${more}`;
  return [htmlRows(wrapText(text, LINE, 3), { size: 11.5, color: lookOf('waiting').ink, isBold: true })];
};

const senderOf = ({ transactions }: Chain): string => {
  const sender = transactions.map((transaction) => transaction.sender).find((it) => it !== null);
  return sender === '' ? '<>' : (sender ?? '?');
};

/** As the sender wrote them: before aliases and lists. */
const recipientsOf = ({ transactions, hiddenRecipients }: Chain, maxNames: number): string => {
  const names = addressedTo(transactions);
  const more = names.length - maxNames;
  const hidden = hiddenRecipients > 0 ? [`${hiddenRecipients} not shown`] : [];
  const rest = more > 0 ? [`${more} more`] : [];
  return [...names.slice(0, maxNames), ...rest, ...hidden].join(', ') || '?';
};

const clock = (ms: number, timeZone: string): string => {
  const zone = createZone(isZone(timeZone) ? timeZone : 'UTC');
  return new Date(zone.wallAt(ms)).toISOString().slice(0, 19).replace('T', ' ');
};

/** `2026-11-20 10:00:00 to 10:00:04 Europe/Berlin`; the day again when it is another one. */
const period = ({ firstSeenMs, lastSeenMs }: Chain, timeZone: string): string => {
  const [first, last] = [clock(firstSeenMs, timeZone), clock(lastSeenMs, timeZone)];
  const end = last.slice(0, 10) === first.slice(0, 10) ? last.slice(11) : last;
  return `${first}${first === last ? '' : ` to ${end}`} ${timeZone}`;
};
