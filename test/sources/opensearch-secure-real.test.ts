/** TLS, users and roles, over a real OpenSearch 2.19 with its security plugin; and what is said when one of them is wrong. */
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostReading } from '../../src/app/ports.ts';
import { hostName } from '../../src/domain/ids.ts';
import type { ClusterAddress } from '../../src/opensearch-client/address.ts';
import { getOpensearch, OPENSEARCH_START_MS, type OpensearchServer } from '../services/opensearch.ts';
import { addressOf, ask, createIndex, index, type Json, mustAsk, openIndex } from './opensearch-index.ts';
import { type ContractLog, testLogSource } from './source-contract.ts';

const PASSWORD = 'Tr4ce-the-m4il-please';
const AT = 'secure-mail';
const DAY = { fromMs: Date.parse('2026-11-21T00:00:00Z'), toMs: Date.parse('2026-11-22T00:00:00Z') };

const MAPPINGS: Json = {
  properties: {
    '@timestamp': { type: 'date' },
    host: { properties: { name: { type: 'keyword' } } },
    message: { type: 'text' },
  },
};

let secure: OpensearchServer;
let plain: OpensearchServer;

const addUser = async (name: string, actions: readonly string[] | null): Promise<void> => {
  const api = '/_plugins/_security/api';
  await mustAsk(secure, 'PUT', `${api}/internalusers/${name}`, { password: PASSWORD });
  if (actions === null) return;
  const permissions = [{ index_patterns: ['secure-*'], allowed_actions: actions }];
  await mustAsk(secure, 'PUT', `${api}/roles/${name}`, { index_permissions: permissions });
  await mustAsk(secure, 'PUT', `${api}/rolesmapping/${name}`, { users: [name] });
};

beforeAll(async () => {
  [secure, plain] = await Promise.all([getOpensearch('secure'), getOpensearch('plain')]);
  await createIndex(secure, AT, { mappings: MAPPINGS });
  await index(secure, AT, [
    {
      '@timestamp': '2026-11-21T07:00:00Z',
      host: { name: 'mx1' },
      log: { syslog: { appname: 'postfix/smtpd' } },
      message: 'ABC1: client=x',
    },
  ]);
  await addUser('reader', ['read']);
  await addUser('searcher', ['indices:data/read/search']);
  await addUser('nobody', null);
}, OPENSEARCH_START_MS);

const as = (username: string, password = PASSWORD): ClusterAddress => ({ ...addressOf(secure), username, password });

const documentsOf = (logs: readonly ContractLog[]): readonly Json[] =>
  logs.flatMap(({ host, lines }) =>
    (lines ?? []).map(({ time, program, pid, text }) => ({
      '@timestamp': time,
      host: { name: host },
      log: { syslog: { appname: program, procid: String(pid) } },
      message: text,
    })),
  );

for (const user of ['reader', 'searcher']) {
  testLogSource(`a ${user} of 2.19 over TLS`, {
    open: async (logs) => {
      await createIndex(secure, `secure-${user}`, { mappings: MAPPINGS });
      await index(secure, `secure-${user}`, documentsOf(logs));
      const hosts = logs.map(({ host }) => host);
      return openIndex(secure, `secure-${user}`, hosts, { address: as(user) });
    },
    remove: async () => {
      await ask(secure, 'DELETE', `/secure-${user}`);
    },
  });
}

const read = async (address: ClusterAddress, at = AT): Promise<Readonly<{ count: number; reading: HostReading }>> => {
  const source = await openIndex(secure, at, ['mx1'], { address });
  try {
    const needles = [{ text: 'ABC1', ignoreCase: false, isWhole: true }];
    const request = {
      hosts: [hostName('mx1')],
      lookups: [{ window: DAY, needles, relatedWindow: DAY, related: null }],
      budget: { maxLines: 100, maxBytes: 100_000 },
    };
    const { records, hosts } = await source.search(request, new AbortController().signal);
    return { count: records.length, reading: hosts[0]! };
  } finally {
    await source.close();
  }
};

const expectFault = async (address: ClusterAddress, status: HostReading['status'], text: RegExp, at?: string) => {
  const { count, reading } = await read(address, at);
  expect(count).toBe(0);
  expect(reading).toMatchObject({ status, linesRead: 0 });
  expect(reading.error).toMatch(text);
  expect(reading.error).not.toContain(PASSWORD);
  expect(reading.error).not.toContain('wr0ng');
};

/** Answers nobody. */
const openDeafServer = (): Promise<Readonly<{ server: Server; port: number }>> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 });
    });
  });

describe('who may read', () => {
  it('reads as a user with a role', async () => {
    expect(await read(as('reader'))).toMatchObject({ count: 1, reading: { status: 'ok', error: null } });
  });

  it('reads as a user that may search and nothing else', async () => {
    expect(await read(as('searcher'))).toMatchObject({ count: 1, reading: { status: 'ok', error: null } });
  });

  it('reads with a client certificate', async () => {
    const config = join(secure.folder, 'config');
    const certificate = { clientCertFile: join(config, 'kirk.pem'), clientKeyFile: join(config, 'kirk-key.pem') };
    const address = { ...addressOf(secure), username: null, password: null };
    expect(await read({ ...address, ...certificate })).toMatchObject({ count: 1 });
    await expectFault(address, 'unreadable', /401.*set opensearch_config\.username/);
  });

  it('reads without checking the certificate where that is wanted', async () => {
    expect(await read({ ...as('reader'), caFile: null, verifyCerts: false })).toMatchObject({ count: 1 });
  });

  it('names a wrong password, and does not show it', async () => {
    await expectFault(as('reader', 'wr0ng'), 'unreadable', /user reader.*401.*MAILTRACE_OPENSEARCH_PASSWORD/);
  });

  it('names a role that is missing', async () => {
    await expectFault(as('nobody'), 'unreadable', /user nobody.*403.*role/);
  });

  it.each(['reader', 'searcher'])('reads what a role allows of a list, and names the rest: %s', async (user) => {
    await createIndex(secure, 'other-mail', { mappings: MAPPINGS });
    const { count, reading } = await read(as(user), `other-mail,${AT}`);
    expect(count).toBe(1);
    expect(reading).toMatchObject({ status: 'incomplete', linesRead: 1 });
    expect(reading.error).toMatch(
      /forbids user (?:reader|searcher) .*403.*role.*\(other-mail\); the other indices were read/,
    );
  });

  it('names an index that is missing, also as a pattern', async () => {
    await expectFault(
      addressOf(secure),
      'unreadable',
      /no index no-such-index.*opensearch_config\.index/,
      'no-such-index',
    );
    await expectFault(addressOf(secure), 'unreadable', /no index no-such-\*/, 'no-such-*');
  });
});

describe('the way to the cluster', () => {
  it('does not trust a certificate of an unknown authority', async () => {
    await expectFault({ ...as('reader'), caFile: null }, 'unreachable', /unknown authority.*ca_file/);
  });

  it('says which of both sides speaks TLS', async () => {
    await expectFault({ ...as('reader'), useSsl: false }, 'unreachable', /use_ssl: true/);
    await expectFault({ ...as('reader'), port: plain.port }, 'unreachable', /use_ssl: false/);
  });

  it('names a port where nobody listens', async () => {
    const { server, port } = await openDeafServer();
    await new Promise((resolve) => server.close(resolve));
    await expectFault({ ...as('reader'), port }, 'unreachable', /refused the connection.*host and port/);
  });

  it('does not wait for ever', async () => {
    const { server, port } = await openDeafServer();
    try {
      await expectFault({ ...as('reader'), port, timeoutMs: 300 }, 'unreachable', /within 0\.3 s.*timeout/);
    } finally {
      server.close();
    }
  });

  it('names a host that does not exist', async () => {
    await expectFault(
      { ...as('reader'), host: 'no-such-host.invalid' },
      'unreachable',
      /cannot be found.*no-such-host/,
    );
  });

  it('refuses a CA file that is not there before anything is sent', async () => {
    await expect(
      openIndex(secure, AT, ['mx1'], { address: { ...as('reader'), caFile: '/nowhere.pem' } }),
    ).rejects.toThrow(/ca_file: \/nowhere\.pem cannot be read/);
  });
});

describe('a cluster that forbids expensive queries', () => {
  const allow = (value: boolean | null) =>
    mustAsk(secure, 'PUT', '/_cluster/settings', { transient: { 'search.allow_expensive_queries': value } });
  beforeAll(() => allow(false));
  afterAll(() => allow(null));

  it('is read line by line', async () => {
    expect(await read(as('reader'))).toMatchObject({ count: 1, reading: { status: 'ok', error: null } });
  });
});
