/** All rows of the hop table as CSV (RFC 4180), for what does not fit into Slack's tables. */
import type { Chain } from '../../domain/chain.js';
import { gapText, HOP_COLUMNS, type HopRow, hopRows } from '../../render/rows.js';
import { neutralise } from './log-text.js';

const FIELD_MAX = 2000;

/** Spreadsheets run a cell that begins like a formula: an apostrophe in front makes it text. */
const field = (text: string): string => {
  const plain = neutralise(text, FIELD_MAX);
  const safe = /^[=+\-@]/.test(plain) ? `'${plain}` : plain;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const fieldsOf = (row: HopRow): readonly string[] => [
  ...HOP_COLUMNS.map(({ key }) => row[key]),
  String(row.tries),
  new Date(row.firstMs).toISOString(),
  new Date(row.lastMs).toISOString(),
  row.gap === null ? row.response : gapText(row.gap),
];

/** With a header line; lines end in CRLF. */
export const hopCsv = (chain: Pick<Chain, 'transactions' | 'hops'>): string =>
  [
    [...HOP_COLUMNS.map(({ header }) => header), 'tries', 'first time', 'last time', 'response'],
    ...hopRows(chain).map(fieldsOf),
  ]
    .map((fields) => `${fields.map(field).join(',')}\r\n`)
    .join('');
