/** Faults of a cluster, an index or a role: the program shows what it could read, names fault and remedy, and no secret. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getOpensearch, OPENSEARCH_START_MS, type OpensearchServer } from '../services/opensearch.ts';
import { ADMIN_PASSWORD } from '../services/opensearch-dist.mjs';
import { createIndex, index, mustAsk } from '../sources/opensearch-index.ts';
import { type CliResult, expectNoSecrets, runCli } from '../support/built-cli.ts';
import { RELAYED_AT, RELAYED_FROM, relayHosts, relayLogs, relayQueueId, toDocument } from '../support/relay-chain.ts';

const hosts = relayHosts(3);
const SEARCH = ['-k', RELAYED_FROM, '--time', RELAYED_AT, '--time-range', '1h'];
const STRANGER = fileURLToPath(new URL('../fixtures/tls/stranger.pem', import.meta.url));
const PASSWORD = 'Tr4ce-the-m4il-please';
const WRONG = 'Wr0ng-Pass-9999';
/** The first two machines' lines lie in one index, the last one's in another. */
const [FIRST, OTHER] = ['faults-one', 'faults-two'];

let plain: OpensearchServer;
let secure: OpensearchServer;
let folder: string;

const addUser = async (name: string, patterns: readonly string[]): Promise<void> => {
  const api = '/_plugins/_security/api';
  await mustAsk(secure, 'PUT', `${api}/internalusers/${name}`, { password: PASSWORD });
  if (patterns.length === 0) return;
  const permissions = [{ index_patterns: patterns, allowed_actions: ['read'] }];
  await mustAsk(secure, 'PUT', `${api}/roles/${name}`, { index_permissions: permissions });
  await mustAsk(secure, 'PUT', `${api}/rolesmapping/${name}`, { users: [name] });
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailtrace-faults-'));
  [plain, secure] = await Promise.all([getOpensearch('plain'), getOpensearch('secure')]);
  const [one = [], two = [], three = []] = relayLogs(hosts.length);
  for (const server of [plain, secure]) {
    for (const name of [FIRST, OTHER]) await createIndex(server, name, { mappings: null });
    await index(server, FIRST, [...one, ...two].map(toDocument));
    await index(server, OTHER, three.map(toDocument));
  }
  await addUser('faults-reader', ['faults-*']);
  await addUser('faults-half', [FIRST]);
  await addUser('faults-none', []);
}, OPENSEARCH_START_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

type Asked = Readonly<{
  opensearch: Readonly<{ username?: string } & Record<string, unknown>>;
  argv?: readonly string[];
  env?: Readonly<Record<string, string>>;
}>;

let count = 0;

/** The table and the JSON. */
const ask = async ({ opensearch, argv = [], env = {} }: Asked): Promise<readonly [CliResult, CliResult]> => {
  const config = join(folder, `config-${count++}.yaml`);
  const section = { host: '127.0.0.1', index: 'faults-*', ...opensearch };
  const clusters = { fleet: hosts };
  // JSON is YAML.
  const text = { method: 'opensearch', log_level: 'DEBUG', domain: 'campus.example', clusters };
  await writeFile(config, JSON.stringify({ ...text, opensearch_config: section }));
  const results = await Promise.all([
    runCli(['run', '-c', config, ...SEARCH, ...argv], { cwd: folder, env }),
    runCli(['run', '-c', config, ...SEARCH, ...argv, '--json'], { cwd: folder, env }),
  ]);
  for (const result of results) expectNoSecrets(result, [PASSWORD, WRONG, ADMIN_PASSWORD], opensearch.username);
  return results;
};

const overTls = (user: string) => ({
  host: 'localhost',
  port: secure.port,
  use_ssl: true,
  ca_file: secure.caFile,
  username: user,
});
const withPassword = (password: string) => ({ MAILTRACE_OPENSEARCH_PASSWORD: password });

/** Nothing could be read of any machine, and each of them says so. */
const expectNothing = async (asked: Asked, status: 'unreachable' | 'unreadable', error: RegExp): Promise<void> => {
  const [table, json] = await ask(asked);
  const told = new RegExp(
    `^mailtrace: no log could be read, .*\nmailtrace: not read: ${hosts.join(', ')} \\(opensearch, ${status}\\): ${error.source}\n$`,
  );
  expect(table).toEqual({ code: 3, out: '', err: expect.stringMatching(told) as unknown });
  expect({ code: json.code, err: json.err }).toEqual({ code: 3, err: table.err });
  const whole = expect.stringMatching(new RegExp(`^${error.source}$`)) as unknown;
  expect(JSON.parse(json.out)).toMatchObject({
    schema: 'mailtrace.report/1',
    chains: [],
    rejects: [],
    complete: false,
    sources: hosts.map((host) => ({ host, kind: 'opensearch', status, error: whole, linesRead: 0 })),
  });
};

/** The lines of the first index are there, and the answer says why there may be more. */
const expectFirst = async (asked: Asked, error: RegExp): Promise<void> => {
  const [table, json] = await ask(asked);
  const told = new RegExp(`^mailtrace: not read: ${hosts.join(', ')} \\(opensearch, incomplete\\): ${error.source}\n$`);
  expect({ code: table.code, err: table.err }).toEqual({ code: 3, err: expect.stringMatching(told) as unknown });
  expect({ code: json.code, err: json.err }).toEqual({ code: 3, err: table.err });
  for (const [n, host] of hosts.slice(0, 2).entries()) {
    expect(table.out).toMatch(new RegExp(`${host} +${relayQueueId(n)} +bob@campus.example +sent`));
  }
  expect(table.out).toContain('not read    mx1');
  const linesRead = [5, 5, 0];
  expect(JSON.parse(json.out)).toMatchObject({
    complete: false,
    chains: [{ transactions: hosts.slice(0, 2).map((host, n) => ({ host, queueId: relayQueueId(n) })) }],
    sources: hosts.map((host, n) => ({ host, status: 'incomplete', linesRead: linesRead[n] })),
  });
};

describe('mailtrace run over OpenSearch 3.8 without security', () => {
  it('shows all three hops when there is no fault', async () => {
    const [table, json] = await ask({ opensearch: { port: plain.port } });
    expect([table.code, table.err, json.code, json.err]).toEqual([0, '', 0, '']);
    expect(JSON.parse(json.out)).toMatchObject({
      complete: true,
      chains: [{ verdict: 'delivered', transactions: hosts.map((host) => ({ host })) }],
      sources: hosts.map((host) => ({ host, status: 'ok', error: null, linesRead: 5 })),
    });
  });

  it.each(['no-such-index', 'no-such-*'])('missing index: %s', async (name) => {
    const error = new RegExp(
      `there is no index ${name.replace('*', '\\*')}; correct opensearch_config\\.index \\(.*\\)`,
    );
    await expectNothing({ opensearch: { port: plain.port, index: name } }, 'unreadable', error);
  });

  it('missing index of several', async () => {
    await expectFirst(
      { opensearch: { port: plain.port, index: `${FIRST},no-such-index` } },
      /there is no index no-such-index; correct opensearch_config\.index .*; the other indices were read/,
    );
  });

  it('cluster down', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => server.close(resolve));
    await expectNothing(
      { opensearch: { port } },
      'unreachable',
      /OpenSearch at 127\.0\.0\.1:\d+ refused the connection; check opensearch_config\.host and port, and that it runs/,
    );
  });
});

describe('mailtrace run over OpenSearch 2.19 with security', () => {
  it('shows all three hops when there is no fault', async () => {
    const [table, json] = await ask({ opensearch: overTls('faults-reader'), env: withPassword(PASSWORD) });
    expect([table.code, table.err, json.code, json.err]).toEqual([0, '', 0, '']);
    expect(JSON.parse(json.out)).toMatchObject({ complete: true, chains: [{ verdict: 'delivered' }] });
  });

  it('missing index', async () => {
    await expectNothing(
      { opensearch: { ...overTls('faults-reader'), index: 'faults-nothing' }, env: withPassword(PASSWORD) },
      'unreadable',
      /there is no index faults-nothing; correct opensearch_config\.index \(.*\)/,
    );
  });

  it.each([
    ['in the configuration', { password: WRONG }, [], {}],
    ['as a flag', {}, ['--opensearch-pass', WRONG], {}],
    ['in the environment', {}, [], withPassword(WRONG)],
  ] as const)('wrong password, %s', async (_, section, argv, env) => {
    await expectNothing(
      { opensearch: { ...overTls('faults-reader'), ...section }, argv, env },
      'unreadable',
      /OpenSearch at localhost:\d+ does not let user faults-reader in \(401\); check opensearch_config\.username and the password \(MAILTRACE_OPENSEARCH_PASSWORD\)/,
    );
  });

  it('missing role', async () => {
    await expectNothing(
      { opensearch: overTls('faults-none'), env: withPassword(PASSWORD) },
      'unreadable',
      /OpenSearch at localhost:\d+ forbids user faults-none to search \(403\); give the user a role that may read opensearch_config\.index \(faults-\*\)/,
    );
  });

  it('missing role for one index of several', async () => {
    await expectFirst(
      { opensearch: { ...overTls('faults-half'), index: `${FIRST},${OTHER}` }, env: withPassword(PASSWORD) },
      /OpenSearch at localhost:\d+ forbids user faults-half to search \(403\); give the user a role .* \(faults-two\); the other indices were read/,
    );
  });

  it.each([
    ['of somebody else', STRANGER],
    ['that nobody named', ''],
  ])('wrong CA: one %s', async (_, caFile) => {
    await expectNothing(
      { opensearch: { ...overTls('faults-reader'), ca_file: caFile }, env: withPassword(PASSWORD) },
      'unreachable',
      /OpenSearch at localhost:\d+ has a certificate of an unknown authority; name the CA in opensearch_config\.ca_file/,
    );
  });

  it('a CA file that holds none is a fault of the configuration', async () => {
    const notes = join(folder, 'notes.pem');
    await writeFile(notes, 'no certificate\n');
    const results = await ask({
      opensearch: { ...overTls('faults-reader'), ca_file: notes },
      env: withPassword(PASSWORD),
    });
    for (const { code, out, err } of results) {
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(
        /^mailtrace: opensearch_config\.ca_file: \S+notes\.pem holds no certificate in PEM form\.\n {2}Name /,
      );
    }
  });
});
