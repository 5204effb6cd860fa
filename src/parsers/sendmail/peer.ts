/** Names of machines and addresses as Sendmail writes them. */
import type { Client, Relay } from '../../domain/event.js';

type Peer = Readonly<{ name: string | null; ip: string | null }>;

/** A literal such as `[10.20.0.199]` is no name. */
const nameOf = (text: string): string | null =>
  text === '' || text.startsWith('[') ? null : text.replace(/\.$/, '').slice(0, 255);

const addressOf = (text: string | undefined): string | null =>
  text === undefined || text === '' || text === 'UNKNOWN' ? null : text.replace(/^IPv6:/i, '');

/** `mx1.campus.example [10.20.0.11]`, `[203.0.113.250]`, `[10.0.0.1] [10.0.0.1]`, `host. [IPv6:2001:db8::1] (may be forged)`. */
const parsePeer = (text: string): Peer => {
  const match = /^(\[[^\]\s]{0,80}\]|[^\s[\]]{0,300})(?: \[([^\]\s]{0,80})\])?(?: \(.{0,100}\))?$/.exec(text.trim());
  if (match === null) return { name: null, ip: null };
  const [, name = '', address] = match;
  return { name: nameOf(name), ip: addressOf(address ?? /^\[(.*)\]$/.exec(name)?.[1]) };
};

/** An answer of ident (RFC 1413) may stand before the name: `pat@host [192.0.2.1]`. */
export const parseClient = (text: string): Client | null => {
  const { name, ip } = parsePeer(text.replace(/^[^\s@[\]]{1,100}@/, ''));
  return name === null && ip === null ? null : { name, ip, sasl: null };
};

/** @returns null when neither a name nor an address is given. */
export const parseRelay = (text: string): Relay | null => {
  const { name, ip } = parsePeer(text);
  return name === null && ip === null ? null : { host: name, ip, port: null };
};

/** `<ann@x.example>` and `ann@x.example` are the same; `<>` is the null sender. */
export const bareAddress = (text: string): string => {
  const trimmed = text.trim();
  return trimmed.startsWith('<') && trimmed.endsWith('>') ? trimmed.slice(1, -1) : trimmed;
};
