/** All shards in one request, and what is done where that cannot be. The cluster is a list of answers. */
import { describe, expect, it } from 'vitest';
import type { Answer, Cluster, ClusterRequest } from '../../src/opensearch-client/client.ts';
import type { FaultKind } from '../../src/opensearch-client/faults.ts';
import { type Asked, createAskShard, type FollowQuery } from '../../src/sources/opensearch-follow-query.ts';

const QUERY: FollowQuery = {
  query: { match_all: {} },
  size: 10,
  order: 'asc',
  sourceFields: ['message'],
  isCounted: false,
};
const PARTS = [0, 1].map((shard) => ({ shard, query: QUERY }));
const { signal } = new AbortController();

const found = (id: string) => ({
  _shards: { total: 1, successful: 1 },
  hits: { hits: [{ _index: 'mail', _id: id, _seq_no: 3, _primary_term: 1, sort: [3, 1000], _source: {} }] },
  status: 200,
});
const fault = (kind: FaultKind): Answer => ({ kind: 'fault', fault: { kind, text: kind, detail: '' } });
const answer = (body: unknown): Answer => ({ kind: 'answer', body });
const isTogether = ({ path }: ClusterRequest): boolean => path.endsWith('_msearch');

/** @param together what a `_msearch` is answered, each time; a search of its own finds `alone` */
const createCluster = (together: Answer) => {
  const requests: ClusterRequest[] = [];
  const cluster: Cluster = {
    url: 'http://cluster',
    ask: async (request) => {
      requests.push(request);
      return isTogether(request) ? together : answer(found('alone'));
    },
    readPart: (part) => (JSON.stringify(part).includes('"error"') ? fault('overloaded') : answer(part)),
    close: async () => {},
  };
  return { cluster, requests, ...createAskShard(cluster, '@timestamp') };
};

const idsOf = (asked: readonly Asked[]): readonly string[] =>
  asked.flatMap((each) => (each.kind === 'fault' ? [each.fault.kind] : each.answer.hits.map(({ id }) => id)));

describe('asking all shards', () => {
  it('is one request, each shard by its number, and no answer to unpack', async () => {
    const { askAll, requests } = createCluster(answer({ responses: [found('a'), found('b')] }));
    expect(idsOf(await askAll('mail-*', PARTS, signal))).toEqual(['a', 'b']);
    expect(requests).toMatchObject([{ method: 'POST', path: '/mail-*/_msearch', isSmall: true }]);
    const heads = requests[0]!.lines!.filter((_, at) => at % 2 === 0);
    expect(heads).toEqual([{ preference: '_shards:0|_primary' }, { preference: '_shards:1|_primary' }]);
  });

  it('asks again for the one that failed, alone', async () => {
    const { askAll, requests } = createCluster(answer({ responses: [found('a'), { error: {}, status: 503 }] }));
    expect(idsOf(await askAll('mail', PARTS, signal))).toEqual(['a', 'alone']);
    expect(requests.map(isTogether)).toEqual([true, false]);
  });

  it.each([
    ['may not send it', fault('forbidden')],
    ['is refused', fault('refused')],
    ['gets half of the answers', answer({ responses: [found('a')] })],
    ['gets another answer', answer('<html>')],
  ])('asks for each alone from then on when it %s', async (_, together) => {
    const { askAll, requests } = createCluster(together);
    expect(idsOf(await askAll('mail', PARTS, signal))).toEqual(['alone', 'alone']);
    expect(idsOf(await askAll('mail', PARTS, signal))).toEqual(['alone', 'alone']);
    expect(requests.map(isTogether)).toEqual([true, false, false, false, false]);
  });

  it.each(['unreachable', 'lost', 'unauthorized', 'overloaded'] as const)(
    'says of each that the cluster is %s, and tries it all again the next time',
    async (kind) => {
      const { askAll, requests } = createCluster(fault(kind));
      expect(idsOf(await askAll('mail', PARTS, signal))).toEqual([kind, kind]);
      expect(idsOf(await askAll('mail', PARTS, signal))).toEqual([kind, kind]);
      expect(requests.map(isTogether)).toEqual([true, true]);
    },
  );

  it('asks a single shard as ever', async () => {
    const { askAll, requests } = createCluster(answer({ responses: [found('a')] }));
    expect(idsOf(await askAll('mail', PARTS.slice(0, 1), signal))).toEqual(['alone']);
    expect(requests.map(isTogether)).toEqual([false]);
  });
});
