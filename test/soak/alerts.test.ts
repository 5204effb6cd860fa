/** The long form of test/e2e/alerts-flood.test.ts. */
import { expect, it } from 'vitest';
import { runFlood } from '../support/alert-flood.ts';

it('10,000 bounces in a minute with five causes are five incidents, each current within 10 s', async () => {
  const outcome = await runFlood({ bounces: 10_000, seconds: 60 });
  expect(Object.values(outcome.counts)).toEqual([2000, 2000, 2000, 2000, 2000]);
  expect(outcome.posted).toBe(5);
  expect(outcome.stalestMs).toBeLessThan(10_000);
  expect(outcome.shortestGapMs).toBeGreaterThanOrEqual(1000);
  expect(outcome.refused).toEqual([]);
});

it('killed twenty times meanwhile, no bounce is lost and none is counted twice', async () => {
  const kills = 20;
  const outcome = await runFlood({ bounces: 5000, seconds: 120, kills });
  expect(outcome.counts).toEqual(outcome.expected);
  expect(outcome.posted).toBeLessThanOrEqual(5 + kills);
});
