/** The real fleet at other times: over New Year and the leap day, in the zone of each host, in every layout of its logs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLogs, scoreScenario } from '../../scripts/corpus/run-corpus.mjs';
import { writeShifted } from '../../scripts/corpus/shift.mjs';
import { readTruth } from '../../scripts/corpus/truth.mjs';
import { configOf, LAYOUTS, type Layout } from '../support/mailbed-layouts.ts';
import { openFromText } from '../support/open-tracer.ts';

const original = readTruth(fileURLToPath(new URL('../fixtures/mailbed', import.meta.url)));

/** The instant in the middle of the traffic; every zone of the fleet crosses midnight at one of them. */
const TIMES = (process.env['SHIFT_TO'] ?? '2027-01-01T00:00:00Z').split(',');
const only = process.env['LAYOUTS']?.split(',');

describe.each(TIMES)('the fleet, its logs moved to %s', (toIso) => {
  const folder = mkdtempSync(join(tmpdir(), 'mailtrace-shifted-'));
  beforeAll(() => writeShifted(original, { toIso, out: folder }));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(LAYOUTS.filter((layout) => only?.includes(layout) ?? true))(
    'is right in every scenario: %s',
    async (layout: Layout) => {
      const truth = readTruth(folder);
      const tracer = await openFromText(configOf(truth, layout));
      try {
        const options = {
          trace: tracer.trace,
          by: 'message-id',
          requiredMtas: new Set(['postfix', 'sendmail', 'exim']),
          logs: readLogs(truth),
        };
        const faults: Record<string, unknown> = {};
        for (const scenario of truth.scenarios) {
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
