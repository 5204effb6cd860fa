/** A trace report for people: what became of each message, hop by hop, and what could not be seen. */
import type { Chain, Finding, TraceReport, Verdict } from '../domain/chain.js';
import { addressedTo, type Transaction } from '../domain/transaction.js';
import { createZone, formatWindow, type Zone } from '../zone.js';
import { formatSpan } from './clock.js';
import { pathTexts, retryTexts, worstFirst } from './diagnosis-text.js';
import { type Fact, renderFacts } from './facts.js';
import { renderHopTable } from './hop-table.js';
import { renderRejects } from './reject-table.js';
import { sourceLines } from './source-lines.js';
import type { Style } from './style.js';
import { printable } from './text-width.js';

/** `columns`: cells a line may have; null = no limit (a file or a pipe). */
export type TableOptions = Readonly<{ columns: number | null; style: Style }>;

/** Recipients named in the head of a message; the table has them all. */
const RECIPIENTS_MAX = 5;

/** The paint of a verdict. */
const verdictPaint = (verdict: Verdict, style: Style): ((text: string) => string) => {
  switch (verdict) {
    case 'delivered':
      return style.good;
    case 'bounced':
    case 'rejected':
    case 'expired':
    case 'discarded':
    case 'deleted':
    case 'loop':
      return style.bad;
    case 'partly-delivered':
    case 'deferred':
    case 'held':
      return style.warn;
    case 'in-progress':
    case 'unknown':
      return style.faint;
  }
};

const senderText = (sender: string | null): string =>
  sender === null ? '(sender not seen)' : sender === '' ? '<>' : sender;

/** Sender and recipients of the message as it first came in: before aliases and lists changed them. */
const envelopeText = ({ transactions, hiddenRecipients }: Chain): string => {
  const [first] = transactions;
  const addresses = addressedTo(transactions);
  const more = addresses.length - RECIPIENTS_MAX;
  const parts = [
    ...addresses.slice(0, RECIPIENTS_MAX),
    ...(more > 0 ? [`${more} more`] : []),
    ...(hiddenRecipients > 0 ? [`${hiddenRecipients} further recipients not shown`] : []),
  ];
  return `${senderText(first?.sender ?? null)} → ${parts.length === 0 ? '(recipient not seen)' : parts.join(', ')}`;
};

const clientText = (transaction: Transaction | undefined): string | null => {
  const client = transaction?.client ?? null;
  if (client === null) return null;
  const place =
    client.name === null ? (client.ip ?? '') : `${client.name}${client.ip === null ? '' : ` [${client.ip}]`}`;
  return client.sasl === null ? place : `${place}, logged in as ${client.sasl}`;
};

const findingFact = ({ code, severity, text }: Finding, style: Style): Fact => ({
  label: 'findings',
  text: `${severity} ${code}: ${printable(text)}`,
  paint: severity === 'error' ? style.bad : severity === 'warning' ? style.warn : style.faint,
});

const pathFacts = (chain: Chain, style: Style): readonly Fact[] => {
  const paint = chain.paths.some(({ isExpected }) => isExpected === false) ? style.warn : style.faint;
  return pathTexts(chain).map((text) => ({ label: 'path', text: printable(text), paint }));
};

const relatedFacts = (chain: Chain, numbers: ReadonlyMap<string, number>): readonly Fact[] =>
  chain.relatedChains.map(({ id, messageId, relation }) => {
    const number = numbers.get(id);
    const where = number === undefined ? 'not in this report' : `message ${number} here`;
    return { label: 'related', text: `${relation} ${printable(messageId ?? id)} (${where})` };
  });

type ChainPlace = Readonly<{ numbers: ReadonlyMap<string, number>; zone: Zone }>;

const renderChain = (
  chain: Chain,
  { numbers, zone }: ChainPlace,
  { columns, style }: TableOptions,
): readonly string[] => {
  const number = numbers.get(chain.id) ?? 1;
  const related = chain.isMatch ? '' : ' (related, found by following)';
  const title = `Message ${number} of ${numbers.size}${related}`;
  const client = clientText(chain.transactions[0]);
  const head: readonly Fact[] = [
    { label: 'verdict', text: chain.verdict, paint: verdictPaint(chain.verdict, style) },
    { label: '', text: printable(chain.summary) },
    { label: 'envelope', text: printable(envelopeText(chain)) },
    ...(client === null ? [] : [{ label: 'client', text: printable(client) }]),
    { label: 'message-id', text: printable(chain.messageId ?? '(none)') },
    { label: 'time', text: formatSpan(chain.firstSeenMs, chain.lastSeenMs, zone) },
    ...pathFacts(chain, style),
  ];
  const foot: readonly Fact[] = [
    ...worstFirst(chain.findings).map((finding) => findingFact(finding, style)),
    ...relatedFacts(chain, numbers),
    ...retryTexts(chain, zone).map((text) => ({ label: 'next try', text: printable(text) })),
    ...(chain.nextStep === null ? [] : [{ label: 'next step', text: printable(chain.nextStep), paint: style.strong }]),
  ];
  return [
    ...(numbers.size > 1 || !chain.isMatch ? [style.strong(title)] : []),
    ...renderFacts(head, columns, style),
    '',
    ...renderHopTable(chain, { columns, style, zone }),
    ...(foot.length === 0 ? [] : ['', ...renderFacts(foot, columns, style)]),
  ];
};

/** Absolute window with its zone, start host. */
export const searchWindowText = ({ query }: TraceReport): string => {
  const start = query.startHost === null ? '' : `, found on ${printable(query.startHost)}`;
  return `${formatWindow(query.window, query.timeZone)}${start}`;
};

/** What the report is about: keywords, absolute window with its zone, start host. */
export const searchText = (report: TraceReport): string => {
  const keywords = report.query.keywords.map((keyword) => `"${printable(keyword)}"`).join(' and ');
  return `${keywords === '' ? '' : `${keywords}, `}${searchWindowText(report)}`;
};

/**
 * The whole report as text: search, messages (newest first; related ones after those that match), rejects, findings,
 * what could not be read. Ends with a line break.
 */
export const renderTable = (report: TraceReport, options: TableOptions): string => {
  const { columns, style } = options;
  const zone = createZone(report.query.timeZone);
  const chains = [
    ...report.chains.filter(({ isMatch }) => isMatch),
    ...report.chains.filter(({ isMatch }) => !isMatch),
  ];
  const numbers = new Map(chains.map(({ id }, index) => [id, index + 1]));
  const search = renderFacts([{ label: 'searched', text: searchText(report) }], columns, style);
  const notes = [
    ...renderFacts(
      worstFirst(report.findings).map((finding) => findingFact(finding, style)),
      columns,
      style,
    ),
    ...sourceLines(report, options),
  ];
  const blocks = [
    search,
    ...chains.map((chain) => renderChain(chain, { numbers, zone }, options)),
    renderRejects(report.rejects, { columns, style, zone }),
    notes,
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
};
