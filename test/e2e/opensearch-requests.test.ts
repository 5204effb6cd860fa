/** What a trace of six hops costs an OpenSearch cluster, counted by a proxy in front of it. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CountingProxy, countSearches, startCountingProxy } from '../services/counting-proxy.ts';
import { getOpensearch, OPENSEARCH_START_MS, type OpensearchServer } from '../services/opensearch.ts';
import { createIndex, index, type Json } from '../sources/opensearch-index.ts';
import { runCli } from '../support/built-cli.ts';
import {
  RELAYED_AT,
  RELAYED_FROM,
  RELAYED_ID,
  relayHosts,
  relayLogs,
  relayQueueId,
  toDocument,
} from '../support/relay-chain.ts';

const HOPS = 6;
const REQUESTS_MAX = 6;
/** Keeps the logs of the others and has no mail of its own. */
const LOGHOST = 'loghost.campus.example';
const MAILBED = fileURLToPath(new URL('../fixtures/mailbed', import.meta.url));

let server: OpensearchServer;
let proxy: CountingProxy;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailtrace-requests-'));
  server = await getOpensearch('plain');
  proxy = await startCountingProxy(server.port);
}, OPENSEARCH_START_MS);
afterAll(async () => {
  await proxy.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => proxy.forget());

type Report = Readonly<{
  complete: boolean;
  chains: readonly Readonly<{
    messageId: string;
    verdict: string;
    transactions: readonly Readonly<{ host: string }>[];
    hops: readonly Readonly<{ gap: string | null }>[];
  }>[];
}>;

type Fleet = Readonly<{ index: string; hosts: readonly string[]; domain: string }>;

/** By a program that knows nothing yet. */
const trace = async ({ index: at, hosts, domain }: Fleet, search: readonly string[]): Promise<Report> => {
  const config = join(folder, `${at}.yaml`);
  const section = { host: '127.0.0.1', port: proxy.port, index: at, timeout: 60 };
  const text = { method: 'opensearch', time_zone: 'UTC', domain, clusters: { fleet: hosts } };
  await writeFile(config, JSON.stringify({ ...text, opensearch_config: section }));
  const { code, out, err } = await runCli(['run', '-c', config, ...search, '--json'], { cwd: folder });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as Report;
};

/** What fields there are is asked once. */
const expectFew = (most = REQUESTS_MAX): void => {
  expect(countSearches(proxy.seen())).toBeLessThanOrEqual(most);
  expect(proxy.seen().filter(({ path }) => path.includes('/_field_caps'))).toHaveLength(1);
};

describe('a chain of six machines', () => {
  const fleet = { index: 'requests-chain', hosts: relayHosts(HOPS), domain: 'campus.example' };
  beforeAll(async () => {
    await createIndex(server, fleet.index, { mappings: null });
    await index(server, fleet.index, relayLogs(HOPS).flat().map(toDocument));
  });

  const hour = ['--time', RELAYED_AT, '--time-range', '1h'];
  it.each([
    ['by sender', ['-k', RELAYED_FROM, ...hour]],
    ['by message-id', ['-k', `id:${RELAYED_ID}`, ...hour]],
    ['by a queue ID on the fourth machine', ['-k', relayQueueId(3), '-h', fleet.hosts[3]!, ...hour]],
  ])('%s', async (_, search) => {
    expectWhole(await trace(fleet, search));
    expectFew();
  });

  it('that goes on after the window: one round more', async () => {
    const before = new Date(Date.parse(RELAYED_AT) - 950).toISOString();
    expectWhole(await trace(fleet, ['-k', RELAYED_FROM, '--time', before, '--time-range', '1s']));
    expectFew(REQUESTS_MAX + 2);
  });

  const expectWhole = ({ complete, chains }: Report): void => {
    expect(complete).toBe(true);
    expect(chains).toHaveLength(1);
    expect(chains[0]).toMatchObject({ messageId: RELAYED_ID, verdict: 'delivered' });
    expect(chains[0]!.transactions.map(({ host }) => host)).toEqual(fleet.hosts);
    expect(chains[0]!.hops.map(({ gap }) => gap)).toEqual(Array(HOPS - 1).fill(null));
  };
});

describe('real mail of a fleet', () => {
  type Truth = Readonly<{
    domain: string;
    hosts: readonly Readonly<{ host: string }>[];
    scenarios: readonly Readonly<{
      mails: readonly Readonly<Record<'mail' | 'message_id' | 'submitted_at', string>>[];
    }>[];
  }>;
  const truth = JSON.parse(readFileSync(`${MAILBED}/truth.json`, 'utf8')) as Truth;
  const mails = new Map(truth.scenarios.flatMap((scenario) => scenario.mails).map((mail) => [mail.mail, mail]));
  const { mappings } = JSON.parse(readFileSync(`${MAILBED}/opensearch/index_mapping.json`, 'utf8')) as {
    mappings: Json;
  };
  const fleetOf = (name: string): Fleet => ({
    index: name,
    hosts: truth.hosts.map(({ host }) => host).filter((host) => host !== LOGHOST),
    domain: truth.domain,
  });

  describe.each([
    ['requests-ecs', 'bulk', mappings],
    ['requests-dynamic', 'bulk_as_received', null],
  ] as const)('in %s', (name, bulk, mapping) => {
    beforeAll(async () => {
      const lines = gunzipSync(readFileSync(`${MAILBED}/opensearch/${bulk}.ndjson.gz`))
        .toString('utf8')
        .split('\n');
      await createIndex(server, name, { mappings: mapping });
      const documents = lines.filter((line) => line.startsWith('{"@timestamp"'));
      await index(
        server,
        name,
        documents.map((line) => JSON.parse(line) as Json),
      );
    }, 300_000);

    // Content filter, aliases and LMTP on the way: six transactions of Postfix, and a seventh hop into the mailbox.
    it.each(['S004.1', 'S008.1', 'S031.1'])('%s', async (which) => {
      const { message_id: id, submitted_at: at } = mails.get(which)!;
      const messageId = id.replace(/^<|>$/g, '');
      const { complete, chains } = await trace(fleetOf(name), [
        '-k',
        `id:${messageId}`,
        '--time',
        at,
        '--time-range',
        '10m',
      ]);
      expect(complete).toBe(true);
      const chain = chains.find((each) => each.messageId === messageId);
      expect(chain?.transactions.length).toBeGreaterThanOrEqual(HOPS);
      expectFew();
    });
  });
});
