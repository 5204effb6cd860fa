/** What stands on a line between two machines. It begins with the queue ID on the sending one. */
import type { Evidence } from '../domain/chain.js';
import type { Edge } from './dot-model.js';
import { lookOf, type State, signOf } from './dot-style.js';
import { cleanText, escapeHtml, leastWidth, quoteLines, quoteTooltip, wrapText } from './dot-text.js';
import { formatDelay } from './rows.js';

const QUEUE_ID_MAX = 64;
const LINE = 26;
const FONT_SIZE = 11;
const DARK = '#0F172A';

export type EdgeOptions = Readonly<{
  /** The transaction has other lines too: say whom this one carries. */
  isBranch: boolean;
  /** There are several messages in the picture: say which. */
  isOneOfMany: boolean;
}>;

/** The plain `label` of a line. */
export const plainLabel = (edge: Edge, options: EdgeOptions): string => quoteLines(edgeLines(edge, options));

/** The `label` in a picture: HTML-like, which leaves room between the line and its text. */
export const pictureLabel = (edge: Edge, optionsOf: (edge: Edge) => EdgeOptions): string =>
  `<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4">${pictureRows(edge, optionsOf)}</TABLE>>`;

/** The other attributes of a line. */
export const edgeAttributes = (edge: Edge): readonly string[] => {
  const state = stateOfEdge(edge);
  const { ink } = lookOf(state);
  const tip = edge.last?.response ?? '';
  return [
    `color="${ink}"`,
    `fontcolor="${ink}"`,
    ...(edge.kind === 'handed' ? [] : ['style="dashed"']),
    ...(edge.kind === 'tried' ? [`arrowhead="${state === 'failed' ? 'tee' : 'odot'}"`] : []),
    ...(edge.merged.length > 0 ? ['penwidth="2.6"'] : []),
    ...(tip === '' ? [] : [`tooltip=${quoteTooltip(tip)}`]),
  ];
};

/** Clean lines. The first begins with the queue ID and a blank, so that programs can cut it off. */
const edgeLines = (edge: Edge, { isBranch, isOneOfMany }: EdgeOptions): readonly string[] => {
  const { queueId, last, attempts, evidence, recipients, message } = edge;
  const id = queueId === null ? '(no queue ID)' : cleanText(queueId, QUEUE_ID_MAX);
  const delay = last?.delayMs == null ? '' : `· ${formatDelay(last.delayMs)}`;
  return [
    `${id} ${delay}`,
    isOneOfMany ? `message ${message}` : '',
    statusWords(edge),
    evidenceWords(evidence),
    attempts > 1 ? `${attempts} attempts` : '',
    ...(isBranch ? wrapText(recipientWords(recipients), LINE, 2) : []),
  ].filter((line) => line !== '');
};

const statusWords = ({ status, last }: Edge): string =>
  status === null ? '' : `${signOf(status).glyph} ${status} ${last?.dsn ?? last?.replyCode ?? ''}`.trim();

const recipientWords = (recipients: readonly string[]): string =>
  recipients.length > 1 ? `${recipients.length} recipients` : (recipients[0] ?? '');

/** Why two queue IDs are one message, where no reply of an SMTP server says so. */
const evidenceWords = (evidence: Evidence): string => {
  switch (evidence) {
    case 'reinjection':
      return '↻ content filter';
    case 'requeue':
      return '↻ requeued';
    case 'forward':
      return '↪ forwarded';
    case 'lmtp':
      return 'LMTP';
    case 'message-id':
      return 'by message-id';
    case 'queued-as':
    case 'none':
      return '';
  }
};

const stateOfEdge = ({ kind, status }: Edge): State =>
  kind !== 'tried' || status === null ? 'passing' : signOf(status).state;

/** Lines of one hop or of several, one below the other; the rest is counted. */
const MAX_STACKED = 3;

/** Rows of an HTML-like table. */
export const pictureRows = (edge: Edge, optionsOf: (edge: Edge) => EdgeOptions): string => {
  const all = [edge, ...edge.merged];
  const shown = all.length > MAX_STACKED ? all.slice(0, MAX_STACKED - 1) : all;
  const cells = shown.map((each) => cell(edgeLines(each, optionsOf(each)), each));
  const rest = all.length - shown.length;
  if (rest > 0) cells.push(cell([`+ ${rest} more hops`], edge));
  return cells.join('');
};

const cell = (lines: readonly string[], edge: Edge): string => {
  const status = statusWords(edge);
  const ink = edge.status === null ? lookOf('passing').ink : lookOf(signOf(edge.status).state).ink;
  const width = Math.max(...lines.map((line) => leastWidth(line, FONT_SIZE)));
  const texts = lines.map((line, index) => {
    const color = line === status ? ink : index === 0 ? DARK : lookOf('passing').ink;
    return `<FONT COLOR="${color}">${escapeHtml(line)}</FONT>`;
  });
  const size = width > 0 ? ` WIDTH="${width + 8}"` : '';
  return `<TR><TD ALIGN="LEFT" BALIGN="LEFT"${size}><FONT POINT-SIZE="${FONT_SIZE}">${texts.join('<BR/>')}</FONT></TD></TR>`;
};
