import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkHostKey, knownTypes, loadKnownHosts } from '../../src/sources/ssh-known-hosts.ts';

/** The blob of a key: its type, and something. */
const blob = (type: string, rest: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.from(rest)]);
};
const MINE = blob('ssh-ed25519', 'mine');
const OTHER = blob('ssh-ed25519', 'other');
const RSA = blob('ssh-rsa', 'rsa');
const mine = `ssh-ed25519 ${MINE.toString('base64')}`;
const other = `ssh-ed25519 ${OTHER.toString('base64')}`;
const rsa = `ssh-rsa ${RSA.toString('base64')}`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'known-hosts-'));
});
afterAll(() => rm(folder, { recursive: true }));

const load = async (text: string) => {
  const file = join(folder, 'known');
  await writeFile(file, text);
  return loadKnownHosts([file, join(folder, 'missing')]);
};

describe('known_hosts', () => {
  it.each([
    ['a name', `mx1 ${mine}`, 22, 'known'],
    ['a name in other case', `MX1 ${mine}`, 22, 'known'],
    ['a list', `a,mx1,192.0.2.1 ${mine} comment`, 22, 'known'],
    ['a pattern', `mx* ${mine}`, 22, 'known'],
    ['a negated pattern', `mx*,!mx1 ${mine}`, 22, 'unknown'],
    ['the port in brackets', `[mx1]:2222 ${mine}`, 2222, 'known'],
    ['another port', `[mx1]:2223 ${mine}`, 2222, 'unknown'],
    ['a name without port, for any port', `mx1 ${mine}`, 2222, 'known'],
    ['another key under the name without port', `mx1 ${other}`, 2222, 'unknown'],
    ['another key of the same kind', `mx1 ${other}`, 22, 'changed'],
    ['one key of two', `mx1 ${other}\nmx1 ${mine}`, 22, 'known'],
    ['a key of another kind only', `mx1 ${rsa}`, 22, 'unknown'],
    ['nothing', '', 22, 'unknown'],
    ['a revoked key', `@revoked * ${mine}\nmx1 ${mine}`, 22, 'revoked'],
    ['a revoked key of somebody else', `@revoked mx2 ${mine}\nmx1 ${mine}`, 22, 'known'],
    ['an authority', `@cert-authority *.x,mx1 ${other}`, 22, 'certificate'],
    ['an authority, and a key', `@cert-authority * ${other}\nmx1 ${mine}`, 22, 'known'],
    ['an unknown marker', `@moon mx1 ${mine}`, 22, 'unknown'],
    ['comments and torn lines', `# mx1 ${mine}\nmx1\nmx1 ssh-ed25519\n\n`, 22, 'unknown'],
    ['a broken hash', `|1|x ${mine}`, 22, 'unknown'],
  ])('%s', async (_name, text, port, kind) => {
    const known = await load(`${text}\n`);
    expect(checkHostKey(known, { name: 'mx1', port }, MINE).kind).toBe(kind);
  });

  it('names the line of a key that has changed', async () => {
    const known = await load(`# one\nmx1 ${other}\n`);
    expect(checkHostKey(known, { name: 'mx1', port: 22 }, MINE)).toEqual({
      kind: 'changed',
      place: `${folder}/known:2`,
    });
  });

  it('tells which kinds of keys a host has', async () => {
    const known = await load(`mx1 ${rsa}\n[mx1]:2222 ${mine}\n@revoked mx1 ${other}\n`);
    expect(knownTypes(known, { name: 'mx1', port: 22 })).toEqual(['ssh-rsa']);
    expect(knownTypes(known, { name: 'mx1', port: 2222 })).toEqual(['ssh-ed25519', 'ssh-rsa']);
    expect(knownTypes(known, { name: 'mx2', port: 22 })).toEqual([]);
  });
});
