/** YAML text → plain values, with the line of each. Knows nothing of our keys; never repeats a value, which may be secret. */
import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';

export type Path = readonly (string | number)[];

/** One thing to correct. `line` counts from 1; null when no line says it. */
export type Problem = Readonly<{ line: number | null; path: Path; text: string }>;

export type YamlText = Readonly<{
  /** Plain values; undefined when the text is no YAML at all. */
  value: unknown;
  problems: readonly Problem[];
  /** The line of the key at `path`, or of the nearest one around it that is there. */
  lineOf: (path: Path) => number | null;
}>;

/** Gives a text its final form; `problem` says what is wrong with it. */
export type EditText = (text: string) => Readonly<{ text: string; problems: readonly string[] }>;

/** A configuration of a thousand hosts has a tenth of it. Characters. */
const MAX_LENGTH = 1024 * 1024;
/** A mistake in YAML makes others further down that are none. */
const MAX_PROBLEMS = 5;

const nothing = (text: string): YamlText => ({
  value: undefined,
  problems: [{ line: null, path: [], text }],
  lineOf: () => null,
});

/**
 * Reads one document of YAML 1.2 with merge keys (`<<`) and anchors, within bounds. `edit` is applied to every text that is a
 * value, so that what it puts in is never read as YAML.
 */
export const readYaml = (text: string, edit: EditText): YamlText => {
  if (text.length > MAX_LENGTH) return nothing(`is longer than ${MAX_LENGTH} characters`);
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
    const syntax = syntaxProblems(document, text, lines);
    if (syntax.length > 0) return { value: undefined, problems: syntax, lineOf: () => null };
    const problems = editTexts(document, edit, lines);
    const lineOf = (path: Path): number | null => findLine(document, path, lines);
    return { value: document.toJS({ maxAliasCount: 100 }), problems, lineOf };
  } catch (error) {
    // The library has no classes of its own for these two.
    if (error instanceof ReferenceError) return nothing('has aliases that multiply beyond reason');
    if (error instanceof RangeError) return nothing('is nested too deeply');
    throw error;
  }
};

/** Our own words: those of the library quote the text, and with it a password. */
const SYNTAX: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_ALIAS: 'a text that begins with * must be in quotes',
  BAD_COLLECTION_TYPE: 'a tag does not fit what it stands before',
  BAD_DQ_ESCAPE: 'unknown escape \\… in double quotes; in single quotes a backslash is plain text',
  BAD_INDENT: 'wrong indentation, or a [ or { that is not closed',
  BAD_SCALAR_START: 'a text that begins with @, ` or % must be in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two keys in one line; a text that contains ": " must be in quotes',
  BLOCK_IN_FLOW: 'a list or mapping in lines stands within [ ] or { }',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a quote, bracket, comma or colon is missing; a # that begins no comment must be in quotes',
  MULTILINE_IMPLICIT_KEY: 'a key spans several lines, or the colon after it is missing',
  MULTIPLE_DOCS: 'a second document begins (---); one file holds one configuration',
  TAB_AS_INDENT: 'a tab indents; YAML wants blanks',
  TAG_RESOLVE_FAILED: 'unknown tag (!…); a text that begins with ! must be in quotes',
  UNEXPECTED_TOKEN: 'this does not belong here; check indentation and quotes',
};

const syntaxProblems = ({ errors, warnings }: Document, text: string, lines: LineCounter): readonly Problem[] => {
  const problems = [...errors, ...warnings].map(({ code, pos }) => ({
    line: lines.linePos(pos[0]).line,
    path: [],
    text:
      code === 'DUPLICATE_KEY'
        ? `the key ${/^["']?[\w .-]{0,60}/.exec(text.slice(pos[0]))?.[0].trim() ?? ''} stands here a second time`
        : `no valid YAML: ${SYNTAX[code] ?? 'check indentation and quotes'}`,
  }));
  const isFirstOfLine = ({ line }: Problem, index: number): boolean =>
    problems.findIndex((other) => other.line === line) === index;
  return problems.filter(isFirstOfLine).slice(0, MAX_PROBLEMS);
};

const lineAt = (node: Node | null | undefined, lines: LineCounter): number | null =>
  node?.range ? lines.linePos(node.range[0]).line : null;

const editTexts = (document: Document, edit: EditText, lines: LineCounter): readonly Problem[] => {
  const problems: Problem[] = [];
  visit(document, {
    Alias: (_key, node, around) => {
      if (node.resolve(document) !== undefined) return undefined;
      // Most likely a password that begins with * and is not quoted: not a word of it here.
      problems.push({ line: lineAt(node, lines), path: pathTo(node, around), text: SYNTAX.BAD_ALIAS! });
      return document.createNode('');
    },
    Scalar: (key, node, around) => {
      if (key === 'key' || typeof node.value !== 'string') return;
      const edited = edit(node.value);
      for (const text of edited.problems) {
        problems.push({ line: lineAt(node, lines), path: pathTo(node, around), text });
      }
      node.value = edited.text;
    },
  });
  return problems;
};

/** @param around what holds `node`, from the outermost in */
const pathTo = (node: Node, around: readonly unknown[]): Path =>
  around.flatMap((holder, index): Path => {
    if (isPair(holder)) return [keyText(holder.key)];
    if (isSeq(holder)) return [holder.items.indexOf(around[index + 1] ?? node)];
    return [];
  });

const keyText = (key: unknown): string => String(isScalar(key) ? key.value : key);

const findLine = (document: Document, path: Path, lines: LineCounter): number | null => {
  let node: unknown = document.contents;
  let line: number | null = null;
  for (const step of path) {
    const found = childOf(isAlias(node) ? node.resolve(document) : node, step);
    if (found === null) break;
    line = (isNode(found.named) ? lineAt(found.named, lines) : null) ?? line;
    node = found.value;
  }
  return line;
};

/** The key or list item that `step` names, and what stands there. */
const childOf = (node: unknown, step: string | number): Readonly<{ named: unknown; value: unknown }> | null => {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => keyText(key) === String(step));
    return pair === undefined ? null : { named: pair.key, value: pair.value };
  }
  const item = isSeq(node) && typeof step === 'number' ? node.items[step] : undefined;
  return item === undefined ? null : { named: item, value: item };
};
