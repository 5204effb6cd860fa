/** What a user searches for (CONTRACT §1). Literal text, never a pattern. */

/**
 * `address-or-id`: has `@`: a whole envelope address, or a message-id. `domain-or-host`: a domain of an address and its
 * sub-domains, or a client or relay host name. `network`: client or relay address. `word`: a queue ID, a SASL user, or part
 * of a local part. `text`: a substring of the raw line. The others force one meaning.
 */
export type Keyword = Readonly<
  | { kind: 'address-or-id'; text: string }
  | { kind: 'domain-or-host'; text: string }
  | { kind: 'network'; text: string; network: Network }
  | { kind: 'word'; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'from'; text: string }
  | { kind: 'to'; text: string }
  | { kind: 'id'; text: string }
  | { kind: 'qid'; text: string }
  | { kind: 'client'; text: string; network: Network | null }
  | { kind: 'sasl'; text: string }
>;

/** An IP network; a single address has the full prefix. `bytes`: 4 or 16. */
export type Network = Readonly<{ bytes: readonly number[]; prefix: number }>;

const parseIpv4 = (text: string): number[] | null => {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part))) return null;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : null;
};

const groupsOf = (text: string): number[] | null => {
  if (text === '') return [];
  const groups: number[] = [];
  for (const [index, part] of text.split(':').entries()) {
    const embedded = part.includes('.') && index === text.split(':').length - 1 ? parseIpv4(part) : null;
    if (embedded) groups.push((embedded[0]! << 8) | embedded[1]!, (embedded[2]! << 8) | embedded[3]!);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
};

const parseIpv6 = (text: string): number[] | null => {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return null;
  const head = groupsOf(halves[0]!);
  const tail = halves.length === 2 ? groupsOf(halves[1]!) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  return [...head, ...Array<number>(Math.max(missing, 0)).fill(0), ...tail].flatMap((group) => [
    group >> 8,
    group & 255,
  ]);
};

/**
 * Reads an IP address or CIDR, also in brackets and with Postfix's `IPv6:` tag (RFC 5321 §4.1.3).
 * @returns null when it is none.
 */
export const parseNetwork = (text: string): Network | null => {
  const bare = text
    .trim()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^IPv6:/i, '');
  const [address = '', prefixText, extra] = bare.split('/');
  if (extra !== undefined) return null;
  const bytes = parseIpv4(address) ?? parseIpv6(address);
  if (bytes === null) return null;
  if (prefixText === undefined) return { bytes, prefix: bytes.length * 8 };
  if (!/^\d{1,3}$/.test(prefixText) || Number(prefixText) > bytes.length * 8) return null;
  return { bytes, prefix: Number(prefixText) };
};

/** True when `address` (text of one IP) lies in `network`. An IPv4-mapped IPv6 address counts as IPv4. */
export const isInNetwork = (network: Network, address: string): boolean => {
  let bytes = parseNetwork(address)?.bytes;
  if (bytes === undefined) return false;
  const isMapped =
    bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (isMapped && network.bytes.length === 4) bytes = bytes.slice(12);
  if (bytes.length !== network.bytes.length) return false;
  const whole = network.prefix >> 3;
  for (let index = 0; index < whole; index++) if (bytes[index] !== network.bytes[index]) return false;
  const rest = network.prefix & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return (bytes[whole]! & mask) === (network.bytes[whole]! & mask);
};
