/** The real fleet as other sites ship it: every line in a shape of its own, or every host in another one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTruth } from '../../scripts/corpus/truth.mjs';
import type { LogRecord } from '../../src/domain/event.ts';
import { SHAPES, type Shape } from '../support/log-shapes.ts';
import { readMailbed } from '../support/mailbed-records.ts';
import { scoreFleet } from '../support/score-fleet.ts';

const truth = readTruth(fileURLToPath(new URL('../fixtures/mailbed', import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'mailtrace-shapes-'));
afterAll(() => rmSync(folder, { recursive: true }));

let records: readonly LogRecord[];
beforeAll(async () => {
  ({ records } = await readMailbed('rfc3339'));
});

type Layout = Readonly<{
  name: string;
  shapes: readonly Shape[];
  /** Which shape a line has: by its number, and that of its host. */
  pick: (line: number, host: number) => number;
  file: (host: string) => string;
  end: string;
}>;

const spread = (number: number): number => Math.imul(number + 1, 0x9e3779b1) >>> 8;
/** Nobody escapes every letter: no search could look for that. */
const real = SHAPES.filter(({ name }) => name !== 'escapes of every letter');
const named = real.filter(({ keeps }) => keeps.host !== false);
const whole = real.filter(({ keeps }) => keeps.host !== false && keeps.daemon !== false && keeps.pid !== false);

const LAYOUTS: readonly Layout[] = [
  { name: 'each line in another shape', shapes: real, pick: spread, file: (host) => `mixed/${host}.log`, end: '\n' },
  {
    name: 'each host in another shape, with CRLF',
    shapes: whole,
    pick: (_, host) => host * 5 + 1,
    file: (host) => `hosts/${host}.log`,
    end: '\r\n',
  },
  {
    name: 'all hosts in one file, each line in another shape',
    shapes: named,
    pick: spread,
    file: () => 'all.log',
    end: '\n',
  },
];

const configOf = ({ shapes, pick, file, end }: Layout): string => {
  const hosts = [...new Set(records.map(({ host }) => host))];
  const files = new Map<string, string[]>();
  for (const [index, { host, timeMs, program, pid, text }] of records.entries()) {
    const shape = shapes[pick(index, hosts.indexOf(host)) % shapes.length]!;
    const line = shape.write({ timeMs, host, program, pid, text });
    files.set(file(host), [...(files.get(file(host)) ?? []), line]);
  }
  for (const [name, lines] of files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    // The last line has no end.
    writeFileSync(path, lines.join(end));
  }
  return JSON.stringify({
    method: 'file',
    time_zone: 'UTC',
    domain: truth.domain,
    clusters: truth.clusters,
    file_config: {
      hosts: Object.fromEntries(hosts.map((host) => [host, { log_files: [join(folder, file(host))] }])),
    },
  });
};

describe('the fleet', () => {
  it.each(LAYOUTS.map((layout) => [layout.name, layout] as const))(
    'is right in every scenario: %s',
    async (_, layout) => {
      expect((await scoreFleet(truth, configOf(layout))).faults).toEqual({});
    },
    300_000,
  );
});
