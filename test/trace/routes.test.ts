/** Sequences of hosts against routes: what fits, and what is said of what does not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RouteStep } from '../../src/domain/architecture.ts';
import { type HostName, hostName } from '../../src/domain/ids.ts';
import { findMisfit, findSkipped, fitsRoutes, nearestRoutes, routeText } from '../../src/trace/routes.ts';

const ROLES: Readonly<Record<string, readonly string[]>> = {
  mx: ['mx1', 'mx2'],
  gw: ['gw1'],
  lists: ['l1'],
  box: ['b1', 'b2'],
};

const route = (text: string): readonly RouteStep[] =>
  text.split(' ').flatMap((word): RouteStep[] => {
    const name = word.replace(/[?+*]$/, '');
    const step = (times: RouteStep['times']): RouteStep => ({
      name,
      hosts: new Set((ROLES[name] ?? [name]).map(hostName)),
      times,
    });
    if (word.endsWith('?')) return [step('optional')];
    if (word.endsWith('*')) return [step('star')];
    return word.endsWith('+') ? [step('one'), step('star')] : [step('one')];
  });

const hosts = (text: string): readonly HostName[] => text.split(' ').map(hostName);
const journey = (text: string, facts: Partial<{ isBegun: boolean; isDone: boolean }> = {}) => ({
  hosts: hosts(text),
  isBegun: true,
  isDone: true,
  ...facts,
});

describe('a whole journey', () => {
  it.each([
    ['mx gw box', 'mx1 gw1 b2', true],
    ['mx gw box', 'mx1 b2', false],
    ['mx gw box', 'mx1 gw1', false],
    ['mx gw box', 'gw1 b1', false],
    ['mx gw box', 'mx1 gw1 b1 b2', false],
    ['mx gw? box', 'mx1 b2', true],
    ['mx gw? box', 'mx1 gw1 b2', true],
    ['mx gw? box', 'mx1 gw1 gw1 b2', false],
    ['mx gw+ box', 'mx1 b2', false],
    ['mx+ box', 'mx1 mx2 mx1 b2', true],
    ['mx lists* gw box', 'mx1 gw1 b1', true],
    ['mx lists? gw lists? box', 'mx1 l1 gw1 l1 b1', true],
    ['mx? gw? box?', 'gw1', true],
    ['mx* box', 'mx1', false],
    ['mx mx* mx', 'mx1 mx2', true],
  ])('%s: %s %s', (text, way, fits) => {
    expect(fitsRoutes([route(text)], journey(way))).toBe(fits);
  });

  it('fits when one of several routes does', () => {
    expect(fitsRoutes([route('mx box'), route('mx gw box')], journey('mx1 gw1 b1'))).toBe(true);
  });
});

describe('a part of a journey', () => {
  it.each([
    ['stopped on the way', 'mx1 gw1', { isDone: false }, true],
    ['stopped on a wrong way', 'mx1 b1', { isDone: false }, false],
    ['began before what is known', 'gw1 b1', { isBegun: false }, true],
    ['neither end is known', 'gw1', { isBegun: false, isDone: false }, true],
    ['neither end is known, and wrong', 'b1 gw1', { isBegun: false, isDone: false }, false],
  ] as const)('%s', (_, way, facts, fits) => {
    expect(fitsRoutes([route('mx gw box')], journey(way, facts))).toBe(fits);
  });
});

describe('what is missing', () => {
  const skipped = (text: string, way: string, facts = {}) =>
    findSkipped([route(text)], journey(way, facts))?.map(
      ({ step, after, before }) => `${after ?? '^'} ${step.name} ${before ?? '$'}`,
    ) ?? null;

  it.each([
    ['mx gw box', 'mx1 b1', ['mx1 gw b1']],
    ['mx gw box', 'gw1 b1', ['^ mx gw1']],
    ['mx gw box', 'mx1 gw1', ['gw1 box $']],
    ['mx gw lists box', 'mx1 b1', ['mx1 gw b1', 'mx1 lists b1']],
    ['mx lists? gw box', 'mx1 l1 b1', ['l1 gw b1']],
    ['mx gw box', 'mx1 b1 gw1', null],
    ['mx gw box', 'mx1 x1 b1', null],
  ])('%s: %s', (text, way, expected) => {
    expect(skipped(text, way)).toEqual(expected);
  });

  it('is nothing when nothing is', () => {
    expect(skipped('mx gw box', 'mx1 gw1 b1')).toEqual([]);
    expect(skipped('mx gw box', 'mx1 gw1', { isDone: false })).toEqual([]);
  });

  it('is not told when it would be most of the route', () => {
    expect(skipped('mx gw lists a b box', 'mx1 b1')).toBeNull();
  });
});

it('says where a journey leaves the routes that fit longest, and what could have come', () => {
  const routes = [route('mx gw box'), route('mx lists? gw lists')];
  expect(findMisfit(routes, journey('mx1 gw1 mx2'))).toEqual({ at: 2, expected: ['box', 'lists'] });
  expect(findMisfit(routes, journey('mx1 gw1'))).toEqual({ at: 2, expected: ['box', 'lists'] });
  expect(findMisfit(routes, journey('mx1 gw1 b1 b1'))).toEqual({ at: 3, expected: [] });
  expect(nearestRoutes(routes, journey('mx1 l1 b1')).map(routeText)).toEqual(['mx → lists? → gw → lists']);
});

it('writes a route as it was configured', () => {
  expect(routeText(route('mx gw+ lists? x* box'))).toBe('mx → gw+ → lists? → x* → box');
});

it('agrees with a regular expression, whatever the route and the way', () => {
  const word = fc
    .tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('', '?', '+', '*'))
    .map((parts) => parts.join(''));
  const way = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), way, (words, steps) => {
      const isFit = new RegExp(`^${words.join('')}$`).test(steps.join(''));
      expect(fitsRoutes([route(words.join(' '))], journey(steps.join(' ')))).toBe(isFit);
      const without = findSkipped([route(words.join(' '))], journey(steps.join(' ')));
      if (isFit) expect(without).toEqual([]);
      else expect(without?.length ?? 1).toBeGreaterThan(0);
    }),
  );
});
