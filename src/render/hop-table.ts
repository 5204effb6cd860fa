/** The hop table for a terminal: one line per row where the columns fit, two where they do not. */
import type { Chain } from '../domain/chain.js';
import type { Zone } from '../zone.js';
import { tableClock } from './clock.js';
import { type Cell, type Column, renderColumns } from './columns.js';
import { gapText, HOP_COLUMNS, type HopColumn, type HopRow, hopRows } from './rows.js';
import type { Style } from './style.js';
import { padStart, printable, shorten, wrap } from './text-width.js';

/** More rows than anybody reads; the rest is counted in words. */
const ROWS_MAX = 1000;
/** A response is shown up to this length; the JSON report has all of it. */
const RESPONSE_MAX = 600;
/** Recipients of a gap that are named. */
const GAP_RECIPIENTS_MAX = 60;

const LIMITS: Readonly<Record<HopColumn, Readonly<{ minWidth: number | null; giveOrder: number }>>> = {
  hop: { minWidth: null, giveOrder: 9 },
  host: { minWidth: 14, giveOrder: 1 },
  queueId: { minWidth: 10, giveOrder: 2 },
  recipient: { minWidth: 14, giveOrder: 1 },
  status: { minWidth: null, giveOrder: 9 },
  dsn: { minWidth: null, giveOrder: 9 },
  replyCode: { minWidth: null, giveOrder: 9 },
  delay: { minWidth: null, giveOrder: 9 },
  relay: { minWidth: 12, giveOrder: 1 },
};

const TIME: Column = { header: 'time', align: 'left', minWidth: null, giveOrder: 9 };
const HOPS: readonly Column[] = HOP_COLUMNS.map(({ key, header }) => ({
  header,
  align: key === 'hop' || key === 'delay' ? 'right' : 'left',
  ...LIMITS[key],
}));
const COLUMNS: readonly Column[] = [...HOPS.slice(0, 1), TIME, ...HOPS.slice(1)];
const HOP_WIDTH = 3;
/** Text is never squeezed into fewer cells, however narrow the terminal. */
const TEXT_MIN = 20;

export type HopTableOptions = Readonly<{ columns: number | null; style: Style; zone: Zone }>;

/** The paint of a status word. */
const statusPaint = (status: string, style: Style): ((text: string) => string) => {
  switch (status) {
    case 'sent':
      return style.good;
    case 'bounced':
    case 'expired':
    case 'rejected':
    case 'deleted':
    case 'discarded':
      return style.bad;
    case 'deferred':
    case 'held':
      return style.warn;
    default:
      return style.faint;
  }
};

/** Cells left for text after an indent; null = no limit. */
const textWidth = (columns: number | null, indent: string): number | null =>
  columns === null ? null : Math.max(columns - indent.length, TEXT_MIN);

const cellsOf = (row: HopRow, time: string, style: Style): readonly Cell[] => {
  const cells = HOP_COLUMNS.map(({ key }): Cell => {
    const text = printable(row[key]);
    return key === 'status' ? { text, paint: statusPaint(row.status, style) } : { text };
  });
  return [...cells.slice(0, 1), { text: time }, ...cells.slice(1)];
};

/** `→ mx.elsewhere.example AbC123 (no log: external)`, with whom it is for. */
const gapLines = (row: HopRow, indent: string, { columns, style }: HopTableOptions): readonly string[] => {
  const far = printable([row.host, row.queueId].filter((part) => part !== '').join(' '));
  const why = row.gap === null ? '' : ` (${gapText(row.gap)})`;
  const whom = row.recipient === '' ? '' : ` for ${shorten(printable(row.recipient), GAP_RECIPIENTS_MAX)}`;
  return wrap(`→ ${far}${why}${whom}`, textWidth(columns, indent)).map((line) => indent + style.warn(line));
};

/** How often it was tried and what the other side said, for rows where that matters. */
const remarkOf = (row: HopRow, clock: (ms: number) => string): string => {
  const tries = row.tries > 1 ? `${row.tries} tries, first ${clock(row.firstMs)}, last ${clock(row.lastMs)}` : '';
  const response = row.status === 'sent' ? '' : printable(row.response.slice(0, RESPONSE_MAX));
  return [tries, response].filter((part) => part !== '').join(': ');
};

const remarkLines = (row: HopRow, indent: string, clock: (ms: number) => string, options: HopTableOptions) => {
  const remark = remarkOf(row, clock);
  if (remark === '') return [];
  return wrap(remark, textWidth(options.columns, indent)).map((line) => indent + options.style.faint(line));
};

/** Two lines a row; the first is left out while host and queue ID stay the same. */
const stackedLines = (row: HopRow, isSameHop: boolean, time: string, options: HopTableOptions): readonly string[] => {
  const { columns, style } = options;
  const indent = ' '.repeat(HOP_WIDTH + 2);
  const width = textWidth(columns, indent) ?? Number.POSITIVE_INFINITY;
  const head = `${padStart(printable(row.hop), HOP_WIDTH)}  ${style.strong(shorten(printable(`${row.host} ${row.queueId}`), width))}`;
  const status = statusPaint(row.status, style)(printable(row.status));
  const codes = printable([row.dsn, row.replyCode].filter((part) => part !== '').join(' '));
  const facts = [time, codes, row.delay].filter((part) => part !== '').join('  ');
  const relay = row.relay === '' ? '' : ` → ${printable(row.relay)}`;
  const way = shorten(`${printable(row.recipient)}${relay}`, width);
  return [...(isSameHop ? [] : [head]), `${indent}${status}  ${facts}`, ...(way === '' ? [] : [indent + way])];
};

/** Lines of the table without an end-of-line; empty when the chain has no transaction. */
export const renderHopTable = (chain: Chain, options: HopTableOptions): readonly string[] => {
  const all = hopRows(chain);
  const rows = all.slice(0, ROWS_MAX);
  const clock = tableClock(
    options.zone,
    rows.flatMap(({ firstMs, lastMs }) => [firstMs, lastMs]),
  );
  const attempts = rows.filter(({ gap }) => gap === null);
  const cells = attempts.map((row) => cellsOf(row, clock(row.lastMs), options.style));
  const aligned = renderColumns(COLUMNS, cells, options.columns, options.style);
  const indent = ' '.repeat(HOP_WIDTH + 2);
  const body = rows.flatMap((row, index) => {
    if (row.gap !== null) return gapLines(row, indent, options);
    const line = aligned?.lines[attempts.indexOf(row)];
    const isSameHop = index > 0 && rows[index - 1]?.hop === row.hop;
    const lines = line === undefined ? stackedLines(row, isSameHop, clock(row.lastMs), options) : [line];
    return [...lines, ...remarkLines(row, indent, clock, options)];
  });
  const rest = all.length - rows.length;
  return [
    ...(aligned === null || attempts.length === 0 ? [] : [aligned.header]),
    ...body,
    ...(rest > 0 ? [`${indent}${rest} more rows are not shown; --json has them all.`] : []),
  ];
};
