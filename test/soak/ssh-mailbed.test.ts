/** Real mail of a fleet, traced over real SSH: on ten machines, on one loghost with a file for each, and in one merged file. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLogs } from '../../scripts/corpus/logs.mjs';
import { scoreScenario } from '../../scripts/corpus/run-corpus.mjs';
import { readTruth } from '../../scripts/corpus/truth.mjs';
import { createSshdLab, type Sshd, type SshdLab } from '../services/sshd.ts';
import { writeSshConfig } from '../sources/ssh-lab.ts';
import { openFromText } from '../support/open-tracer.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/mailbed', import.meta.url));
const truth = readTruth(FOLDER);
const logs = readLogs(truth);
const { scenarios, background } = truth;

type Host = Readonly<{ host: string; log_hostname: string; tz: string }>;
const fleet = ([...truth.hosts.values()] as readonly Host[]).filter(({ log_hostname: name }) =>
  existsSync(`${FOLDER}/hosts/${name}`),
);

const LIVE = { rfc3164: 'mail.log', rfc3339: 'mail.iso.log', rfc5424: 'mail.5424.log' } as const;
type Form = keyof typeof LIVE;
const FORMS = Object.keys(LIVE) as readonly Form[];

type Layout = Readonly<{
  serverOf: (host: Host) => Sshd;
  fileOf: (host: Host) => string;
  /** Said by the configuration; else the machine says it. */
  hasZones: boolean;
}>;

const openLayout = async (lab: SshdLab, { serverOf, fileOf, hasZones }: Layout) => {
  const places = fleet.map((each) => ({ host: each.host, server: serverOf(each), logFiles: [fileOf(each)] }));
  const configFile = await writeSshConfig(lab, places);
  const hosts = Object.fromEntries(
    fleet.map((each) => [each.host, { log_files: [fileOf(each)], ...(hasZones ? { time_zone: each.tz } : {}) }]),
  );
  return openFromText(
    JSON.stringify({
      method: 'ssh',
      time_zone: 'UTC',
      domain: truth.domain,
      clusters: truth.clusters,
      ssh_config: { username: lab.user, sudo: false, ssh_config_file: configFile, hosts },
    }),
  );
};

const scoreAll = async (
  lab: SshdLab,
  layout: Layout,
  list: readonly { sid: string }[] = scenarios,
): Promise<Readonly<Record<string, unknown>>> => {
  const tracer = await openLayout(lab, layout);
  try {
    const options = { trace: tracer.trace, by: 'message-id', logs };
    const faults: Record<string, unknown> = {};
    for (const scenario of list) {
      const { right, ...rest } = await scoreScenario(scenario, truth, options);
      if (Object.values(rest).some((list) => list.length > 0)) faults[scenario.sid] = rest;
    }
    return faults;
  } finally {
    await tracer.close();
  }
};

describe('real logs over SSH, against their ground truth', () => {
  let lab: SshdLab;
  const machines = new Map<string, Sshd>();
  let loghost: Sshd;
  beforeAll(async () => {
    lab = await createSshdLab();
    for (const { host, tz } of fleet) machines.set(host, await lab.start({ env: { TZ: tz } }));
    loghost = await lab.start();
  });
  afterAll(() => lab.remove());

  it('holds ten machines, 98 scenarios and 350 mails between them', () => {
    expect(fleet).toHaveLength(10);
    expect(scenarios).toHaveLength(98);
    expect(background).toHaveLength(350);
  });

  it.each(FORMS)(
    'is right in every one of them on ten machines: %s',
    async (form) => {
      const layout = {
        serverOf: ({ host }: Host) => machines.get(host)!,
        fileOf: ({ log_hostname: name }: Host) => `${FOLDER}/hosts/${name}/${form}/${LIVE[form]}`,
        hasZones: false,
      };
      expect(await scoreAll(lab, layout)).toEqual({});
    },
    600_000,
  );

  it.each(FORMS)(
    'is right in every one of them on a loghost with a file for each: %s',
    async (form) => {
      const layout = {
        serverOf: () => loghost,
        fileOf: ({ log_hostname: name }: Host) => `${FOLDER}/loghost/${name}/${LIVE[form]}`,
        hasZones: true,
      };
      expect(await scoreAll(lab, layout)).toEqual({});
    },
    600_000,
  );

  it('is right in every one of them in one merged file', async () => {
    const layout = {
      serverOf: () => loghost,
      fileOf: () => `${FOLDER}/loghost/_all/all-hosts.log`,
      hasZones: true,
    };
    expect(await scoreAll(lab, layout)).toEqual({});
  }, 600_000);

  it('is right in the mails between them', async () => {
    const layout = {
      serverOf: ({ host }: Host) => machines.get(host)!,
      fileOf: ({ log_hostname: name }: Host) => `${FOLDER}/hosts/${name}/rfc3339/${LIVE.rfc3339}`,
      hasZones: false,
    };
    expect(await scoreAll(lab, layout, background)).toEqual({});
  }, 900_000);

  it('opens one connection to each machine', async () => {
    for (const sshd of [...machines.values(), loghost]) expect(await sshd.countConnections()).toBeGreaterThan(0);
    // Three formats were opened one after the other, and one of them for the other mails; and the loghost's merged file.
    for (const sshd of machines.values()) expect(await sshd.countConnections()).toBe(4);
    expect(await loghost.countConnections()).toBe(4);
  });
});
