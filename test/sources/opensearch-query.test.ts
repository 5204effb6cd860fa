import { describe, expect, it } from 'vitest';
import { hostName } from '../../src/domain/ids.ts';
import { STANDARD } from '../../src/sources/opensearch-analysis.ts';
import { buildQueries, type HostsWish } from '../../src/sources/opensearch-query.ts';
import { createZone } from '../../src/zone.ts';

const FIELDS = { hostname: 'host', message: 'message', timestamp: 'time', service: '', facility: '' };

const build = (wishes: readonly HostsWish[]): readonly string[] => {
  const context = { fields: FIELDS, types: new Map(), analysis: STANDARD, isFrugal: false, zone: createZone('UTC') };
  return buildQueries(wishes, context).map((query) => JSON.stringify(query));
};

const wish = (hosts: readonly string[], fromMs: number, toMs: number, ...texts: readonly string[]): HostsWish => ({
  hosts: new Set(hosts.map(hostName)),
  window: { fromMs, toMs },
  needles: texts.map((text) => ({ text, ignoreCase: false, isWhole: true })),
});

/** As a message is followed beyond the window: each id on each host in spans of its own. */
const HOSTS = Array.from({ length: 30 }, (_, n) => `mx${n}`);
const SPANS = HOSTS.map((host, n) => wish([host], 1000 + n, 2000 + n, `4B1F${n}A09C7`, 'same@x.example'));

describe('queries', () => {
  it('ask for what is wished where one of them is enough', () => {
    const [query, ...more] = build([wish(['mx1'], 1000, 2000, 'AAAA1111'), wish(['mx2'], 5000, 6000, 'BBBB2222')]);
    expect(more).toEqual([]);
    expect(query).toContain('"gte":1000,"lt":2000');
    expect(query).toContain('"gte":5000,"lt":6000');
  });

  it('ask for all ids of many spans together', () => {
    const [query, ...more] = build(SPANS);
    expect(more).toEqual([]);
    expect(query).toContain('"gte":1000,"lt":2029');
    for (const host of HOSTS) expect(query).toContain(`"value":"${host}"`);
    for (const [n] of HOSTS.entries()) expect(query).toContain(`4b1f${n}a09c7`);
  });

  it('do not spread what is no id over the time of others', () => {
    const address = { text: '[198.51.100.1]', ignoreCase: false, isWhole: false };
    const session = { ...wish(['mx1'], 500, 600), needles: [address] };
    const everything = wish(['mx2'], 700, 800);
    const queries = build([...SPANS, session, everything]).join('\n');
    expect(queries).toContain('"gte":500,"lt":600');
    expect(queries).toContain('"gte":700,"lt":800');
    expect(queries).toContain('"gte":1000,"lt":2029');
  });

  it('ask nothing in an empty window or of nobody', () => {
    expect(build([wish(['mx1'], 2000, 2000, 'AAAA1111'), wish([], 1000, 2000, 'AAAA1111')])).toEqual([]);
  });
});
