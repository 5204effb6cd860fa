/** The real logs of ten hosts (test/fixtures/mailbed): all four forms say the same, and no line is lost over the rotations. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { LogSource } from '../../src/app/ports.ts';
import type { LogRecord } from '../../src/domain/event.ts';
import { buildHostDirectory } from '../../src/domain/host-names.ts';
import { openFiles } from '../../src/sources/files.ts';
import { searchIn } from './log-folder.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/mailbed/', import.meta.url));
const read = (name: string): unknown => JSON.parse(readFileSync(`${FOLDER}${name}`, 'utf8'));

type Host = Readonly<{ host: string; log_hostname: string; tz: string }>;
const { hosts } = read('truth.json') as { hosts: readonly Host[] };
const counts = read('counts.json') as Readonly<Record<string, Readonly<Record<string, number>>>>;
const fleet = hosts.filter(({ log_hostname: name }) => existsSync(`${FOLDER}hosts/${name}`));
const { canonical } = buildHostDirectory({ hosts: fleet.map(({ host }) => host), clusters: {}, domain: '' });

const ALL = { from: '2026-11-21T05:00:00Z', to: '2026-11-21T10:00:00Z' };
const LIVE = { rfc3164: 'mail.log', rfc3339: 'mail.iso.log', rfc5424: 'mail.5424.log', json: 'mail.json' } as const;
type Form = keyof typeof LIVE;
const FORMS = Object.keys(LIVE) as readonly Form[];

const open = (pathOf: (name: string) => string): LogSource =>
  openFiles({
    hosts: fleet.map(({ host, log_hostname: name, tz }) => ({
      host: canonical(host),
      logFiles: [`${FOLDER}${pathOf(name)}`],
      timeZone: tz,
    })),
    timeZone: 'UTC',
    canonical,
  });

const readAll = async (pathOf: (name: string) => string) => searchIn(open(pathOf), ALL);
const forms = new Map<Form, ReturnType<typeof readAll>>();
/** Each form is read once. */
const readForm = (form: Form) => {
  const known = forms.get(form) ?? readAll((name) => `hosts/${name}/${form}/${LIVE[form]}`);
  forms.set(form, known);
  return known;
};
const expectedCounts = (form: string) => fleet.map(({ host, log_hostname: name }) => `${host} ${counts[name]![form]}`);

/** What every form says alike; the time to the second, which is all that RFC 3164 has. */
const common = ({ host, timeMs, pid, text }: LogRecord): string =>
  `${Math.floor(timeMs / 1000)} ${host} ${pid} ${text}`;

describe('the mailbed corpus', { timeout: 60_000 }, () => {
  it('has ten hosts', () => {
    expect(fleet).toHaveLength(10);
  });

  it.each(FORMS)('is read to the last line in %s', async (form) => {
    const outcome = await readForm(form);
    expect(outcome.hosts.map(({ host, linesRead }) => `${host} ${linesRead}`)).toEqual(expectedCounts(form));
    for (const reading of outcome.hosts) expect(reading).toMatchObject({ status: 'ok', error: null, headlessLines: 0 });
  });

  it('says the same in all its forms', async () => {
    const [first, ...others] = await Promise.all(FORMS.map(readForm));
    for (const other of others) expect(other.records.map(common)).toEqual(first!.records.map(common));
  });

  it('keeps the daemon in RFC 3164 and RFC 3339', async () => {
    const [old, iso] = [await readForm('rfc3164'), await readForm('rfc3339')];
    expect(old.records.map(({ program }) => program)).toEqual(iso.records.map(({ program }) => program));
    expect(iso.records.filter(({ program }) => program === 'postfix')).toEqual([]);
  });

  it('is the same to the second as the loghost received it, in one file for all hosts and in a file for each', async () => {
    const own = await readForm('rfc3164');
    const shared = await readAll(() => 'loghost/_all/all-hosts.log');
    expect(shared.hosts.map(({ host, linesRead }) => `${host} ${linesRead}`)).toEqual(expectedCounts('rfc3164'));
    // rsyslog has two workers: what arrives at once is written in any order.
    expect(shared.records.map(common).sort()).toEqual(own.records.map(common).sort());
    const apart = await readAll((name) => `loghost/${name}/mail.iso.log`);
    expect(apart.records.map(common).sort()).toEqual(own.records.map(common).sort());
  });

  it('counts each line once where a glob matches three of its forms', async () => {
    const outcome = await readAll((name) => `hosts/${name}/rfc*/mail*`);
    expect(outcome.hosts.map(({ host, linesRead }) => `${host} ${linesRead}`)).toEqual(expectedCounts('rfc3164'));
  });
});
