// @ts-nocheck Plain JSON in, plain JSON out: the shapes are those of truth.json and of the trace report.
// What to search for, so that a log can answer: by message-id, recipient, sender or queue ID.
const bare = (id) => (id ?? '').trim().replace(/^<(.*)>$/s, '$1');

/**
 * @param {'message-id' | 'recipient' | 'sender' | 'queue-id'} by
 * @param {(text: string) => boolean} hasInLog does this text stand in any host's log?
 * @param {(text: string) => boolean} isNamed does it stand on a line of this message? The truth has addresses as they were given,
 *   an MTA may log them rewritten.
 * @returns {readonly string[]} keywords of CONTRACT §1
 */
export const keywordsFor = (message, by, hasInLog, isNamed) => {
  const { mail } = message;
  const refused = mail.finals.filter(({ status }) => ['rejected', 'aborted'].includes(status));
  const taken = mail.envelope_to.find((to) => !refused.some(({ address }) => address === to));
  const id = bare(mail.message_id);
  if (by === 'recipient' && taken && isNamed(taken)) return [taken];
  if (by === 'sender' && mail.envelope_from && isNamed(mail.envelope_from)) return [mail.envelope_from];
  const isUsable = id !== '' && hasInLog(id);
  if ((by === 'queue-id' || !isUsable) && message.entry !== null) return [message.entry.split('/')[1]];
  return [/^[^<>\s,()]+@[^<>\s,()]+$/.test(id) ? id : `id:${id}`];
};

const named = (line, address) => Boolean(address) && line.includes(`<${address}>`);

/**
 * What finds the line of a refusal: the envelope as that line has it.
 * @param {readonly string[]} lines of the host that refused
 * @returns {readonly string[] | null} null when no line names the refusal (a wrong password, a size found while receiving)
 */
export const rejectKeywords = (mail, final, lines) => {
  const isRefusal = (line) => /reject|refus|denied|unknown/i.test(line);
  // Exim logs the text of a refusal, and no code.
  const hasCode = (line) =>
    final.dsn == null || [` ${final.dsn}`, `=${final.code} `].some((code) => line.includes(code));
  const isWithoutCode = (line) =>
    !/[ =][45]\d\d[ -]|\b[45]\.\d{1,3}\.\d{1,3}\b(?!\.)/.test(line) && named(line, final.address);
  const refusals = lines.filter((line) => isRefusal(line) && (hasCode(line) || isWithoutCode(line)));
  const full = refusals.find((line) => named(line, final.address) && named(line, mail.envelope_from));
  if (full !== undefined) return [final.address, mail.envelope_from];
  if (refusals.some((line) => named(line, final.address))) return [final.address];
  const isLate = final.stage === 'mail' || final.stage === 'data';
  const bySender = isLate && refusals.some((line) => named(line, mail.envelope_from) && !/ to=</.test(line));
  return bySender ? [mail.envelope_from] : null;
};
