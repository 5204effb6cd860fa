/** What the doctor says about log files of this machine. */
import { chmod, utimes } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Check, LogSource } from '../../src/app/ports.ts';
import { createLogFolder, type LogFolder } from './log-folder.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const at = (time: string): string => `2026-11-20T${time}:00Z mx1 postfix/smtpd[1]: connect from unknown[192.0.2.1]`;
const bsd = (time: string): string => `Nov 20 ${time}:00 mx1 postfix/smtpd[1]: connect from unknown[192.0.2.1]`;

let folder: LogFolder;
beforeEach(async () => {
  folder = await createLogFolder();
});
afterEach(() => folder.remove());

const diagnose = async (source: LogSource): Promise<readonly Check[]> => {
  const { signal } = new AbortController();
  return (await source.diagnose?.({ nowMs: NOW, hosts: source.hosts }, signal)) ?? [];
};
/** `status name: text → remedy`, with the folder left out. */
const said = async (source: LogSource): Promise<readonly string[]> =>
  (await diagnose(source)).map(({ status, name, text, remedy }) =>
    `${status} ${name}: ${text}${remedy === null ? '' : ` → ${remedy}`}`.replaceAll(`${folder.path('')}/`, ''),
  );

describe('an entry of log_files', () => {
  it('is told with its pieces, forms and times', async () => {
    await folder.write({
      'mail.log': [at('11:00'), at('11:59')],
      'mail.log.1': [bsd('09:00')],
      'mail.log.2.gz': [at('08:00'), at('08:30')],
    });
    expect(await said(folder.open({ mx1: 'mail.log' }))).toEqual([
      'ok readability: mail.log: 3 files in RFC 3164, RFC 3339, 1 of them packed and whole, 2026-11-20 08:00 to 2026-11-20 11:59 (UTC)',
    ]);
  });

  it('is told for itself, each', async () => {
    await folder.write({ 'a.log': [at('11:00')], 'b.log': [] });
    expect(await said(folder.open({ mx1: ['a.log', 'b.log', 'c.log', 'd*.log'] }))).toEqual([
      'ok readability: a.log: 1 file in RFC 3339, 2026-11-20 11:00 to 2026-11-20 11:00 (UTC)',
      'warning readability: b.log: empty → Look whether the syslog daemon writes here.',
      'failed readability: c.log: no such file → correct log_files of this host',
      'failed readability: d*.log: no file matches → correct log_files of this host',
    ]);
  });

  it('is damaged where a packed piece is', async () => {
    const whole = gzipSync(Buffer.from(`${at('08:00')}\n`.repeat(5000)));
    await folder.write({ 'mail.log': [at('11:00')], 'mail.log.1.gz': whole.subarray(0, whole.length - 20) });
    expect(await said(folder.open({ mx1: 'mail.log' }))).toEqual([
      'ok readability: mail.log: 1 file in RFC 3339, 2026-11-20 11:00 to 2026-11-20 11:00 (UTC)',
      expect.stringMatching(
        /^failed readability: mail\.log\.1\.gz: damaged \(.*\) → .*restore it from a copy/,
      ) as string,
    ]);
  });

  it('is no log where no line has a stamp', async () => {
    await folder.write({ 'notes.txt': ['hello', 'world'] });
    expect(await said(folder.open({ mx1: 'notes.txt' }))).toEqual([
      'failed readability: notes.txt: no line begins with a time stamp that is known → correct log_files of this host',
    ]);
  });

  it('names the group that may read it', async () => {
    await folder.write({ 'mail.log': [at('11:00')] });
    await chmod(folder.path('mail.log'), 0o040);
    const [check] = await diagnose(folder.open({ mx1: 'mail.log' }));
    // Root reads everything.
    if (process.getuid?.() === 0) expect(check).toMatchObject({ status: 'ok' });
    else
      expect(check).toMatchObject({
        status: 'failed',
        remedy: expect.stringContaining('add it to the group') as string,
      });
  });

  it('counts faults beyond the first few', async () => {
    const broken = Buffer.from('no gzip');
    await folder.write(Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((n) => [`mail.log.${n}.gz`, broken])));
    const checks = await said(folder.open({ mx1: 'mail.log' }));
    expect(checks).toHaveLength(6);
    expect(checks.at(-1)).toBe('failed readability: mail.log: 2 more of its files cannot be read → mend these first');
  });

  it('is of the hosts that are asked for', async () => {
    await folder.write({ 'a.log': [at('11:00')], 'b.log': [at('11:00')] });
    const source = folder.open({ mx1: 'a.log', mx2: 'b.log' });
    const [, second] = source.hosts;
    const checks = await source.diagnose?.({ nowMs: NOW, hosts: [second!] }, new AbortController().signal);
    expect(checks?.map(({ host }) => host)).toEqual(['mx2']);
  });

  it('ends when it shall', async () => {
    await folder.write({ 'mail.log': [at('11:00')] });
    const { diagnose: run, hosts } = folder.open({ mx1: 'mail.log' });
    await expect(run?.({ nowMs: NOW, hosts }, AbortSignal.abort())).rejects.toThrow();
  });
});

describe('the zone, by the time a live log was written', () => {
  it.each([
    ['2026-11-20T11:30:04Z', 'UTC', null],
    [
      '2026-11-20T03:30:02Z',
      'UTC',
      '8 h ahead of the time it was written → Set time_zone of this host; a zone of UTC+08:00 would fit.',
    ],
    [
      '2026-11-20T16:30:02Z',
      'UTC',
      '5 h behind the time it was written → Set time_zone of this host; a zone of UTC-05:00 would fit.',
    ],
    [
      '2026-11-20T06:00:02Z',
      'UTC',
      '5.5 h ahead of the time it was written → Set time_zone of this host; a zone of UTC+05:30 would fit.',
    ],
    ['2026-11-20T10:30:02Z', 'Europe/Berlin', null],
    // Copied some time later: that says nothing.
    ['2026-11-20T14:13:00Z', 'UTC', null],
    ['2026-12-20T11:30:00Z', 'UTC', null],
  ])('written %s, read in %s', async (written, timeZone, expected) => {
    await folder.write({ 'mail.log': [bsd('11:00'), bsd('11:30')] });
    await utimes(folder.path('mail.log'), new Date(written), new Date(written));
    const zone = (await said(folder.open({ mx1: 'mail.log' }, { timeZone }))).filter((text) =>
      text.includes(' zone: '),
    );
    const all =
      expected === null ? [] : [`warning zone: the last stamp of mail.log, read in ${timeZone}, is ${expected}`];
    expect(zone).toEqual(all);
  });

  it('is not judged by stamps that carry their offset', async () => {
    await folder.write({ 'mail.log': [at('11:30')] });
    await utimes(folder.path('mail.log'), new Date('2026-11-20T03:30:00Z'), new Date('2026-11-20T03:30:00Z'));
    expect(await said(folder.open({ mx1: 'mail.log' }))).toHaveLength(1);
  });
});
