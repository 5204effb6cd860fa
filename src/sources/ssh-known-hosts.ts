/** known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): which key a host must show. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isPatternMatch } from './ssh-patterns.js';

type KnownKey = Readonly<{
  marker: 'none' | 'revoked' | 'cert-authority';
  hosts: string;
  /** Base64 of the key; begins with its type. */
  key: string;
  type: string;
  place: string;
}>;

export type KnownHosts = readonly KnownKey[];

/** How a host is looked up. `port` 22, or `name` an alias: the name alone. */
export type HostKeyName = Readonly<{ name: string; port: number }>;

export type HostKeyCheck =
  | Readonly<{ kind: 'known'; place: string }>
  /** `others`: types of other keys that the host has in the file. */
  | Readonly<{ kind: 'unknown'; others: readonly string[] }>
  | Readonly<{ kind: 'changed'; place: string }>
  | Readonly<{ kind: 'revoked'; place: string }>
  /** The file trusts an authority for this host, and no key of its own. */
  | Readonly<{ kind: 'certificate'; place: string }>;

const DEFAULT_PORT = 22;

const parseLine = (line: string, place: string): KnownKey | null => {
  const words = line.trim().split(/\s+/);
  const marker = words[0]?.startsWith('@') ? words.shift() : null;
  const [hosts, type, key] = words;
  if (hosts === undefined || type === undefined || key === undefined || hosts.startsWith('#')) return null;
  if (marker === '@revoked') return { marker: 'revoked', hosts, type, key, place };
  if (marker === '@cert-authority') return { marker: 'cert-authority', hosts, type, key, place };
  return marker === null ? { marker: 'none', hosts, type, key, place } : null;
};

/** Reads what there is; a file that does not exist knows nobody. */
export const loadKnownHosts = async (paths: readonly string[]): Promise<KnownHosts> => {
  const files = await Promise.all(
    paths.map(async (path) => {
      const text = await readFile(path, 'utf8').catch(() => '');
      return text.split('\n').map((line, index) => parseLine(line, `${path}:${index + 1}`));
    }),
  );
  return files.flat().filter((each) => each !== null);
};

/** `|1|salt|hash`: HMAC-SHA1 of the name (hostfile.c). */
const isHashOf = (hosts: string, name: string): boolean => {
  const [, version, salt = '', hash = ''] = hosts.split('|');
  if (version !== '1') return false;
  const wanted = Buffer.from(hash, 'base64');
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return wanted.length === found.length && timingSafeEqual(wanted, found);
};

const isFor = ({ hosts }: KnownKey, name: string): boolean =>
  hosts.startsWith('|') ? isHashOf(hosts, name) : isPatternMatch(hosts.split(','), name);

const bracketed = ({ name, port }: HostKeyName): string =>
  port === DEFAULT_PORT ? name.toLowerCase() : `[${name.toLowerCase()}]:${port}`;

/** Keys of the host with its port, and those of its name alone, which count for any port when they fit (sshconnect.c). */
const entriesFor = (known: KnownHosts, host: HostKeyName) => {
  const exact = known.filter((each) => isFor(each, bracketed(host)));
  const plain = host.port === DEFAULT_PORT ? [] : known.filter((each) => isFor(each, host.name.toLowerCase()));
  return { exact, plain };
};

/** Types of keys that are on file for the host: these are asked for first, or a key on file would look like a changed one. */
export const knownTypes = (known: KnownHosts, host: HostKeyName): readonly string[] => {
  const { exact, plain } = entriesFor(known, host);
  return [...new Set([...exact, ...plain].filter(({ marker }) => marker === 'none').map(({ type }) => type))];
};

export const keyTypeOf = (key: Buffer): string =>
  key.length < 4 ? '' : key.toString('latin1', 4, Math.min(key.length, 4 + key.readUInt32BE(0)));

/** As `ssh-keygen -l` shows it. */
export const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

/** `key`: as the host sends it (RFC 4253 §6.6). */
export const checkHostKey = (known: KnownHosts, host: HostKeyName, key: Buffer): HostKeyCheck => {
  const shown = key.toString('base64');
  const { exact, plain } = entriesFor(known, host);
  const revoked = [...exact, ...plain].find((each) => each.marker === 'revoked' && each.key === shown);
  if (revoked !== undefined) return { kind: 'revoked', place: revoked.place };
  const isSame = (each: KnownKey): boolean => each.marker === 'none' && each.key === shown;
  const same = exact.find(isSame) ?? plain.find(isSame);
  if (same !== undefined) return { kind: 'known', place: same.place };
  const own = exact.filter(({ marker }) => marker === 'none');
  const other = own.find(({ type }) => type === keyTypeOf(key));
  if (other !== undefined) return { kind: 'changed', place: other.place };
  const authority = [...exact, ...plain].find(({ marker }) => marker === 'cert-authority');
  if (authority !== undefined) return { kind: 'certificate', place: authority.place };
  return { kind: 'unknown', others: [...new Set(own.map(({ type }) => type))] };
};
