/** The real fleet at other times: over New Year and the leap day, in the zone of each host, in every layout of its logs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeShifted } from '../../scripts/corpus/shift.mjs';
import { readTruth } from '../../scripts/corpus/truth.mjs';
import { configOf, LAYOUTS, type Layout } from '../support/mailbed-layouts.ts';
import { scoreFleet } from '../support/score-fleet.ts';

const original = readTruth(fileURLToPath(new URL('../fixtures/mailbed', import.meta.url)));

/**
 * Which instant comes to be in the middle of the traffic, and the layouts that are tried with it. The hosts of the fleet are in
 * UTC, Taipei and New York. Others: `SHIFT_TO=2026-11-01T06:00:00Z npx vitest run …` (`,` between several; all layouts).
 */
const given = process.env['SHIFT_TO']?.split(',');
const TIMES: readonly (readonly [string, readonly Layout[]])[] = given?.map((each) => [each, LAYOUTS] as const) ?? [
  ['2027-01-01T00:00:00Z', ['own rfc3164', 'merged rfc3164', 'daemons']],
  ['2028-02-29T05:00:00Z', ['loghost rfc3164']],
  // The clocks of New York are set back.
  ['2026-11-01T06:00:00Z', ['merged rfc3164']],
];

describe.each(TIMES)('the fleet, its logs moved to %s', (toIso, layouts) => {
  const folder = mkdtempSync(join(tmpdir(), 'mailtrace-shifted-'));
  beforeAll(() => writeShifted(original, { toIso, out: folder }));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(layouts)(
    'is right in every scenario: %s',
    async (layout: Layout) => {
      const truth = readTruth(folder);
      expect((await scoreFleet(truth, configOf(truth, layout))).faults).toEqual({});
    },
    300_000,
  );
});
