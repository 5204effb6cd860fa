/** The whole process, from lines of a log file to messages in Slack. (Longer: test/soak/alerts.test.ts.) */
import { expect, it } from 'vitest';
import { runFlood } from '../support/alert-flood.ts';

it('2,000 bounces in a minute with five causes are five incidents, each current within 10 s', async () => {
  const outcome = await runFlood({ bounces: 2000, seconds: 60 });
  expect(outcome.counts).toEqual(outcome.expected);
  expect(Object.values(outcome.counts)).toEqual([400, 400, 400, 400, 400]);
  expect(outcome.posted).toBe(5);
  expect(outcome.stalestMs).toBeLessThan(10_000);
  expect(outcome.shortestGapMs).toBeGreaterThanOrEqual(1000);
  expect(outcome.refused).toEqual([]);
}, 180_000);

it('killed three times meanwhile, no bounce is lost and none is counted twice', async () => {
  const kills = 3;
  const outcome = await runFlood({ bounces: 500, seconds: 25, kills });
  expect(outcome.counts).toEqual(outcome.expected);
  // Twice only what was sent and not yet written down when it was killed.
  expect(outcome.posted).toBeLessThanOrEqual(5 + kills);
}, 180_000);

it('with Slack away for a while, everything is shown once it is back', async () => {
  const outcome = await runFlood({ bounces: 400, seconds: 20, awayMs: 8000 });
  expect(outcome.counts).toEqual(outcome.expected);
  expect(outcome.posted).toBe(5);
  expect(outcome.shortestGapMs).toBeGreaterThanOrEqual(1000);
}, 180_000);
