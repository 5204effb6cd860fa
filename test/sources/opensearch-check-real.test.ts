/** What doctor says about an index, over real ones. */
import { beforeAll, describe, expect, it } from 'vitest';
import { hostName } from '../../src/domain/ids.ts';
import type { OpensearchSourceOptions } from '../../src/sources/opensearch.ts';
import { checkOpensearch } from '../../src/sources/opensearch-check.ts';
import { getOpensearch, OPENSEARCH_START_MS, type OpensearchServer } from '../services/opensearch.ts';
import { addressOf, createIndex, ECS_FIELDS, index, type Json } from './opensearch-index.ts';

let plain: OpensearchServer;
let secure: OpensearchServer;
beforeAll(async () => {
  [plain, secure] = await Promise.all([getOpensearch('plain'), getOpensearch('secure')]);
}, OPENSEARCH_START_MS);

const NOW_MS = Date.parse('2026-11-21T08:00:00Z');

const line = (name: string, stamp: string): Json => ({ '@timestamp': stamp, host: { name }, message: 'ABC1: removed' });

const fill = async (at: string, message: Json): Promise<void> => {
  await createIndex(plain, at, { mappings: { properties: { message } } });
  await index(plain, at, [
    line('mx1', '2026-11-21T07:50:00Z'),
    line('mx2', '2026-11-21T16:00:00Z'),
    line('mx3', '2026-11-11T07:50:00Z'),
  ]);
};

const check = async (at: string, more: Partial<OpensearchSourceOptions> = {}) => {
  const options = {
    address: addressOf(plain),
    index: at,
    fields: ECS_FIELDS,
    timeZone: '+00:00',
    hosts: ['mx1', 'mx2', 'mx3', 'mx4'].map(hostName),
    canonical: hostName,
    ...more,
  };
  return checkOpensearch(options, NOW_MS, new AbortController().signal);
};

const lines = (checks: Awaited<ReturnType<typeof check>>): readonly string[] =>
  checks.map(
    ({ name, ok, note, remedy }) => `${ok ? 'ok' : 'NO'} ${name}: ${note}${remedy === null ? '' : ` -> ${remedy}`}`,
  );

describe('doctor over an index', () => {
  it('has a line for everything, with a remedy where one is needed', async () => {
    await fill('check-text', { type: 'text' });
    const found = lines(await check('check-text'));
    expect(found[0]).toMatch(/^ok opensearch cluster: http:\/\/127\.0\.0\.1:\d+ answers, version 3\.8\.0$/);
    expect(found.slice(1)).toEqual([
      'ok opensearch tls: not used; no password is sent',
      'ok opensearch index: check-text has 3 documents',
      'ok opensearch mapping: @timestamp, message, host.name',
      'ok opensearch message: message is analysed into words; searches use the index',
      'ok opensearch mx1: newest line 10 min ago',
      'NO opensearch mx2: its newest line is 8 h in the future -> correct the clock of the host, or opensearch_config.time_zone if stamps are indexed without an offset',
      'NO opensearch mx3: its newest line is 10 days old -> see whether its log shipper still runs',
      'NO opensearch mx4: the index check-text has no document of it -> correct the name of the host or opensearch_config.mapping.hostname (now host.name)',
    ]);
  });

  it('names an analyser that hides parts of the text, and one of its own for searches', async () => {
    await fill('check-english', { type: 'text', analyzer: 'english' });
    expect(lines(await check('check-english')).join('\n')).toMatch(
      /NO opensearch message: .*every line.* -> map it as text/,
    );
    await fill('check-two', { type: 'text', analyzer: 'english', search_analyzer: 'standard' });
    expect(lines(await check('check-two')).join('\n')).toMatch(/NO opensearch analyzer: .* -> use one analyzer/);
  });

  it('names an index and fields that are not there', async () => {
    expect(lines(await check('check-nothing')).join('\n')).toMatch(
      /NO opensearch index: there is no index check-nothing -> correct/,
    );
    await fill('check-text', { type: 'text' });
    const fields = { ...ECS_FIELDS, timestamp: 'when' };
    expect(lines(await check('check-text', { fields })).join('\n')).toMatch(
      /NO opensearch mapping: .*field when -> correct .*timestamp/,
    );
  });

  it('names what is missing of a list, and checks the rest', async () => {
    await fill('check-text', { type: 'text' });
    const found = lines(await check('check-text,check-nothing'));
    expect(found).toContainEqual(
      expect.stringMatching(/^NO opensearch index: there is no index check-nothing -> correct/),
    );
    expect(found).toContain('ok opensearch index: check-text has 3 documents');
  });

  it('ends where the cluster lets nobody in, without the password', async () => {
    const address = { ...addressOf(secure), password: 'wr0ng-password' };
    const found = lines(await check('any', { address }));
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/^NO opensearch cluster: .*401.* -> check opensearch_config\.username/);
    expect(found.join('')).not.toContain('wr0ng');
  });
});
