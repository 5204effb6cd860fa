/** table: /reference/block-kit/blocks/table-block. */
import { isObject, type JsonObject, objectsOf, textOf } from '../json.js';
import { checkItems, checkKeys, checkString, type Report } from './check.js';
import { checkRichText } from './rich-text.js';

const ROWS_MAX = 100;
const CELLS_MAX = 20;
/** All cells of one table together. */
const CHARACTERS_MAX = 10_000;

/** Characters of one cell as a reader sees them. */
const cellLength = (cell: JsonObject): number => {
  if (cell['type'] !== 'rich_text') return textOf(cell['text']).length;
  const walk = (node: JsonObject): number =>
    textOf(node['text']).length + objectsOf(node['elements']).reduce((sum, child) => sum + walk(child), 0);
  return walk(cell);
};

const checkCell = (cell: unknown, at: string, report: Report): void => {
  if (!isObject(cell)) {
    report('must be an object', at);
    return;
  }
  switch (cell['type']) {
    case 'raw_text':
      checkKeys(cell, ['type', 'text'], at, report);
      checkString(cell['text'], CHARACTERS_MAX, `${at}/text`, report);
      return;
    case 'raw_number':
      checkKeys(cell, ['type', 'value', 'text'], at, report);
      if (typeof cell['value'] !== 'number') report('must be a number', `${at}/value`);
      return;
    case 'rich_text':
      checkRichText(cell, at, report);
      if (cellLength(cell) === 0) report('must be more than 0 characters', at);
      return;
    default:
      report(`unsupported type: ${String(cell['type']).slice(0, 100)}`, `${at}/type`);
  }
};

const checkColumns = (block: JsonObject, at: string, report: Report): void => {
  if (block['column_settings'] === undefined) return;
  for (const { item, at: here } of checkItems(block, 'column_settings', { min: 0, max: CELLS_MAX }, at, report)) {
    checkKeys(item, ['align', 'is_wrapped'], here, report);
    if (item['align'] !== undefined && !['left', 'center', 'right'].includes(textOf(item['align']))) {
      report('must be a valid enum value', `${here}/align`);
    }
    if (item['is_wrapped'] !== undefined && typeof item['is_wrapped'] !== 'boolean') {
      report('must be a boolean', `${here}/is_wrapped`);
    }
  }
};

/** @returns the characters of the row. */
const checkRow = (row: unknown, at: string, report: Report): number => {
  if (!Array.isArray(row)) {
    report('must be an array', at);
    return 0;
  }
  const cells = row as readonly unknown[];
  if (cells.length < 1) report('no fewer than 1 items allowed', at);
  if (cells.length > CELLS_MAX) report(`no more than ${CELLS_MAX} items allowed`, at);
  for (const [column, cell] of cells.entries()) checkCell(cell, `${at}/${column}`, report);
  return cells.reduce<number>((sum, cell) => sum + (isObject(cell) ? cellLength(cell) : 0), 0);
};

export const checkTable = (block: JsonObject, at: string, report: Report): void => {
  checkColumns(block, at, report);
  if (!Array.isArray(block['rows'])) {
    report('missing required field: rows', at);
    return;
  }
  const rows = block['rows'] as readonly unknown[];
  if (rows.length < 1) report('no fewer than 1 items allowed', `${at}/rows`);
  if (rows.length > ROWS_MAX) report(`no more than ${ROWS_MAX} items allowed`, `${at}/rows`);
  const characters = rows.reduce<number>((sum, row, index) => sum + checkRow(row, `${at}/rows/${index}`, report), 0);
  if (characters > CHARACTERS_MAX) report(`must be less than ${CHARACTERS_MAX + 1} characters`, `${at}/rows`);
};
