import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configFor, FORMATS, readLogs, scoreScenario } from '../../scripts/corpus/run-corpus.mjs';
import { readTruth } from '../../scripts/corpus/truth.mjs';
import { openFromText } from '../support/open-tracer.ts';

const truth = readTruth(fileURLToPath(new URL('../fixtures/mailbed', import.meta.url)));
const logs = readLogs(truth);
const { scenarios } = truth;

describe('real logs of a fleet, against their ground truth', () => {
  it('holds scenarios of Postfix, Sendmail and Exim', () => {
    expect(scenarios).toHaveLength(98);
  });

  it.each(FORMATS)(
    'is right in every one of them: %s',
    async (format) => {
      const tracer = await openFromText(configFor(truth, format));
      try {
        const options = {
          trace: tracer.trace,
          by: 'message-id',
          requiredMtas: new Set(['postfix', 'sendmail', 'exim']),
          logs,
        };
        const faults: Record<string, unknown> = {};
        for (const scenario of scenarios) {
          const { right, ...rest } = await scoreScenario(scenario, truth, options);
          if (Object.values(rest).some((list) => list.length > 0)) faults[scenario.sid] = rest;
        }
        expect(faults).toEqual({});
      } finally {
        await tracer.close();
      }
    },
    300_000,
  );
});
