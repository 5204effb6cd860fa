/** Private keys in the forms that ssh takes: OpenSSH's own and PEM, which ssh2 reads, and PKCS 8 of OpenSSL. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { ParsedKey } from 'ssh2';

type Utils = Pick<typeof import('ssh2')['utils'], 'parseKey'>;

/** RFC 5208 and 5958. */
const PKCS8 = /^-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----/;

/** `passphrase` undefined: none. */
const readPkcs8 = (text: Buffer, passphrase: string | undefined): Buffer | Error => {
  if (passphrase === undefined && text.includes('BEGIN ENCRYPTED')) return new Error('the key is encrypted');
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return Buffer.from(key.export({ type: 'pkcs1', format: 'pem' }));
    case 'ec':
      return Buffer.from(key.export({ type: 'sec1', format: 'pem' }));
    default:
      return new Error(`${key.asymmetricKeyType ?? 'a key'} in PKCS 8`);
  }
};

/** @returns an error in words of ssh2 or OpenSSL when the key, or the passphrase, is no good */
export const parsePrivateKey = (
  text: Buffer,
  passphrase: string | undefined,
  { parseKey }: Utils,
): ParsedKey | Error => {
  const plain = PKCS8.test(text.toString('latin1').trimStart()) ? readPkcs8(text, passphrase) : text;
  if (plain instanceof Error) return plain;
  const parsed = parseKey(plain, passphrase);
  return Array.isArray(parsed) ? (parsed as readonly (ParsedKey | Error)[])[0]! : parsed;
};

/**
 * The ways to sign with a key. ssh2 knows one for RSA keys, SHA-256, where the server lets it choose; OpenSSH (sshconnect2.c)
 * prefers SHA-512, and there are servers that take nothing else (RFC 8332).
 */
export const signingForms = (key: ParsedKey): readonly ParsedKey[] => {
  if (key.type !== 'ssh-rsa') return [key];
  const strong = Object.create(key, {
    type: { value: 'rsa-sha2-512' },
    sign: { value: (data: Buffer | string) => key.sign(data, 'sha512') },
  }) as ParsedKey;
  return [strong, key];
};
