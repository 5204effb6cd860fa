import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterAddress } from '../../src/opensearch-client/address.ts';
import { openCluster } from '../../src/opensearch-client/client.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailtrace-tls-'));
const file = (name: string): string => join(folder, name);

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
const [certificate, key, otherKey, notes] = [
  fixture('stranger.pem'),
  fixture('stranger-key.pem'),
  file('other-key.pem'),
  file('notes.txt'),
];

beforeAll(() => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(otherKey, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(notes, 'no certificate at all\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = async (files: Partial<ClusterAddress>, useSsl = true): Promise<void> => {
  const cluster = await openCluster({
    host: '127.0.0.1',
    port: 9200,
    useSsl,
    verifyCerts: true,
    caFile: null,
    clientCertFile: null,
    clientKeyFile: null,
    username: null,
    password: null,
    timeoutMs: 1000,
    ...files,
  });
  await cluster.close();
};

describe('certificates of the configuration', () => {
  it('are taken when they are in order', async () => {
    await open({ caFile: certificate, clientCertFile: certificate, clientKeyFile: key });
  });

  it.each([
    ['a CA that is none', { caFile: notes }, /ca_file: .*notes\.txt holds no certificate/],
    ['a CA that is missing', { caFile: file('gone.pem') }, /ca_file: .*gone\.pem cannot be read/],
    ['a certificate without a key', { clientCertFile: certificate }, /client_key_file is missing/],
    ['a key without a certificate', { clientKeyFile: key }, /client_cert_file is missing/],
    [
      'a certificate that is none',
      { clientCertFile: notes, clientKeyFile: key },
      /client_cert_file: .*notes\.txt holds no certificate/,
    ],
    [
      'the key of another',
      { clientCertFile: certificate, clientKeyFile: otherKey },
      /client_key_file: .*other-key\.pem is not the key of the client certificate/,
    ],
    [
      'a key that is none',
      { clientCertFile: certificate, clientKeyFile: notes },
      /client_key_file: .*notes\.txt is not the key/,
    ],
  ])('are refused before anything is sent: %s', async (_, files, message) => {
    await expect(open(files)).rejects.toMatchObject({ code: 'config', message: expect.stringMatching(message) });
  });

  it('do not matter without TLS', async () => {
    await open({ caFile: notes }, false);
  });
});
