/** The hop table as `table` blocks: one per message, as many messages as Slack's limits ask for. */
import type { types } from '@slack/bolt';
import type { Chain } from '../../domain/chain.js';
import { gapText, HOP_COLUMNS, type HopColumn, type HopRow, hopRows } from '../../render/rows.js';
import { bold, cell, footnote, own, paragraph, plural, type Reply, reply } from './blocks.js';

/** A table block takes 100 rows, header included. */
const MAX_ROWS = 99;
/** Slack refuses blocks beyond some 13,200 characters (`msg_blocks_too_long`); the rest of the message needs room too. */
const MAX_TABLE_CHARS = 9500;
/** What does not fit in so many messages is counted, and attached as a file. */
const MAX_TABLES = 4;

const CELL_MAX: Readonly<Record<HopColumn, number>> = {
  hop: 10,
  host: 120,
  queueId: 80,
  recipient: 160,
  status: 20,
  dsn: 20,
  replyCode: 20,
  delay: 60,
  relay: 120,
};

const cellText = (row: HopRow, column: HopColumn): string => {
  if (row.gap !== null && column === 'relay') return gapText(row.gap);
  if (column === 'delay' && row.tries > 1) return `${row.delay} (${row.tries} tries)`.trim();
  return row[column];
};

type Cells = types.TableBlock['rows'][number];

const cellsOf = (row: HopRow): Cells => HOP_COLUMNS.map(({ key }) => cell(cellText(row, key), CELL_MAX[key]));

const HEADER: Cells = HOP_COLUMNS.map(({ header }) => cell(header, 20));

const sizeOf = (cells: Cells): number => JSON.stringify(cells).length + 1;

/** Fills one table after the other. */
const splitRows = (rows: readonly Cells[]): readonly (readonly Cells[])[] => {
  const tables: Cells[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const cells of rows) {
    const last = tables.at(-1);
    size += sizeOf(cells);
    if (last !== undefined && size <= MAX_TABLE_CHARS && last.length < MAX_ROWS) last.push(cells);
    else {
      tables.push([cells]);
      size = sizeOf(HEADER) + sizeOf(cells);
    }
  }
  return tables;
};

const tableBlock = (rows: readonly Cells[]): types.TableBlock => ({
  type: 'table',
  rows: [HEADER, ...rows],
  column_settings: HOP_COLUMNS.map(({ key }) => ({
    align: key === 'hop' || key === 'replyCode' || key === 'delay' ? 'right' : 'left',
    is_wrapped: key === 'recipient' || key === 'relay',
  })),
});

export type TableReplies = Readonly<{
  replies: readonly Reply[];
  /** Rows of the chain that are in none of them. */
  leftOut: number;
}>;

export type TableOptions = Readonly<{
  /** Our own words, e.g. `Hops`. */
  title: string;
  /** What becomes of rows that find no room. */
  rest: 'attached' | 'counted';
  /** Blocks above the first table. */
  before?: readonly types.KnownBlock[];
  maxTables?: number;
}>;

export const tableReplies = (
  chain: Pick<Chain, 'transactions' | 'hops'>,
  { title, rest, before = [], maxTables = MAX_TABLES }: TableOptions,
): TableReplies => {
  const rows = hopRows(chain);
  const tables = splitRows(rows.map(cellsOf));
  const shown = tables.slice(0, maxTables);
  const shownRows = shown.reduce((sum, table) => sum + table.length, 0);
  const leftOut = rows.length - shownRows;
  const replies = shown.map((table, index): Reply => {
    const isLast = index === shown.length - 1;
    const name = shown.length === 1 ? title : `${title}, part ${index + 1} of ${shown.length}`;
    const count = plural(table.length, 'row');
    const left =
      isLast && leftOut > 0
        ? [`${plural(leftOut, 'more row')} left out${rest === 'attached' ? ': see the attached file' : ''}.`]
        : [];
    const head = [...(index === 0 ? before : []), paragraph([bold(name), own(` (${count})`)])];
    return reply([`${name}: ${count}.`, ...left], [...head, tableBlock(table), ...left.map(footnote)]);
  });
  return { replies, leftOut };
};
