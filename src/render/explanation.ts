/** A status code in words, as plain text. */
import type { Explanation } from '../domain/status-code.js';
import { renderFacts } from './facts.js';
import type { Style } from './style.js';

/** Heading, then meaning, effect, cause, where to look and source, wrapped to `columns` (null = no limit). Ends with a line break. */
export const renderExplanation = (
  { code, title, meaning, effect, cause, lookNext, source }: Explanation,
  { columns, style }: Readonly<{ columns: number | null; style: Style }>,
): string => {
  const facts = [
    { label: 'meaning', text: meaning },
    { label: 'effect', text: effect },
    { label: 'cause', text: cause },
    { label: 'look next', text: lookNext },
    { label: 'source', text: source, paint: style.faint },
  ];
  return `${[style.strong(`${code}  ${title}`), ...renderFacts(facts, columns, style)].join('\n')}\n`;
};
