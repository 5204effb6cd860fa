import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, describe, expect, it } from 'vitest';
import { gatherCredentials, type OpenedKeys } from '../../src/sources/ssh-auth.ts';
import type { Route } from '../../src/sources/ssh-route.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailtrace-auth-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'id_locked');

const writeKey = (passphrase: string): void => {
  const { private: text } = ssh2.utils.generateKeyPairSync('ed25519', { cipher: 'aes256-ctr', passphrase, rounds: 1 });
  writeFileSync(path, text);
};

const route: Route = {
  name: 'mx1',
  host: '192.0.2.1',
  address: '192.0.2.1',
  port: 22,
  user: 'trace',
  proxy: { kind: 'none' },
  hostKeyName: { name: '192.0.2.1', port: 22 },
  knownHostsFiles: [],
  strictness: 'strict',
  identityFiles: [{ path, isNamed: true }],
  agent: null,
  identitiesOnly: false,
  timeoutMs: 1000,
};

describe('an encrypted key', () => {
  it('is opened once for all machines, and anew when the file is another one', async () => {
    const passphrases: unknown[] = [];
    const utils = {
      ...ssh2.utils,
      parseKey: (...args: Parameters<typeof ssh2.utils.parseKey>) => {
        if (args[1] !== undefined) passphrases.push(args[1]);
        return ssh2.utils.parseKey(...args);
      },
    };
    const opened: OpenedKeys = new Map();
    const gather = (passphrase: string) =>
      gatherCredentials(route, { password: null, passphrase }, { createAgent: ssh2.createAgent, utils }, opened);
    writeKey('first');
    const names = (await Promise.all([gather('first'), gather('first'), gather('first')])).map(({ methods }) =>
      methods.map(({ name }) => name),
    );
    expect(names).toEqual([[`key ${path}`], [`key ${path}`], [`key ${path}`]]);
    expect(passphrases).toEqual(['first']);
    writeKey('second');
    expect((await gather('first')).notes).toEqual([expect.stringMatching(/passphrase does not open/)]);
    expect((await gather('second')).methods).toHaveLength(1);
  });
});
