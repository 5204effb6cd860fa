/** A hundred thousand lines and fifty kills: spans are those of an undisturbed run, alerts as many as failures. (Shorter: test/e2e.) */
import { expect, it } from 'vitest';
import { getOpensearch } from '../services/opensearch.ts';
import { identities, runOrdeal } from '../support/tracing-outages.ts';

const LONG_MS = 1_800_000;

it(
  'loses no span and no alert and invents none when it is killed fifty times, and all others go away',
  async () => {
    const server = await getOpensearch('plain');
    const ordeal = {
      index: 'mailtrace-soak',
      mails: 11_500,
      kills: 50,
      chunk: 1000,
      pauseMs: 1500,
      awayMs: 15_000,
      seed: 3,
    };
    const outcome = await runOrdeal(server, { ...ordeal, withinMs: 300_000 });
    expect(outcome.lines).toBeGreaterThan(100_000);
    const [disturbed, undisturbed] = [identities(outcome.disturbed), identities(outcome.undisturbed)];
    expect([...undisturbed].filter((span) => !disturbed.has(span))).toEqual([]);
    expect([...disturbed].filter((span) => !undisturbed.has(span))).toEqual([]);
    const { shown, logged, posted } = outcome.alerts;
    expect(shown).toEqual(logged);
    expect(posted).toBeLessThanOrEqual(Object.keys(logged).length + ordeal.kills);
    expect(outcome.code).toBe(0);
  },
  LONG_MS,
);
