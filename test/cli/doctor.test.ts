import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Examination, OpenDoctor } from '../../src/app/doctor.ts';
import type { Check } from '../../src/app/ports.ts';
import { dispatch } from '../../src/cli/dispatch.ts';
import { doctorCommand } from '../../src/cli/doctor.ts';
import { MailtraceError } from '../../src/errors.ts';
import { openDoctor } from '../../src/wire.ts';
import { fakeIo } from '../support/fake-io.ts';

type Facts = NonNullable<Parameters<typeof fakeIo>[0]>;

const run = async (open: OpenDoctor, argv: readonly string[], facts: Facts = {}) => {
  const io = fakeIo(facts);
  const commands = { doctor: { summary: '', load: async () => doctorCommand({ openDoctor: open }) } };
  const code = await dispatch(commands, '1')(['doctor', ...argv], io);
  return { code, out: io.out(), err: io.err() };
};

const ok: Check = { name: 'configuration', host: null, status: 'ok', text: 'c.yaml: method file', remedy: null };
const stale: Check = {
  name: 'freshness',
  host: 'mx1',
  status: 'warning',
  text: 'newest line 7 h ago',
  remedy: 'Look.',
};
const failed: Check = { name: 'readability', host: 'mx1', status: 'failed', text: 'gone', remedy: 'Name it.' };
const unknown: Check = { name: 'format', host: 'mx1', status: 'unknown', text: 'not checked', remedy: null };

const doctorWith = (checks: readonly Check[]) => {
  const asked: Examination[] = [];
  const state = { isClosed: false };
  const open: OpenDoctor = () =>
    Promise.resolve({
      examine: (examination) => {
        asked.push(examination);
        return Promise.resolve(checks);
      },
      close: () => {
        state.isClosed = true;
        return Promise.resolve();
      },
    });
  return { open, asked, state };
};

describe('mailtrace doctor', () => {
  it('prints a line for each check, and a count', async () => {
    expect(await run(doctorWith([ok, failed, unknown, stale]).open, [])).toEqual({
      code: 3,
      out: [
        'ok       configuration  c.yaml: method file',
        'failed   readability    mx1: gone → Name it.',
        'unknown  format         mx1: not checked',
        'warning  freshness      mx1: newest line 7 h ago → Look.',
        '4 checks: 1 ok, 1 to look at, 1 failed, 1 not known.',
        '',
      ].join('\n'),
      err: '',
    });
  });

  it.each([
    [[ok], 0],
    [[ok, stale, unknown], 0],
    [[ok, failed], 3],
  ])('ends with its code %#', async (checks, code) => {
    expect((await run(doctorWith(checks).open, [])).code).toBe(code);
    expect((await run(doctorWith(checks).open, ['--json'])).code).toBe(code);
  });

  it('prints JSON', async () => {
    const { out } = await run(doctorWith([ok, failed]).open, ['--json']);
    expect(JSON.parse(out)).toEqual({ schema: 'mailtrace.doctor/1', checks: [ok, failed] });
  });

  it('asks for one host or cluster, with the clock of the process, and closes', async () => {
    const { open, asked, state } = doctorWith([ok]);
    await run(open, ['-h', 'mx-cluster'], { nowMs: 5 });
    expect(asked).toMatchObject([{ startHost: 'mx-cluster', nowMs: 5 }]);
    expect(state.isClosed).toBe(true);
  });

  const broken: OpenDoctor = () =>
    Promise.reject(
      new MailtraceError('config', 'c.yaml has 2 problems:\n  line 1, a: x\n  line 2, b: y', 'Correct it.'),
    );

  it('takes a wrong configuration for a failed check that names every problem', async () => {
    expect(await run(broken, [])).toEqual({
      code: 2,
      out: [
        'failed   configuration  c.yaml has 2 problems:',
        '  line 1, a: x',
        '  line 2, b: y',
        '  Correct it.',
        '1 check: 1 failed.',
        '',
      ].join('\n'),
      err: '',
    });
    const { code, out } = await run(broken, ['--json']);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ checks: [{ name: 'configuration', host: null, status: 'failed' }] });
  });

  it('refuses wrong usage with 2 and says nothing on stdout', async () => {
    expect(await run(doctorWith([]).open, ['mx1'])).toMatchObject({ code: 2, out: '' });
    expect((await run(doctorWith([]).open, ['--jsn'])).err).toContain('--json');
  });

  it('keeps what a log says harmless', async () => {
    const { out } = await run(doctorWith([{ ...stale, text: 'a\u001b[2Jb' }]).open, []);
    expect(out).not.toContain('\u001b');
  });

  it('colours the status on a terminal', async () => {
    const { out } = await run(doctorWith([failed]).open, [], { terminal: true, env: {} });
    expect(out).toContain('\u001b[31mfailed');
  });
});

const FOLDER = fileURLToPath(new URL('../fixtures/mailbed/', import.meta.url));

type Host = Readonly<{ host: string; log_hostname: string; tz: string; mta: string; clock_skew_s: number }>;
const { hosts: all } = JSON.parse(readFileSync(`${FOLDER}truth.json`, 'utf8')) as { hosts: readonly Host[] };
const fleet = all.filter(({ log_hostname: name, mta }) => mta === 'postfix' && existsSync(`${FOLDER}hosts/${name}`));

const WRITTEN_S = Date.parse('2026-11-21T07:36:00Z') / 1000;

describe('the mailbed corpus, at the time it was made', { timeout: 60_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'doctor-'));
    // A checkout gives every file the time of the checkout, which may lie whole half hours after the last line: a wrong zone.
    for (const { log_hostname: name } of fleet) {
      const logs = `${FOLDER}hosts/${name}/rfc3164`;
      await mkdir(join(folder, name));
      for (const piece of await readdir(logs)) {
        await copyFile(join(logs, piece), join(folder, name, piece));
        await utimes(join(folder, name, piece), WRITTEN_S, WRITTEN_S);
      }
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  const examine = async (zoneOf: (host: Host) => string | undefined, ...argv: readonly string[]) => {
    const path = join(folder, 'config.yaml');
    const hosts = fleet.map((host): [string, object] => {
      const zone = zoneOf(host);
      const files = { log_files: [join(folder, host.log_hostname, 'mail.log')] };
      return [host.host, zone === undefined ? files : { ...files, time_zone: zone }];
    });
    const config = { method: 'file', time_zone: 'UTC', domain: 'campus.example' };
    await writeFile(path, JSON.stringify({ ...config, file_config: { hosts: Object.fromEntries(hosts) } }));
    return run(openDoctor, ['-c', path, ...argv], { nowMs: WRITTEN_S * 1000 });
  };

  it('is well, but for the clock that is 42 s behind', async () => {
    const { code, out } = await examine(({ tz }) => tz);
    const told = out.split('\n').filter((line) => !line.startsWith('ok '));
    expect(told).toEqual([
      expect.stringMatching(
        /^warning {2}clock-skew {5}lists1\.campus\.example: the clock is about 4[12] s behind/,
      ) as string,
      '35 checks: 34 ok, 1 to look at.',
      '',
    ]);
    expect(code).toBe(0);
  });

  it('shows two zones that nobody configured', async () => {
    const { code, out } = await examine(() => undefined);
    const zones = out.split('\n').filter((line) => /^failed +zone/.test(line));
    expect(zones).toEqual([
      expect.stringContaining('lists1.campus.example: mail shows the stamps of this host 8 h ahead of') as string,
      expect.stringContaining('mailbox1.campus.example: mail shows the stamps of this host 5 h behind') as string,
    ]);
    expect(code).toBe(3);
  });

  it('is checked in part', async () => {
    const { code, out } = await examine(({ tz }) => tz, '-h', 'mx1', '--json');
    const { checks } = JSON.parse(out) as { checks: readonly Check[] };
    expect(code).toBe(0);
    expect([...new Set(checks.map(({ host }) => host))]).toEqual([null, 'mx1.campus.example']);
  });

  it('knows no other host', async () => {
    expect(await examine(({ tz }) => tz, '-h', 'mx9')).toMatchObject({ code: 2, out: '' });
  });
});
