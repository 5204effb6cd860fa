/** The other side of a connection as Exim writes it: `H=name (helo) [address]:port`, `A=plain:user`. */
import type { Client, Relay } from '../../domain/event.js';

/**
 * `name [a]`, `name (helo) [a]:25`, `(helo) [a]`, `[a]` (host.c host_build_sender_fullhost). What a client calls itself is no name.
 */
const PEER = /^(?:([^\s()[\]]{1,255}) )?(?:\([^()]{0,300}\) )?\[([0-9A-Fa-f.:]{2,45})\](?::(\d{1,5}))?/;

type Peer = Readonly<{ name: string | null; ip: string; port: number | null; length: number }>;

const parsePeer = (text: string): Peer | null => {
  const match = PEER.exec(text);
  if (match === null) return null;
  const [whole, name, ip = '', port] = match;
  return {
    name: name === undefined || name === ip ? null : name.replace(/\.$/, ''),
    ip,
    port: port === undefined ? null : Number(port),
    length: whole.length,
  };
};

/** The authenticated user: `A=plain:user@x` or `A=plain:user:sender` (receive.c add_host_info_for_log). */
const parseSasl = (text: string): string | null => / A=[^\s:]{1,80}:([^\s:]{1,320})/.exec(text)?.[1] ?? null;

/** The client of `text`, which holds ` H=…` or begins with it; null when it names no address. */
export const parseClient = (text: string): Client | null => {
  const at = ` ${text}`.indexOf(' H=');
  if (at === -1) return null;
  const rest = text.slice(at + 2);
  const peer = parsePeer(rest);
  return peer === null ? null : { name: peer.name, ip: peer.ip, sasl: parseSasl(rest.slice(peer.length)) };
};

/** A client without `H=`: `(helo) [192.0.2.1]`, also behind `SMTP connection from `. */
export const parseBareClient = (text: string): Client | null => {
  const peer = parsePeer(text.startsWith('H=') ? text.slice(2) : text);
  return peer === null ? null : { name: peer.name, ip: peer.ip, sasl: null };
};

/** @param text what follows `H=` */
export const parseRelay = (text: string): Relay | null => {
  const peer = parsePeer(text);
  return peer === null ? null : { host: peer.name, ip: peer.ip, port: peer.port };
};
