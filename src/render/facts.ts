/** `label  text` lines with a hanging indent, as used above and below a table. */
import type { Style } from './style.js';
import { padEnd, wrap } from './text-width.js';

export type Fact = Readonly<{ label: string; text: string; paint?: (text: string) => string }>;

const LABEL_WIDTH = 10;
/** A text column narrower than this is not worth wrapping to. */
const TEXT_MIN = 20;

/** `text` must be printable. A repeated label is shown once. */
export const renderFacts = (facts: readonly Fact[], columns: number | null, style: Style): readonly string[] =>
  facts.flatMap(({ label, text, paint }, index) => {
    const shown = facts[index - 1]?.label === label ? '' : label;
    const width = columns === null ? null : Math.max(columns - LABEL_WIDTH - 2, TEXT_MIN);
    return wrap(text, width).map((line, lineIndex) => {
      const left = padEnd(lineIndex === 0 ? shown : '', LABEL_WIDTH);
      return `${lineIndex === 0 && shown !== '' ? style.strong(left) : left}  ${paint === undefined ? line : paint(line)}`.trimEnd();
    });
  });
