/**
 * Whatever is killed or goes away while lines arrive: spans are those of an undisturbed run, alerts as many as failures.
 * (Longer: test/soak.)
 */
import { expect, it } from 'vitest';
import { getOpensearch, OPENSEARCH_START_MS } from '../services/opensearch.ts';
import { OTLP_START_MS } from '../services/otlp.ts';
import { identities, runOrdeal } from '../support/tracing-outages.ts';

it(
  'loses no span and no alert and invents none when it is killed five times, and receiver, Slack and OpenSearch go away',
  async () => {
    const server = await getOpensearch('plain');
    const ordeal = { index: 'mailtrace-kill', mails: 1200, kills: 5, chunk: 500, pauseMs: 500, awayMs: 2500, seed: 7 };
    const outcome = await runOrdeal(server, { ...ordeal, withinMs: 60_000 });
    expect(outcome.lines).toBeGreaterThan(9000);
    const [disturbed, undisturbed] = [identities(outcome.disturbed), identities(outcome.undisturbed)];
    expect([...undisturbed].filter((span) => !disturbed.has(span))).toEqual([]);
    expect([...disturbed].filter((span) => !undisturbed.has(span))).toEqual([]);
    expect(undisturbed.size).toBeGreaterThan(ordeal.mails * 3);
    const { shown, logged, posted } = outcome.alerts;
    expect(shown).toEqual(logged);
    expect(posted).toBeLessThanOrEqual(Object.keys(logged).length + ordeal.kills);
    expect(outcome.code).toBe(0);
  },
  OPENSEARCH_START_MS + OTLP_START_MS,
);
