/** Indices as administrators have them: aliases, patterns, data streams, odd fields, local stamps, broken shards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lookup, Needle, SearchOutcome } from '../../src/app/ports.ts';
import { buildHostDirectory } from '../../src/domain/host-names.ts';
import { hostName } from '../../src/domain/ids.ts';
import type { OpensearchSourceOptions } from '../../src/sources/opensearch.ts';
import { type CountingProxy, startCountingProxy } from '../services/counting-proxy.ts';
import { getOpensearch, OPENSEARCH_START_MS, type OpensearchServer } from '../services/opensearch.ts';
import { addressOf, ask, createIndex, ECS_FIELDS, index, type Json, mustAsk, openIndex } from './opensearch-index.ts';

let server: OpensearchServer;
beforeAll(async () => {
  server = await getOpensearch('plain');
}, OPENSEARCH_START_MS);

const DAY = { fromMs: Date.parse('2026-11-21T00:00:00Z'), toMs: Date.parse('2026-11-22T00:00:00Z') };

const whole = (text: string): Needle => ({ text, ignoreCase: false, isWhole: true });
const lookup = (needles: readonly Needle[], more: Partial<Lookup> = {}): Lookup => ({
  window: DAY,
  needles,
  relatedWindow: more.window ?? DAY,
  related: null,
  ...more,
});

type Asked = Readonly<{
  at: string;
  hosts?: readonly string[];
  lookups?: readonly Lookup[];
  options?: Partial<OpensearchSourceOptions>;
}>;

const search = async ({ at, hosts = ['mx1'], lookups = [lookup([])], options = {} }: Asked): Promise<SearchOutcome> => {
  const source = await openIndex(server, at, hosts, options);
  try {
    const budget = { maxLines: 1e6, maxBytes: 1e9 };
    return await source.search({ hosts: hosts.map(hostName), lookups, budget }, new AbortController().signal);
  } finally {
    await source.close();
  }
};

const texts = async (asked: Asked): Promise<readonly string[]> => (await search(asked)).records.map(({ text }) => text);

const document = (message: string, more: Json = {}): Json => ({
  '@timestamp': '2026-11-21T07:00:00Z',
  host: { name: 'mx1' },
  log: { syslog: { appname: 'postfix/qmgr', procid: 7, facility: { name: 'mail' } } },
  message,
  ...more,
});

const fill = async (
  at: string,
  documents: readonly Json[],
  mappings: Json | null = null,
  settings: Json = {},
): Promise<string> => {
  await createIndex(server, at, { mappings, settings });
  await index(server, at, documents);
  return at;
};

describe('where the documents are', () => {
  beforeAll(async () => {
    await fill('where-1', [document('ABC1: one')]);
    await fill('where-2', [document('ABC1: two', { '@timestamp': '2026-11-21T08:00:00Z' })]);
    await mustAsk(server, 'POST', '/_aliases', { actions: [{ add: { index: 'where-*', alias: 'where-alias' } }] });
  });

  it.each(['where-1,where-2', 'where-*', 'where-alias'])('finds them in %s', async (at) => {
    expect(await texts({ at, lookups: [lookup([whole('ABC1')])] })).toEqual(['ABC1: one', 'ABC1: two']);
  });

  it('finds them in a data stream that was rolled over', async () => {
    await ask(server, 'DELETE', '/_data_stream/mail-stream');
    await mustAsk(server, 'PUT', '/_index_template/mail-stream', {
      index_patterns: ['mail-stream'],
      data_stream: {},
      template: { settings: { number_of_replicas: 0 } },
    });
    await mustAsk(server, 'PUT', '/_data_stream/mail-stream');
    await index(server, 'mail-stream', [document('ABC1: one')]);
    await mustAsk(server, 'POST', '/mail-stream/_rollover');
    await index(server, 'mail-stream', [document('ABC1: two', { '@timestamp': '2026-11-21T08:00:00Z' })]);
    expect(await texts({ at: 'mail-stream', lookups: [lookup([whole('ABC1')])] })).toEqual(['ABC1: one', 'ABC1: two']);
  });

  it('finds them in indices that analyse and map the message in different ways', async () => {
    const mapped = (message: Json): Json => ({ properties: { message } });
    await fill('mixed-1', [document('ABC1: one')], mapped({ type: 'text' }));
    await fill('mixed-2', [document('ABC1: two')], mapped({ type: 'keyword' }));
    await fill('mixed-3', [document('ABC1: three')], mapped({ type: 'text', analyzer: 'english' }));
    await fill('mixed-4', [document('ABC1: four')], mapped({ type: 'match_only_text' }));
    const found = await texts({ at: 'mixed-*', lookups: [lookup([whole('ABC1')])] });
    expect([...found].sort()).toEqual(['ABC1: four', 'ABC1: one', 'ABC1: three', 'ABC1: two']);
  });
});

describe('how the documents look', () => {
  it('takes fields of any name, flat or nested, and does without most', async () => {
    const at = await fill('custom', [
      {
        time: '2026-11-21T07:00:00Z',
        node: 'mx1',
        'syslog.tag': 'postfix/smtp',
        body: 'ABC1: to=<a@b.example>',
        'process.pid': 12,
      },
      { time: '2026-11-21T07:00:01Z', node: 'mx1', syslog: { tag: 'postfix/qmgr' }, body: ' ABC1: removed\n' },
      { time: '2026-11-21T07:00:02Z', node: 'mx1', body: 'ABC1: from=<a@b.example>' },
    ]);
    const fields = { hostname: 'node', message: 'body', timestamp: 'time', service: 'syslog.tag', facility: '' };
    const { records } = await search({ at, lookups: [lookup([whole('ABC1')])], options: { fields } });
    expect(records.map(({ program, pid, text }) => [program, pid, text])).toEqual([
      ['postfix/smtp', 12, 'ABC1: to=<a@b.example>'],
      ['postfix/qmgr', null, 'ABC1: removed'],
      ['', null, 'ABC1: from=<a@b.example>'],
    ]);
  });

  it('reads whole syslog lines in the message, and takes the host from them where no field has it', async () => {
    const at = await fill('whole-lines', [
      {
        '@timestamp': '2026-11-21T07:00:05Z',
        message: 'Nov 21 08:00:00 mx1 postfix/smtpd[9]: ABC1: client=c[192.0.2.1]',
      },
      {
        '@timestamp': '2026-11-21T07:00:06Z',
        message: '<22>1 2026-11-21T07:00:06Z mx2 postfix/qmgr 8 - - ABC1: removed',
      },
      { '@timestamp': '2026-11-21T07:00:07Z', host: { name: 'mx1' }, message: 'postfix/qmgr[8]: ABC1: removed' },
    ]);
    const { records } = await search({ at, hosts: ['mx1', 'mx2'], lookups: [lookup([whole('ABC1')])] });
    expect(records.map(({ host, program, pid, text }) => [host, program, pid, text])).toEqual([
      ['mx1', 'postfix/smtpd', 9, 'ABC1: client=c[192.0.2.1]'],
      ['mx1', 'postfix/qmgr', 8, 'ABC1: removed'],
      ['mx2', 'postfix/qmgr', 8, 'ABC1: removed'],
    ]);
    expect(records[0]!.timeMs).toBe(Date.parse('2026-11-21T07:00:05Z'));
  });

  it.each([
    ['keyword', { properties: { host: { properties: { name: { type: 'keyword' } } } } }],
    ['text', null],
  ] as const)('matches hosts in full or by their first label: %s', async (kind, mappings) => {
    const names = ['mx-1', 'MX-1.Campus.Example', 'mx-1.campus.example', 'mx-10.campus.example', 'mx-1b', 'mx'];
    const at = await fill(
      `hosts-${kind}`,
      names.map((name) => document(`ABC1: ${name}`, { host: { name } })),
      mappings,
    );
    const { canonical } = buildHostDirectory({ hosts: ['mx-1.campus.example', 'mx-10'], clusters: {}, domain: '' });
    const found = await texts({ at, hosts: ['mx-1.campus.example'], lookups: [lookup([])], options: { canonical } });
    expect([...found].sort()).toEqual(['ABC1: MX-1.Campus.Example', 'ABC1: mx-1', 'ABC1: mx-1.campus.example']);
  });

  it('reads stamps without offset in their zone, also in the hour that comes twice', async () => {
    const at = await fill('local', [
      document('ABC1: summer', { '@timestamp': '2026-07-01T10:00:00.123456' }),
      document('ABC1: certain', { '@timestamp': '2026-07-01T10:00:00+02:00' }),
      document('ABC1: twice', { '@timestamp': '2026-10-25T02:30:00' }),
    ]);
    const window = { fromMs: Date.parse('2026-07-01T08:00:00Z'), toMs: Date.parse('2026-07-01T08:00:01Z') };
    const options = { timeZone: 'Europe/Berlin' };
    const summer = await search({ at, lookups: [lookup([], { window })], options });
    expect(summer.records.map(({ text, timeMs }) => [text, timeMs - window.fromMs])).toEqual([
      ['ABC1: certain', 0],
      ['ABC1: summer', 123],
    ]);
    const autumn = { fromMs: Date.parse('2026-10-25T01:15:00Z'), toMs: Date.parse('2026-10-25T01:45:00Z') };
    const twice = await search({ at, lookups: [lookup([], { window: autumn })], options });
    expect(twice.records.map(({ text, timeMs }) => [text, timeMs - autumn.fromMs])).toEqual([['ABC1: twice', 900_000]]);
    expect(twice.hosts[0]).toMatchObject({ ambiguousTimes: 1 });
  });

  it('keeps the order below the millisecond, whatever the order of arrival', async () => {
    const stamps = ['07:00:00.123900Z', '07:00:00.1231Z', '07:00:00.123456+00:00', '07:00:00.123Z'];
    const documents = stamps.map((stamp) => document(`ABC1: ${stamp}`, { '@timestamp': `2026-11-21T${stamp}` }));
    const at = await fill('order', documents);
    expect(await texts({ at })).toEqual(
      ['07:00:00.123Z', '07:00:00.1231Z', '07:00:00.123456+00:00', '07:00:00.123900Z'].map((stamp) => `ABC1: ${stamp}`),
    );
  });

  it('finds messages of any length', async () => {
    const long = `ABC1: ${'to=<someone@a.example>, '.repeat(400)}status=sent (queued as LASTONE)`;
    const at = await fill('long', [document(long)]);
    expect(await texts({ at, lookups: [lookup([whole('LASTONE')])] })).toEqual([long]);
  });

  it('finds exactly what has the syntax of Lucene, a shell or a regular expression', async () => {
    const odd = ['message:*', 'a OR b', '/.*/', '$(reboot)', '(a|b)+', 'x~2 AND "y z"^4', '<1-5>', '@&~#'];
    const at = await fill(
      'odd',
      odd.map((text) => document(`ABC1: ${text} end`)),
    );
    for (const text of odd) {
      expect(await texts({ at, lookups: [lookup([{ text, ignoreCase: true, isWhole: false }])] })).toEqual([
        `ABC1: ${text} end`,
      ]);
    }
  });
});

describe('many documents', () => {
  const COUNT = 12_000;
  beforeAll(async () => {
    const documents = Array.from({ length: COUNT }, (_, place) => document(`Q${place}: client=c`));
    await fill('many', documents, null, { number_of_shards: 3 });
  }, 120_000);

  it('come without a limit, also at one and the same instant', async () => {
    const found = await texts({
      at: 'many',
      lookups: [lookup([{ text: 'client=c', ignoreCase: false, isWhole: false }])],
    });
    expect(new Set(found).size).toBe(COUNT);
    expect(found).toHaveLength(COUNT);
  });

  it('come where the index allows only small pages', async () => {
    await mustAsk(server, 'PUT', '/many/_settings', { index: { max_result_window: 300 } });
    expect(await texts({ at: 'many' })).toHaveLength(COUNT);
  });
});

describe('what is broken', () => {
  const nowhere = { 'index.routing.allocation.require._name': 'nowhere' };
  const createRed = async (at: string): Promise<void> => {
    await ask(server, 'DELETE', `/${at}`);
    await mustAsk(server, 'PUT', `/${at}?wait_for_active_shards=0`, {
      settings: { number_of_shards: 1, number_of_replicas: 0, ...nowhere },
      mappings: { properties: { '@timestamp': { type: 'date' }, message: { type: 'text' } } },
    });
  };
  afterAll(async () => {
    for (const at of ['broken-2', 'red-1']) await ask(server, 'DELETE', `/${at}`);
  });

  it('reports what shards could not say, and shows the rest', async () => {
    await fill('broken-1', [document('ABC1: one')]);
    await createRed('broken-2');
    const { records, hosts } = await search({ at: 'broken-*', lookups: [lookup([whole('ABC1')])] });
    expect(records).toHaveLength(1);
    expect(hosts[0]).toMatchObject({ status: 'incomplete', linesRead: 1 });
    expect(hosts[0]!.error).toMatch(/1 of 3 shards did not answer.*health/);
  });

  it('reports an index of which no shard is there', async () => {
    await createRed('red-1');
    const { hosts } = await search({ at: 'red-1', lookups: [lookup([whole('ABC1')])] });
    expect(hosts[0]).toMatchObject({ linesRead: 0 });
    expect(hosts[0]!.status).not.toBe('ok');
    expect(hosts[0]!.error).toMatch(/health of the cluster/);
  });

  it('reads the indices of a list that are there, and names the others', async () => {
    await fill('listed', [document('ABC1: one')]);
    const asked = { at: 'listed,not-here,nor-here', lookups: [lookup([whole('ABC1')])] };
    const { records, hosts } = await search(asked);
    expect(records).toHaveLength(1);
    expect(hosts[0]).toMatchObject({ status: 'incomplete', linesRead: 1 });
    expect(hosts[0]!.error).toMatch(
      /^there is no index not-here; .*there is no index nor-here; .*the other indices were/,
    );
    const none = await search({ ...asked, at: 'not-here,nor-here' });
    expect(none.hosts[0]).toMatchObject({ status: 'unreadable', linesRead: 0 });
  });

  it.each([
    ['timestamp', /no document has the field stamp; correct opensearch_config\.mapping\.timestamp/],
    ['message', /no document has the field stamp; correct opensearch_config\.mapping\.message/],
  ] as const)('names a field that is not there: %s', async (key, error) => {
    await fill('fields', [document('ABC1: one')]);
    const { hosts } = await search({ at: 'fields', options: { fields: { ...ECS_FIELDS, [key]: 'stamp' } } });
    expect(hosts[0]).toMatchObject({ status: 'unreadable' });
    expect(hosts[0]!.error).toMatch(error);
  });

  it('names a timestamp that is no date', async () => {
    await fill('text-stamp', [document('ABC1: one')], { properties: { '@timestamp': { type: 'keyword' } } });
    const { hosts } = await search({ at: 'text-stamp' });
    expect(hosts[0]!.error).toMatch(/@timestamp is keyword, not date/);
  });
});

describe('requests', () => {
  let proxy: CountingProxy;
  beforeAll(async () => {
    proxy = await startCountingProxy(server.port);
  });
  afterAll(() => proxy.stop());
  const paths = (): readonly string[] => proxy.seen().map(({ path }) => path.replace(/\?.*/, ''));

  it('go together for all that is asked at once; queue IDs that were found are one more', async () => {
    const at = await fill('requests', [
      document('ABC1: message-id=<one@x.example>'),
      document('ABC1: removed'),
      document('DEF2: message-id=<one@x.example>', { host: { name: 'mx2' } }),
    ]);
    const source = await openIndex(server, at, ['mx1', 'mx2'], { address: { ...addressOf(server), port: proxy.port } });
    const signal = new AbortController().signal;
    const related = ({ text }: { text: string }): readonly string[] => [text.split(':')[0]!];
    const askFor = (host: string, text: string) =>
      source.search(
        {
          hosts: [hostName(host)],
          lookups: [lookup([whole(text)], { related })],
          budget: { maxLines: 10, maxBytes: 1e4 },
        },
        signal,
      );
    const found = await Promise.all([askFor('mx1', 'one@x.example'), askFor('mx2', 'one@x.example')]);
    expect(found.map(({ records }) => records.length)).toEqual([2, 1]);
    expect(paths()).toEqual([`/${at}/_field_caps`, `/${at}/_search`, `/${at}/_search`]);
    proxy.forget();
    // All of its lines were asked for by their queue ID already.
    expect((await askFor('mx1', 'ABC1')).records).toHaveLength(2);
    expect(paths()).toEqual([`/${at}/_search`]);
    await source.close();
  });
});
