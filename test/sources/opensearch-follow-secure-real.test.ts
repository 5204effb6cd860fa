/** Following a real OpenSearch 2.19 over TLS, as users that may only search: what they may read by one name. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getOpensearch, OPENSEARCH_START_MS, type OpensearchServer } from '../services/opensearch.ts';
import { createConsumer, START_MS, textsOf } from './follow-contract.ts';
import { addressOf, ask, createIndex, index, type Json, mustAsk, openIndex } from './opensearch-index.ts';

const PASSWORD = 'Tr4ce-the-m4il-please';
const PREFIX = `secured-${process.pid}`;

let server: OpensearchServer;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  server = await getOpensearch('secure');
}, OPENSEARCH_START_MS);
afterAll(async () => {
  for (const close of closing) await close();
  await ask(server, 'DELETE', `/_data_stream/${PREFIX}-stream`);
  await ask(server, 'DELETE', `/${PREFIX}-*`);
});

const addUser = async (name: string, pattern: string, actions: readonly string[]): Promise<string> => {
  const api = '/_plugins/_security/api';
  const user = `${PREFIX}-${name}`;
  await mustAsk(server, 'PUT', `${api}/internalusers/${user}`, { password: PASSWORD });
  const index_permissions = [{ index_patterns: [pattern], allowed_actions: actions }];
  await mustAsk(server, 'PUT', `${api}/roles/${user}`, { index_permissions });
  await mustAsk(server, 'PUT', `${api}/rolesmapping/${user}`, { users: [user] });
  return user;
};

let counter = 0;
const documents = (count: number): readonly Json[] =>
  Array.from({ length: count }, (_, place) => ({
    '@timestamp': new Date(START_MS + place).toISOString(),
    host: { name: 'mx1' },
    log: { syslog: { appname: 'postfix/qmgr' } },
    message: `${(++counter).toString(16).toUpperCase()}0: removed`,
  }));
const messagesOf = (all: readonly Json[]): readonly string[] => all.map(({ message }) => String(message)).sort();

const follow = async (at: string, username: string) => {
  const address = { ...addressOf(server), username, password: PASSWORD };
  const source = await openIndex(server, at, ['mx1'], { address });
  closing.push(() => source.close());
  return createConsumer(source);
};

describe('a user who may only search', () => {
  it.each([
    ['a pattern', `${PREFIX}-p-*`, `${PREFIX}-p-*`],
    ['an alias', `${PREFIX}-alias`, `${PREFIX}-alias`],
  ])('follows %s', async (name, at, pattern) => {
    const kind = name.endsWith('alias') ? 'a' : 'p';
    const [one, two] = [`${PREFIX}-${kind}-1`, `${PREFIX}-${kind}-2`];
    await createIndex(server, one, { mappings: null });
    const point = (to: string): Promise<Json> =>
      mustAsk(server, 'POST', '/_aliases', { actions: [{ add: { index: to, alias: `${PREFIX}-alias` } }] });
    if (kind === 'a') await point(one);
    const user = await addUser(kind, pattern, ['indices:data/read/search']);
    const consumer = await follow(at, user);
    const all = [documents(50), documents(50), documents(5)];
    await index(server, one, all[0]!);
    const found = [...(await consumer.drain())];
    await createIndex(server, two, { mappings: null });
    if (kind === 'a') await point(two);
    await index(server, two, all[1]!);
    found.push(...(await consumer.drain()));
    await consumer.abandon();
    await index(server, one, all[2]!);
    found.push(...(await consumer.drain()));
    expect([...textsOf(found)].sort()).toEqual(messagesOf(all.flat()));
    expect((await consumer.poll()).faults).toEqual([]);
  });

  it('follows a data stream', async () => {
    const stream = `${PREFIX}-stream`;
    await mustAsk(server, 'PUT', `/_index_template/${stream}`, { index_patterns: [stream], data_stream: {} });
    await mustAsk(server, 'PUT', `/_data_stream/${stream}`);
    const user = await addUser('stream', stream, ['read']);
    const consumer = await follow(stream, user);
    const all = [documents(20), documents(20)];
    await index(server, stream, all[0]!);
    const found = [...(await consumer.drain())];
    await mustAsk(server, 'POST', `/${stream}/_rollover`);
    await index(server, stream, all[1]!);
    found.push(...(await consumer.drain()));
    expect([...textsOf(found)].sort()).toEqual(messagesOf(all.flat()));
  });

  it('names a user who may not, and one who is none', async () => {
    const user = await addUser('other', `${PREFIX}-elsewhere`, ['read']);
    const { faults } = await (await follow(`${PREFIX}-p-1`, user)).poll();
    expect(faults.map(({ status, error }) => [status, error.includes('403')])).toEqual([['unreadable', true]]);
    const nobody = await (await follow(`${PREFIX}-p-1`, 'nobody-at-all')).poll();
    expect(nobody.faults.map(({ status, error }) => [status, error.includes('401')])).toEqual([['unreadable', true]]);
    expect(nobody.isCaughtUp).toBe(true);
  });
});
