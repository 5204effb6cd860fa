/** What replies are made of. Text of others goes in by `quote`, `prose` or `cell`; the rest is our own words. */
import type { types } from '@slack/bolt';
import { cut, escapeNotification, neutralise } from './log-text.js';

/** A message as Slack takes it. `text` is what notifications and screen readers get. */
export type Reply = Readonly<{ text: string; blocks: readonly types.KnownBlock[] }>;

export type Span = types.RichTextText;
/** One line or paragraph. */
export type Line = readonly Span[];

/** chat.postMessage: 4,000 characters recommended; longer texts are cut by Slack at 40,000. */
const NOTIFICATION_MAX = 1500;
const QUOTE_MAX = 400;
const PROSE_MAX = 1200;

/** Our own words. */
export const own = (text: string): Span => ({ type: 'text', text });
export const bold = (text: string): Span => ({ type: 'text', text, style: { bold: true } });

/** A value of the log or of the user, as code: no client makes a link or an address of it. */
export const quote = (text: string, max = QUOTE_MAX): Span => ({
  type: 'text',
  // Slack refuses an empty text element.
  text: neutralise(text, max) || ' ',
  style: { code: true },
});

/** A sentence of ours with log text inside. */
export const prose = (text: string, max = PROSE_MAX): Span => ({ type: 'text', text: neutralise(text, max) || ' ' });

/** The lines in one block, one below the other. */
export const paragraph = (...lines: readonly Line[]): types.RichTextBlock => ({
  type: 'rich_text',
  elements: [
    {
      type: 'rich_text_section',
      elements: lines.flatMap((line, index) => (index === 0 ? [...line] : [own('\n'), ...line])),
    },
  ],
});

export const bullets = (lines: readonly Line[]): types.RichTextBlock => ({
  type: 'rich_text',
  elements: [
    {
      type: 'rich_text_list',
      style: 'bullet',
      elements: lines.map((line) => ({ type: 'rich_text_section', elements: [...line] })),
    },
  ],
});

/** Small grey text. */
export const footnote = (text: string): types.ContextBlock => ({
  type: 'context',
  elements: [{ type: 'plain_text', text: neutralise(text, 1900), emoji: false }],
});

/** `none` when empty: Slack refuses an empty cell. */
export const cell = (text: string, max: number): types.RawTextElement => ({
  type: 'raw_text',
  text: neutralise(text, max) || '–',
});

/** @param sentences may hold log text: it is made harmless here */
export const reply = (sentences: readonly string[], blocks: readonly types.KnownBlock[]): Reply => ({
  text: escapeNotification(sentences.filter((sentence) => sentence !== '').join(' '), NOTIFICATION_MAX),
  blocks,
});

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;

/** Our own words with `commands` in them: these become code. Not for text of others, who must not format. */
export const instructions = (text: string): Line =>
  text
    .split(/(`[^`]+`)/)
    .filter((part) => part !== '')
    .map((part) =>
      part.length > 2 && part.startsWith('`') && part.endsWith('`') ? quote(part.slice(1, -1)) : own(part),
    );

/** The same where nothing can be code. */
export const plainInstructions = (text: string): string => text.replaceAll('`', '');

/** What a button says; Slack shows at most 75 characters. */
export const label = (text: string): types.PlainTextElement => ({
  type: 'plain_text',
  text: cut(text, 75),
  emoji: false,
});
