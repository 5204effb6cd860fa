/** What clusters do to their indices while they are followed. */
import { createServer, request as forward, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FollowOptions, LogSource } from '../../src/app/ports.ts';
import type { OpensearchSourceOptions } from '../../src/sources/opensearch.ts';
import { getOpensearch, OPENSEARCH_START_MS, type OpensearchServer } from '../services/opensearch.ts';
import { createConsumer, START_MS, textsOf } from './follow-contract.ts';
import { addressOf, ask, createIndex, index, type Json, mustAsk, openIndex } from './opensearch-index.ts';

let server: OpensearchServer;
beforeAll(async () => {
  server = await getOpensearch('plain');
}, OPENSEARCH_START_MS);

const PREFIX = `followed-${process.pid}`;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await ask(server, 'DELETE', `/${PREFIX}-*?expand_wildcards=all`);
});

type Settings = Readonly<Record<string, unknown>>;

const create = async (name: string, settings: Settings = {}): Promise<string> => {
  const full = `${PREFIX}-${name}`;
  await createIndex(server, full, { mappings: null, settings });
  return full;
};

let counter = 0;

const documents = (count: number, host = 'mx1', atMs = START_MS): readonly Json[] =>
  Array.from({ length: count }, (_, place) => ({
    '@timestamp': new Date(atMs + place).toISOString(),
    host: { name: host },
    log: { syslog: { appname: 'postfix/qmgr', procid: '7' } },
    message: `${(++counter).toString(16).toUpperCase()}0: removed`,
  }));

const messagesOf = (all: readonly Json[]): readonly string[] => all.map(({ message }) => String(message)).sort();
const sorted = (records: readonly Readonly<{ text: string }>[]): readonly string[] => [...textsOf(records)].sort();

type More = Readonly<{ source?: Partial<OpensearchSourceOptions>; follow?: Partial<FollowOptions> }>;

const open = async (at: string, { source: options = {}, follow = {} }: More = {}) => {
  const source: LogSource = await openIndex(server, at, ['mx1'], options);
  const consumer = createConsumer(source, follow);
  closing.push(() => source.close(), consumer.abandon);
  return consumer;
};

/** Deleted and replaced indices are looked for every ten seconds. */
const pollUntilLoss = async (consumer: Awaited<ReturnType<typeof open>>) => {
  const records: string[] = [];
  for (const endMs = Date.now() + 30_000; Date.now() < endMs; await sleep(500)) {
    const polled = await consumer.poll();
    consumer.commit(polled);
    records.push(...textsOf(polled.records));
    if (polled.losses.length > 0) return { losses: polled.losses, records };
  }
  throw new Error('no loss was named');
};

describe('what an index name means', () => {
  it.each(['alias', 'list'])('follows what an %s means', async (kind) => {
    const [one, two] = [await create('a-1'), await create('a-2')];
    const alias = `${PREFIX}-alias-${kind}`;
    await mustAsk(server, 'POST', '/_aliases', { actions: [{ add: { index: `${PREFIX}-a-*`, alias } }] });
    const consumer = await open(kind === 'alias' ? alias : `${one},${two}`);
    const all = [documents(10), documents(10)];
    await index(server, one, all[0]!);
    await index(server, two, all[1]!);
    expect(sorted(await consumer.drain())).toEqual(messagesOf(all.flat()));
  });

  it('goes on in a data stream that is rolled over', async () => {
    const stream = `${PREFIX}-stream`;
    closing.push(async () => {
      await ask(server, 'DELETE', `/_data_stream/${stream}`);
      await ask(server, 'DELETE', `/_index_template/${stream}`);
    });
    const template = { settings: { number_of_shards: 2, number_of_replicas: 0 } };
    await mustAsk(server, 'PUT', `/_index_template/${stream}`, { index_patterns: [stream], data_stream: {}, template });
    await mustAsk(server, 'PUT', `/_data_stream/${stream}`);
    const consumer = await open(stream);
    const all = [documents(30), documents(30), documents(30)];
    await index(server, stream, all[0]!);
    const found = [...(await consumer.drain())];
    await mustAsk(server, 'POST', `/${stream}/_rollover`);
    await index(server, stream, all[1]!);
    found.push(...(await consumer.drain()));
    await consumer.abandon();
    await mustAsk(server, 'POST', `/${stream}/_rollover`);
    await index(server, stream, all[2]!);
    found.push(...(await consumer.drain()));
    expect(sorted(found)).toEqual(messagesOf(all.flat()));
  });

  it('says that there is no index, and begins when there is one', async () => {
    const consumer = await open(`${PREFIX}-later-*`);
    const { faults } = await consumer.poll();
    expect(faults.map(({ status, error }) => [status, error.includes('no index')])).toEqual([['unreadable', true]]);
    const all = documents(5);
    await index(server, await create('later-1'), all);
    expect(sorted(await consumer.drain())).toEqual(messagesOf(all));
  });
});

describe('many documents', () => {
  it('returns 12,000 documents in one poll', async () => {
    const at = await create('many', { number_of_shards: 1 });
    const all = documents(12_000);
    await index(server, at, all);
    const polled = await (await open(at, { follow: { maxRecords: 20_000 } })).poll();
    expect(polled.records.length).toBe(12_000);
    expect(sorted(polled.records)).toEqual(messagesOf(all));
  });

  it('says how many documents wait', async () => {
    const at = await create('wait');
    await index(server, at, documents(1000));
    const polled = await (await open(at, { follow: { maxRecords: 200 } })).poll();
    expect([polled.records.length, polled.isCaughtUp, polled.waitingLines]).toEqual([200, false, 800]);
  });

  it('respects a small result window', async () => {
    const at = await create('window', { 'index.max_result_window': 50 });
    const all = documents(400);
    await index(server, at, all);
    expect(sorted(await (await open(at)).drain())).toEqual(messagesOf(all));
  });

  it('misses nothing and doubles nothing while four writers write, half of them late', async () => {
    const at = await create('busy', { number_of_shards: 3, refresh_interval: '50ms' });
    const consumer = await open(at, { follow: { maxRecords: 700 } });
    const all = Array.from({ length: 4 }, (_, writer) =>
      Array.from({ length: 15 }, () => documents(100, 'mx1', START_MS + (writer % 2) * 30_000)),
    );
    const write = async (batches: readonly (readonly Json[])[]): Promise<void> => {
      for (const batch of batches) {
        const lines = batch.map((each) => `{"create":{}}\n${JSON.stringify(each)}\n`);
        await mustAsk(server, 'POST', `/${at}/_bulk`, lines.join(''));
      }
    };
    let isWriting = true;
    const writing = Promise.all(all.map(write)).finally(() => {
      isWriting = false;
    });
    const found: string[] = [];
    while (isWriting) {
      const polled = await consumer.poll();
      consumer.commit(polled);
      found.push(...textsOf(polled.records));
      // A restart in the middle loses nothing either.
      if (found.length % 3 === 0) await consumer.abandon();
    }
    await writing;
    await mustAsk(server, 'POST', `/${at}/_refresh`);
    found.push(...textsOf(await consumer.drain()));
    expect(found.sort()).toEqual(messagesOf(all.flat(2)));
  });

  it('reads an older index before a newer one', async () => {
    const [old, young] = [await create('z-old', { number_of_shards: 1 }), await create('b-young')];
    await index(server, young, documents(300, 'mx1', START_MS + 7_200_000));
    await index(server, old, documents(300, 'mx1', START_MS));
    const records = await (await open(`${PREFIX}-*`, { follow: { maxRecords: 100 } })).drain();
    const times = records.map(({ timeMs }) => timeMs);
    // Shard by shard: the second shard has only young ones.
    expect(times.slice(0, 50).every((ms) => ms < START_MS + 3_600_000)).toBe(true);
    expect(times.at(-1)).toBeGreaterThan(START_MS + 3_600_000);
  });

  it('asks only for its hosts where most documents are of others', async () => {
    const at = await create('others', { number_of_shards: 1 });
    const own = documents(20);
    await index(server, at, [...documents(1500, 'web1'), ...own.slice(0, 10)]);
    const consumer = await open(at);
    const found = [...(await consumer.drain())];
    for (const document of own.slice(10)) await index(server, at, [...documents(50, 'web2'), document]);
    found.push(...(await consumer.drain()));
    expect(sorted(found)).toEqual(messagesOf(own));
  });
});

describe('what happens to an index', () => {
  it('names an index that was deleted, and goes on with the others', async () => {
    const [one, two] = [await create('d-1'), await create('d-2')];
    const consumer = await open(`${PREFIX}-d-*`);
    // An old one that was read to its end is not missed.
    await index(server, one, documents(5, 'mx1', Date.now()));
    await index(server, two, documents(5));
    await consumer.drain();
    await mustAsk(server, 'DELETE', `/${one}`);
    const later = documents(5);
    await index(server, two, later);
    const { losses, records } = await pollUntilLoss(consumer);
    expect(losses).toEqual([`the index ${one} was deleted; documents in it that had not been read are lost`]);
    expect([...records].sort()).toEqual(messagesOf(later));
    await consumer.abandon();
    const again = await consumer.poll();
    expect([again.losses, again.faults, again.records]).toEqual([[], [], []]);
  });

  it('begins anew with an index of the same name', async () => {
    const at = await create('again', { number_of_shards: 1 });
    const consumer = await open(at);
    await index(server, at, documents(500, 'mx1', Date.now()));
    await consumer.drain();
    await create('again', { number_of_shards: 1 });
    const fresh = documents(600, 'mx1', Date.now());
    await index(server, at, fresh);
    const { losses, records } = await pollUntilLoss(consumer);
    expect(losses.join()).toContain('made anew');
    const found = new Set([...records, ...textsOf(await consumer.drain())]);
    expect([...found].sort()).toEqual(messagesOf(fresh));
  });

  it('waits for an index that is closed, and doubles nothing when another primary takes over', async () => {
    const at = await create('closed', { number_of_shards: 1 });
    const consumer = await open(at);
    await index(server, at, documents(100));
    await consumer.drain();
    await mustAsk(server, 'POST', `/${at}/_close`);
    const { faults, records } = await consumer.poll();
    expect([faults.length, records]).toEqual([1, []]);
    // Opening it again gives its shard a new primary term.
    await mustAsk(server, 'POST', `/${at}/_open`);
    await mustAsk(server, 'GET', '/_cluster/health?wait_for_status=green&timeout=20s');
    const later = documents(10);
    await index(server, at, later);
    expect(sorted(await consumer.drain())).toEqual(messagesOf(later));
    expect(sorted(await consumer.drain())).toEqual([]);
  });

  it('reads the shards that answer, and the others when they do', async () => {
    const [good, bad] = [await create('s-good'), `${PREFIX}-s-bad`];
    const nowhere = { 'index.routing.allocation.include._name': 'nowhere', number_of_shards: 1, number_of_replicas: 0 };
    await mustAsk(server, 'PUT', `/${bad}?wait_for_active_shards=0`, { settings: nowhere });
    const consumer = await open(`${PREFIX}-s-*`);
    const all = [documents(10), documents(10)];
    await index(server, good, all[0]!);
    const polled = await consumer.poll();
    consumer.commit(polled);
    expect(polled.faults.map(({ status }) => status)).toEqual(['incomplete']);
    const found = [...polled.records, ...(await consumer.drain())];
    await mustAsk(server, 'PUT', `/${bad}/_settings`, { 'index.routing.allocation.include._name': null });
    await mustAsk(server, 'GET', '/_cluster/health?wait_for_status=green&timeout=20s');
    await index(server, bad, all[1]!);
    found.push(...(await consumer.drain()));
    expect(sorted(found)).toEqual(messagesOf(all.flat()));
    expect((await consumer.poll()).faults).toEqual([]);
  });

  it('does not take an update for a new line, nor miss what comes after it', async () => {
    const at = await create('updated', { number_of_shards: 1 });
    const consumer = await open(at);
    const all = documents(20);
    await index(server, at, all);
    const found = [...(await consumer.drain())];
    await mustAsk(server, 'POST', `/${at}/_update_by_query?refresh=true`, { script: 'ctx._source.seen = true' });
    const later = documents(5);
    await index(server, at, later);
    found.push(...(await consumer.drain()));
    expect(sorted(found)).toEqual(messagesOf([...all, ...later]));
  });
});

describe('a cluster that refuses sequence numbers', () => {
  let proxy: Server;
  let port = 0;
  beforeAll(async () => {
    proxy = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const body = Buffer.concat(chunks);
        if (body.includes('_seq_no')) {
          outgoing.writeHead(400, { 'content-type': 'application/json' });
          outgoing.end(
            '{"error":{"type":"illegal_argument_exception","reason":"no searches by _seq_no here"},"status":400}',
          );
          return;
        }
        const { method, url, headers } = incoming;
        const sent = forward(`${server.url}${url}`, { method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        });
        sent.end(body);
      });
    });
    await new Promise<void>((resolve) => {
      proxy.listen(0, '127.0.0.1', resolve);
    });
    const address = proxy.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  afterAll(() => proxy.close());

  it('is followed by time, with an overlap', async () => {
    const at = await create('timed');
    const consumer = await open(at, {
      source: { address: { ...addressOf(server), port } },
      follow: { maxRecords: 70 },
    });
    const all = [documents(200), documents(10, 'mx1', START_MS - 20_000), documents(10, 'mx1', START_MS + 60_000)];
    await index(server, at, documents(10, 'mx1', START_MS - 3_600_000));
    await index(server, at, all[0]!);
    const found = [...(await consumer.drain())];
    expect(sorted(found)).toEqual(messagesOf(all[0]!));
    // 20 s late, from before the start: it was not there when following began.
    await index(server, at, [...all[2]!]);
    found.push(...(await consumer.drain()));
    expect(sorted(found)).toEqual(messagesOf([...all[0]!, ...all[2]!]));
    expect(sorted(await consumer.drain())).toEqual([]);
    // After a restart the overlap comes once more, and what came late within it is found.
    await consumer.abandon();
    const late = documents(3, 'mx1', START_MS + 30_000);
    await index(server, at, late);
    const again = new Set(textsOf(await consumer.drain()));
    for (const text of messagesOf(late)) expect(again).toContain(text);
  });
});
