/** Rows of cells → aligned lines. Cells are printable text on one line. */
import type { Style } from './style.js';
import { displayWidth, padEnd, padStart, shorten } from './text-width.js';

/** `minWidth`: may be shortened down to this many cells; null = never. Columns with a lower `giveOrder` give way first. */
export type Column = Readonly<{
  header: string;
  align: 'left' | 'right';
  minWidth: number | null;
  giveOrder: number;
}>;

export type Cell = Readonly<{ text: string; paint?: (text: string) => string }>;

/** Blanks between two columns. */
const GAP = 2;

const naturalWidths = (columns: readonly Column[], rows: readonly (readonly Cell[])[]): readonly number[] =>
  columns.map(({ header }, index) =>
    Math.max(displayWidth(header), ...rows.map((row) => displayWidth(row[index]?.text ?? ''))),
  );

const lineWidth = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);

/**
 * Widths that fit `limit`; those with the lowest `giveOrder` shrink first, the widest of them before the others.
 * @returns null when even the smallest widths do not fit.
 */
const fittingWidths = (
  columns: readonly Column[],
  natural: readonly number[],
  limit: number,
): readonly number[] | null => {
  const widths = [...natural];
  let excess = lineWidth(widths) - limit;
  for (const order of [...new Set(columns.map(({ giveOrder }) => giveOrder))].toSorted((a, b) => a - b)) {
    while (excess > 0) {
      const widest = columns
        .map(({ minWidth, giveOrder }, index) => ({
          index,
          spare: (widths[index] ?? 0) - (minWidth ?? Infinity),
          giveOrder,
        }))
        .filter(({ spare, giveOrder }) => giveOrder === order && spare > 0)
        .toSorted((a, b) => (widths[b.index] ?? 0) - (widths[a.index] ?? 0))[0];
      if (widest === undefined) break;
      widths[widest.index] = (widths[widest.index] ?? 0) - 1;
      excess -= 1;
    }
  }
  return excess > 0 ? null : widths;
};

const alignedLine = (columns: readonly Column[], widths: readonly number[], cells: readonly Cell[]): string =>
  columns
    .map(({ align }, index) => {
      const { text, paint } = cells[index] ?? { text: '' };
      const width = widths[index] ?? 0;
      const shown = shorten(text, width);
      // Painted before it is padded, so that blanks carry no colour; the last column has no blanks after it.
      const painted = paint === undefined ? shown : paint(shown);
      const blanks = (align === 'right' ? padStart(shown, width) : padEnd(shown, width)).length - shown.length;
      const padding = ' '.repeat(blanks);
      if (align === 'right') return padding + painted;
      return index === columns.length - 1 ? painted : painted + padding;
    })
    .join(' '.repeat(GAP))
    .trimEnd();

/**
 * Header line and one line per row, at most `limit` cells wide (null = as wide as needed).
 * @returns null when the columns do not fit.
 */
export const renderColumns = (
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  limit: number | null,
  style: Style,
): Readonly<{ header: string; lines: readonly string[] }> | null => {
  const natural = naturalWidths(columns, rows);
  const widths = limit === null ? natural : fittingWidths(columns, natural, limit);
  if (widths === null) return null;
  const headers = columns.map(({ header }) => ({ text: header, paint: style.strong }));
  return {
    header: alignedLine(columns, widths, headers),
    lines: rows.map((row) => alignedLine(columns, widths, row)),
  };
};
