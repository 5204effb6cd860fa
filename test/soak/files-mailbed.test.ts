/** The fleet of mailbed read from its files: by every key the same chains, and the mails between the scenarios. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configFor } from '../../scripts/corpus/layouts.mjs';
import { readLogs } from '../../scripts/corpus/logs.mjs';
import { scoreScenario } from '../../scripts/corpus/run-corpus.mjs';
import { readTruth } from '../../scripts/corpus/truth.mjs';
import { openFromText } from '../support/open-tracer.ts';

const truth = readTruth(fileURLToPath(new URL('../fixtures/mailbed', import.meta.url)));
const logs = readLogs(truth);
const { scenarios, background } = truth;

type Scored = readonly { sid: string }[];

const faultsOf = async (list: Scored, config: string, by: string, chains = new Map<string, string>()) => {
  const tracer = await openFromText(config);
  try {
    const faults: Record<string, unknown> = {};
    for (const scenario of list) {
      const { right, ...rest } = await scoreScenario(scenario, truth, { trace: tracer.trace, by, logs, chains });
      if (Object.values(rest).some((each) => each.length > 0)) faults[scenario.sid] = rest;
    }
    return faults;
  } finally {
    await tracer.close();
  }
};

describe('real logs in files, against their ground truth', () => {
  it('say the same of a message whatever it is asked for by', async () => {
    const chains = new Map<string, string>();
    for (const by of ['message-id', 'recipient', 'sender', 'queue-id'])
      expect(await faultsOf(scenarios, configFor(truth, 'rfc3339'), by, chains), by).toEqual({});
    expect(chains.size).toBeGreaterThan(80);
  }, 900_000);

  it.each([
    ['hosts', 'rfc3339'],
    ['loghost', 'rfc5424'],
    ['merged', 'rfc3164'],
    ['own', 'rfc3339'],
  ])(
    'are right in the mails between the scenarios: %s',
    async (layout, format) => {
      expect(background).toHaveLength(350);
      expect(await faultsOf(background, configFor(truth, format, layout), 'message-id')).toEqual({});
    },
    900_000,
  );
});
