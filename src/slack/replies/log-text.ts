/**
 * Text that outsiders wrote (log lines, addresses, queries), made harmless once, here. Block Kit elements that take such text
 * never parse it (`rich_text` text, `raw_text`, `plain_text` with `emoji: false`); only the notification text is parsed by Slack.
 */

/** Direction overrides, zero-width and other invisible format characters, and lone surrogates. */
const INVISIBLE = /[\p{Cf}\p{Cs}\p{Co}\u115F\u1160\u3164\uFFA0]|\u034F|\u17B4|\u17B5/gu;
/** Control characters, line and paragraph separators. */
const CONTROL = /[\p{Cc}\u2028\u2029]/gu;
const DELETE = 0x7f;

const showControl = (character: string): string => {
  const code = character.charCodeAt(0);
  if (code === 9 || code === 10 || code === 13 || code > DELETE) return ' ';
  // Unicode has a picture for each control character: U+2400 to U+241F, and U+2421 for DEL.
  return code === DELETE ? '\u2421' : String.fromCharCode(0x2400 + code);
};

const showInvisible = (character: string): string =>
  `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`;

/** At most `max` characters; a cut text ends in `…`. Never cuts a surrogate pair in two. */
export const cut = (text: string, max: number): string => {
  if (text.length <= max) return text;
  const end = max - 1;
  const code = text.charCodeAt(end - 1);
  return `${text.slice(0, code >= 0xd800 && code <= 0xdbff ? end - 1 : end)}…`;
};

/**
 * One visible line: control characters become pictures, breaks become blanks, invisible characters their code.
 * @example neutralise('a\u202Eb') // a‹U+202E›b
 */
export const neutralise = (text: string, max: number): string =>
  // Cut first: a mega-byte of log text must not be walked through; cut again: codes are longer than what they stand for.
  cut(cut(text, max).replace(CONTROL, showControl).replace(INVISIBLE, showInvisible), max);

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const LOOKALIKES: Readonly<Record<string, string>> = { '*': '∗', '~': '∼', '`': 'ˋ' };

/**
 * For the notification text of a message, the one place where Slack parses what we send: no mention (`<!channel>`), no format
 * (`*bold*`), no emoji (`:smile:`), no link. Readable, not for copying: the blocks hold the exact text.
 */
export const escapeNotification = (text: string, max: number): string =>
  neutralise(text, max)
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? '')
    .replace(/[*~`]/g, (character) => LOOKALIKES[character] ?? '')
    // An underscore inside a word (`john_doe`) formats nothing.
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '＿')
    // An emoji name has a letter or is `:100:`, `:1234:`; a time of day is neither.
    .replace(/:(?=(?:[\w+'-]*[a-z][\w+'-]*|\d{3,4}):|\/\/)/gi, '꞉')
    .replace(/(?<![\w.+-])@(?=(?:channel|here|everyone)\b)/gi, '＠');
