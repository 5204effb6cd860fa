/** How a terminal shows emphasis. `render` knows no colour codes: whoever has a terminal passes the functions. */

type Paint = (text: string) => string;

/** A painted text has the width of the plain one. */
export type Style = Readonly<{
  /** Headings and column names. */
  strong: Paint;
  /** What may be skipped. */
  faint: Paint;
  /** Done as wished: `delivered`, `sent`. */
  good: Paint;
  /** Open, or worth a look: `deferred`, a warning. */
  warn: Paint;
  /** Failed for good. */
  bad: Paint;
}>;

const same: Paint = (text) => text;

/** No emphasis: files, pipes, `NO_COLOR`. */
export const plainStyle: Style = { strong: same, faint: same, good: same, warn: same, bad: same };
