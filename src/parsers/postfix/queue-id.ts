/** How Postfix writes a queue ID in front of a line (mail_queue.h). */

/** Short: upper-case hex, 5 digits of microseconds and the inode. Long: base 52 without vowels, `z` before the inode. */
const ID = '(?:[0-9A-F]{6,24}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,28})';
const AT_START = new RegExp(`^(${ID}): `);

export type Prefixed = Readonly<{ id: string; rest: string }>;

/** @returns null when the text does not begin with a queue ID, a colon and a blank. */
export const splitQueueId = (text: string): Prefixed | null => {
  const id = AT_START.exec(text)?.[1];
  return id === undefined ? null : { id, rest: text.slice(id.length + 2).trimEnd() };
};
