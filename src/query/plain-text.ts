/** What phones, chat programs and word processors make of plain text, undone. */

/** Characters that show nothing; address books and web pages leave them around copied text. */
const INVISIBLE = /[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/gu;
const BLANKS = /[\s\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/gu;
const DASHES = /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/gu;
const SINGLE_QUOTES = /[\u2018-\u201b\u2032\uff07]/gu;

/** Every blank becomes a space (their number stays), invisible characters go. */
export const plainBlanks = (text: string): string => text.replace(INVISIBLE, '').replace(BLANKS, ' ');

/** Typographic dashes become `-`, single quotes `'`. */
export const plainMarks = (text: string): string => text.replace(DASHES, '-').replace(SINGLE_QUOTES, "'");

/** What opens or closes a quoted text, beside `'` and the backtick. */
export const DOUBLE_QUOTES = '"\u201c\u201d\u201e\u201f\uff02';

const EXCERPT_MAX = 80;

/** Text of a user for an error message: one line, bounded, without control characters. */
export const excerpt = (text: string): string => {
  const plain = plainBlanks(text)
    .replace(/[\p{Cc}\p{Co}\p{Cs}]/gu, '')
    .trim();
  const characters = [...plain];
  return characters.length <= EXCERPT_MAX ? plain : `${characters.slice(0, EXCERPT_MAX).join('')}…`;
};
