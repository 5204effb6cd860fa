/** Ways, next tries and where to begin, in words; in the terminal and in Slack. */
import { describe, expect, it } from 'vitest';
import type { Chain, PathCheck, RetryEstimate, StartPlace } from '../../src/domain/chain.ts';
import { hostName, queueId } from '../../src/domain/ids.ts';
import { pathTexts, retryTexts, startText, worstFirst } from '../../src/render/diagnosis-text.ts';
import { renderJson } from '../../src/render/json.ts';
import { plainStyle } from '../../src/render/style.ts';
import { renderTable } from '../../src/render/table.ts';
import { verdictReply } from '../../src/slack/replies/verdict.ts';
import { createZone } from '../../src/zone.ts';
import { at, deliveredChain, report } from '../support/chains.ts';

const path = (hosts: string, facts: Partial<PathCheck> = {}): PathCheck => ({
  direction: 'inbound',
  hosts: hosts.split(' ').map(hostName),
  recipients: ['bob@campus.example'],
  isExpected: true,
  note: null,
  ...facts,
});

const retry = (facts: Partial<RetryEstimate> = {}): RetryEstimate => ({
  host: hostName('out'),
  queueId: queueId('A1A1A1A1'),
  earliestMs: at(301),
  latestMs: at(601),
  givesUpMs: at(5 * 86_400),
  basis: 'default',
  because: 'Postfix waits',
  isOverdue: false,
  ...facts,
});

describe('ways', () => {
  const wrong = path('mx1 box', { isExpected: false, note: 'gw is missing', recipients: ['eve@campus.example'] });
  it.each<readonly [string, readonly PathCheck[], readonly string[]]>([
    ['as expected', [path('mx1 gw box')], ['inbound: mx1 → gw → box (as expected)']],
    [
      'several, the wrong one first',
      [path('mx1 gw box'), wrong],
      [
        'inbound: mx1 → box for eve@campus.example (not as expected, see the findings)',
        'inbound: mx1 → gw → box for bob@campus.example (as expected)',
      ],
    ],
    [
      'a direction that cannot be told',
      [path('gw box', { direction: null, isExpected: null, note: 'the direction cannot be told: because' })],
      ['gw → box (not checked: the direction cannot be told: because)'],
    ],
    ['a direction nobody configured', [path('gw', { isExpected: null, note: 'not configured' })], []],
    [
      'a long one',
      [path(Array.from({ length: 30 }, (_, index) => `h${index}`).join(' '))],
      [
        `inbound: ${Array.from({ length: 11 }, (_, index) => `h${index}`).join(' → ')} → … → h29 (30 hosts) (as expected)`,
      ],
    ],
  ])('%s', (_, paths, expected) => {
    expect(pathTexts({ paths })).toEqual(expected);
  });

  it('are five at most, the rest is counted', () => {
    const paths = Array.from({ length: 8 }, (_, index) => path(`mx${index} box`));
    expect(pathTexts({ paths })).toHaveLength(6);
    expect(pathTexts({ paths }).at(-1)).toBe('and 3 more ways');
  });
});

describe('next tries', () => {
  const zone = createZone('Europe/Berlin');
  it('are named estimates, in the zone of the answer', () => {
    expect(retryTexts({ retries: [retry()] }, zone)).toEqual([
      '2026-11-20 10:05:01 to 10:10:01 (Europe/Berlin, UTC+01:00) on out; an estimate: Postfix waits. It gives up after 2026-11-25 10:00:00.',
    ]);
  });
  it('of several messages name the queue ID, and what is overdue', () => {
    const texts = retryTexts({ retries: [retry({ isOverdue: true }), retry(), retry(), retry()] }, zone);
    expect(texts[0]).toContain('A1A1A1A1 on out (overdue); an estimate');
    expect(texts.slice(3)).toEqual(['and 1 more']);
  });
});

it('says where to begin', () => {
  const place = (direction: StartPlace['direction'], ...names: string[]): StartPlace => ({ direction, names });
  expect(startText({ startAt: [] })).toBeNull();
  expect(startText({ startAt: [place('inbound', 'mx-cluster'), place('outbound', 'smtp1', 'smtp2')] })).toBe(
    'Inbound mail is first seen on mx-cluster, outbound mail on smtp1 or smtp2: begin there.',
  );
});

it('puts the worst first and keeps the order of the rest', () => {
  const finding = (severity: 'error' | 'info' | 'warning', text: string) =>
    ({ code: 'gap', severity, text, host: null }) as const;
  const all = [finding('info', 'a'), finding('warning', 'b'), finding('error', 'c'), finding('warning', 'd')];
  expect(worstFirst(all).map(({ text }) => text)).toEqual(['c', 'b', 'd', 'a']);
});

describe('everywhere', () => {
  const chain: Chain = {
    ...deliveredChain(),
    verdict: 'deferred',
    paths: [path('mx1 *box*', { isExpected: false, note: 'gw is missing' })],
    retries: [retry()],
  };
  const whole = report({ chains: [chain] });

  it('in the table', () => {
    const text = renderTable(whole, { columns: null, style: plainStyle });
    expect(text).toContain('path        inbound: mx1 → *box* (not as expected, see the findings)');
    expect(text).toContain('next try    2026-11-20 10:05:01 to 10:10:01');
  });

  it('in JSON', () => {
    expect(JSON.parse(renderJson(whole))).toMatchObject({
      chains: [
        {
          paths: [{ direction: 'inbound', hosts: ['mx1', '*box*'], expected: false, note: 'gw is missing' }],
          retries: [
            {
              host: 'out',
              queueId: 'A1A1A1A1',
              earliest: '2026-11-20T09:05:01.000Z',
              isEstimate: true,
              basis: 'default',
              overdue: false,
            },
          ],
        },
      ],
    });
  });

  it('in Slack, as text that formats nothing', () => {
    const { window, timeZone } = whole.query;
    const asked = { by: 'Ann', keywords: ['x'], startHost: null, window, timeZone, zoneNote: null };
    const reply = JSON.stringify(verdictReply({ asked, chain, report: whole, inThread: '' }));
    expect(reply).toContain('inbound: mx1 → *box* (not as expected, see the findings)');
    expect(reply).toContain('Next try: ');
    expect(reply).toContain('an estimate: Postfix waits');
    expect(reply).not.toContain('mrkdwn');
  });
});
