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

const REFUSAL = /reject|refus|denied|[Uu]ser unknown/;

/** Of this client where the line names one, and with the code where it has any. HELO names may hold addresses as well. */
const isAbout = (line, mail, final) => {
  const clients = [...line.replace(/helo=<[^>]*>/g, '').matchAll(/\[(\d+\.\d+\.\d+\.\d+)\]/g)].map((match) => match[1]);
  if (mail.client_ip && clients.length > 0 && !clients.includes(mail.client_ip)) return false;
  const codes = line.match(/(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])|(?<=[ =])[45]\d\d(?= )/g) ?? [];
  return codes.length === 0 || codes.includes(String(final.code)) || codes.includes(final.dsn);
};

const isNear = (line, atMs) => {
  const lateMs = Date.parse(line.slice(0, line.indexOf(' '))) - atMs;
  return lateMs > -3000 && lateMs < 15_000;
};

/**
 * The lines of the entry host that show a refusal, and of its sender those that no recipient is named in.
 * @param {Readonly<{ clock_skew_s: number }>} host that refused
 * @param {readonly string[]} lines of that host
 */
export const refusalLines = (mail, final, host, lines) => {
  const atMs = Date.parse(mail.submitted_at) + host.clock_skew_s * 1000;
  const isLate = final.stage === 'mail' || final.stage === 'data';
  return lines.filter((line) => {
    if (!REFUSAL.test(line) || !isNear(line, atMs) || !isAbout(line, mail, final)) return false;
    if (line.includes(`<${final.address}>`)) return true;
    const bySender = Boolean(mail.envelope_from) && line.includes(`<${mail.envelope_from}>`);
    return isLate && bySender && !/to=<|RCPT|check_rcpt/.test(line);
  });
};

/**
 * What finds the line of a refusal: the envelope as that line has it.
 * @param {readonly string[]} refusals the lines that show it
 * @returns {readonly string[] | null} null when no line names the refusal (a wrong password, a size found while receiving)
 */
export const rejectKeywords = (mail, final, refusals) => {
  if (refusals.length === 0) return null;
  const named = refusals.filter((line) => line.includes(`<${final.address}>`));
  if (named.length === 0) return [mail.envelope_from];
  const isFull = Boolean(mail.envelope_from) && named.some((line) => line.includes(mail.envelope_from));
  return isFull ? [final.address, mail.envelope_from] : [final.address];
};
