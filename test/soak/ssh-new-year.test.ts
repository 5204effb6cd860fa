/** The real fleet over real SSH, its logs (RFC 3164: neither year nor zone) moved over New Year and the leap day. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeShifted } from '../../scripts/corpus/shift.mjs';
import { readTruth } from '../../scripts/corpus/truth.mjs';
import { createSshdLab, type Sshd, type SshdLab } from '../services/sshd.ts';
import { writeSshConfig } from '../sources/ssh-lab.ts';
import { scoreFleet } from '../support/score-fleet.ts';

type Host = Readonly<{ host: string; log_hostname: string; tz: string }>;

const original = readTruth(fileURLToPath(new URL('../fixtures/mailbed', import.meta.url)));
const fleet = ([...original.hosts.values()] as readonly Host[]).filter(({ log_hostname: name }) =>
  existsSync(join(original.directory, 'hosts', name)),
);

const TIMES = ['2027-01-01T00:00:00Z', '2026-12-31T16:00:00Z', '2028-02-29T05:00:00Z'];

describe('the fleet over SSH', () => {
  let lab: SshdLab;
  const machines = new Map<string, Sshd>();
  const folder = mkdtempSync(join(tmpdir(), 'mailtrace-new-year-'));
  beforeAll(async () => {
    lab = await createSshdLab();
    for (const { host, tz } of fleet) machines.set(host, await lab.start({ env: { TZ: tz } }));
    for (const toIso of TIMES) writeShifted(original, { toIso, out: join(folder, toIso) });
  });
  afterAll(async () => {
    await lab.remove();
    rmSync(folder, { recursive: true });
  });

  it.each(TIMES)(
    'is right in every scenario around %s',
    async (toIso) => {
      const truth = readTruth(join(folder, toIso));
      const fileOf = ({ log_hostname: name }: Host): string =>
        join(truth.directory, 'hosts', name, 'rfc3164', 'mail.log');
      const places = fleet.map((each) => ({
        host: each.host,
        server: machines.get(each.host)!,
        logFiles: [fileOf(each)],
      }));
      const config = JSON.stringify({
        method: 'ssh',
        time_zone: 'UTC',
        domain: truth.domain,
        clusters: truth.clusters,
        ssh_config: {
          username: lab.user,
          sudo: false,
          ssh_config_file: await writeSshConfig(lab, places),
          hosts: Object.fromEntries(fleet.map((each) => [each.host, { log_files: [fileOf(each)] }])),
        },
      });
      expect((await scoreFleet(truth, config)).faults).toEqual({});
    },
    900_000,
  );
});
