import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { materializeSampleFleet, type SampleFleet } from '../../src/playground/playground.ts';
import { restampLine } from '../../src/playground/restamp.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

describe('restamping a line', () => {
  it.each([
    [
      'the stamp, its digits and its offset',
      '2026-11-21T15:22:38.464865+08:00 lists1 postfix/local[134]: x',
      '2026-12-01T15:22:38.464865+08:00 lists1 postfix/local[134]: x',
    ],
    [
      'a second header',
      '2026-11-21T07:23:19.062705+00:00 mailbox2 postfix-file: Nov 21 07:23:19 mailbox2 postfix/qmgr[1]: x',
      '2026-12-01T07:23:19.062705+00:00 mailbox2 postfix-file: Dec  1 07:23:19 mailbox2 postfix/qmgr[1]: x',
    ],
    [
      'Exim’s own stamp',
      '2026-11-21T07:24:33.463556+00:00 ex1 exim[65]: 2026-11-21 07:24:33 1xUfSb-000013-1T Completed',
      '2026-12-01T07:24:33.463556+00:00 ex1 exim[65]: 2026-12-01 07:24:33 1xUfSb-000013-1T Completed',
    ],
    [
      'the working directory and trace header in a line of amavis',
      '2026-11-21T07:23:20.6+00:00 gw amavis[58]: /amavis-20261121T072320-00058-kJ: for <a@b.example>; Sat, 21 Nov 2026 07:23:20 +0000 (UTC)',
      '2026-12-01T07:23:20.6+00:00 gw amavis[58]: /amavis-20261201T072320-00058-kJ: for <a@b.example>; Tue, 01 Dec 2026 07:23:20 +0000 (UTC)',
    ],
    [
      'the message-ids that Postfix and Sendmail make',
      '2026-11-21T07:24:00.1+00:00 mx1 postfix/cleanup[1]: A: message-id=<20261121072400.F0432546B76@mx1.example>, <202611210724.6AL7OLeR000274@sm1.example>',
      '2026-12-01T07:24:00.1+00:00 mx1 postfix/cleanup[1]: A: message-id=<20261201072400.F0432546B76@mx1.example>, <202612010724.6AL7OLeR000274@sm1.example>',
    ],
    [
      'the seconds in a provider’s reply',
      '2026-11-21T07:23:21.2+00:00 out1 postfix/smtp[1]: A: status=sent (250 2.0.0 OK  1795245801 a4ddaab - gsmtp)',
      '2026-12-01T07:23:21.2+00:00 out1 postfix/smtp[1]: A: status=sent (250 2.0.0 OK  1796109801 a4ddaab - gsmtp)',
    ],
    [
      'nothing in numbers that are no stamps',
      '2026-11-21T07:23:17.2+00:00 gw amavis[41]: amavis-2.13.0 (20230106), Unicode aware, delay=07:23:17, C.20261121@x',
      '2026-12-01T07:23:17.2+00:00 gw amavis[41]: amavis-2.13.0 (20230106), Unicode aware, delay=07:23:17, C.20261121@x',
    ],
  ])('moves %s', (_name, before, after) => {
    expect(restampLine(before, 10 * DAY_MS)).toBe(after);
  });

  it('goes over the end of a year', () => {
    const line = '2026-12-31T23:59:59.5-05:00 h postfix-file: Dec 31 23:59:59 h x';
    expect(restampLine(line, 60_000)).toBe('2027-01-01T00:00:59.5-05:00 h postfix-file: Jan  1 00:00:59 h x');
  });
});

describe('the sample fleet', () => {
  const nowMs = Date.parse('2027-03-29T06:30:00Z');
  let dir = '';
  let fleet: SampleFleet;
  const textOf = new Map<string, string>();
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fleet-'));
    fleet = await materializeSampleFleet({ dir, nowMs, timeZone: 'Europe/Berlin' });
    for (const { name, files } of fleet.hosts) textOf.set(name, await readFile(files[0]!, 'utf8'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('has ten hosts with a log each', () => {
    expect(fleet.hosts).toHaveLength(10);
    expect(fleet.clusters['mx-cluster']).toEqual(['mx1.campus.example', 'mx2.campus.example']);
    for (const [name, text] of textOf) expect(text.split('\n').length, name).toBeGreaterThan(100);
  });

  it('keeps every line of what it was made from', async () => {
    for (const [name, text] of textOf) {
      const short = name.split('.')[0]!;
      const packed = await readFile(new URL(`../../src/playground/sample-data/${short}.log.gz`, import.meta.url));
      expect(text.split('\n').length).toBe(gunzipSync(packed).toString().split('\n').length);
    }
  });

  it('lies at yesterday 10:00 in the given zone, on the day after the clocks changed, too', () => {
    // Sunday 2027-03-28 is the day of the change; 10:00 is already summer time: 08:00 UTC.
    const tenMs = Date.parse('2027-03-28T08:00:00Z');
    for (const [name, text] of textOf) {
      for (const line of text.trimEnd().split('\n')) {
        const atMs = Date.parse(/^\S+/.exec(line)![0]);
        expect(Math.abs(atMs - tenMs), `${name}: ${line}`).toBeLessThan(5 * 60_000);
      }
    }
  });

  it('leaves no stamp of the original day behind, and keeps each host’s offset', () => {
    for (const text of textOf.values()) expect(text).not.toMatch(/2026-11-21|20261121|Nov 21|21 Nov 2026|2026\/11/);
    expect(textOf.get('lists1.campus.example')).toMatch(/^2027-03-28T\S+\+08:00 lists1 /);
    expect(textOf.get('mailbox1.campus.example')).toMatch(/^2027-03-28T\S+-05:00 mailbox1/);
    expect(textOf.get('mailbox2.campus.example')).toMatch(/^2027-03-28T08:00\S+ mailbox2 postfix-file: Mar 28 08:00/);
  });

  it('writes the same bytes when asked again on the same day', async () => {
    const again = await materializeSampleFleet({ dir, nowMs: nowMs + HOUR_MS, timeZone: 'Europe/Berlin' });
    expect(await readFile(again.hosts[2]!.files[0]!, 'utf8')).toBe(textOf.get('gw.campus.example'));
  });

  it('proposes five commands a newcomer can type', () => {
    expect(fleet.proposals.map(({ command }) => command)).toEqual([
      '/mailtrace sales@campus.example yesterday 10am 1h',
      '/mailtrace gina@greywall.example yesterday 10am 1h',
      '/mailtrace ghost@campus.example yesterday 10am 1h',
      '/mailtrace nobody9@campus.example yesterday 10am 1h',
      '/mailtrace announce@lists.campus.example yesterday 10am 1h',
    ]);
  });

  it.each([
    ['America/New_York', 0, 'yesterday 4am 1h'],
    ['Asia/Kolkata', 0, 'yesterday 13:30 1h'],
    ['Pacific/Auckland', 0, 'yesterday 9pm 1h'],
    ['Europe/Berlin', DAY_MS, '2027-03-28 10:00 1h'],
    ['America/Los_Angeles', 12 * -HOUR_MS, 'today 01:00 1h'],
  ])('says the same hour for a reader in %s', (zone, later, phrase) => {
    const [first] = fleet.proposalsFor(zone, nowMs + later);
    expect(first?.command).toBe(`/mailtrace sales@campus.example ${phrase}`);
  });

  it.each([
    ['sales@campus.example', 'mx2.campus.example', /4jWkFk143lznk7d: to=<sales@campus\.example>.* status=sent/, 1],
    ['gina@greywall.example', 'out1.campus.example', /90EA2548919: to=<gina@greywall\.example>.* status=deferred/, 2],
    ['ghost@campus.example', 'mx2.campus.example', /4jWkGS2Rb1znl3Q: to=<ghost@campus\.example>/, 1],
    ['nobody9@campus.example', 'mx1.campus.example', /NOQUEUE: reject: RCPT .* to=<nobody9@campus\.example>/, 1],
    ['announce@lists.campus.example', 'lists1.campus.example', /68D80546A0F: to=<announce@lists\.campus\.example>/, 1],
  ])('holds one message for %s', (address, host, wanted, count) => {
    const text = textOf.get(host)!;
    expect(text.split('\n').filter((line) => wanted.test(line))).toHaveLength(count);
    // On the host where mail enters, the address belongs to one queue ID or one refusal.
    const entry = ['mx1.campus.example', 'mx2.campus.example', 'smtp1.campus.example'].flatMap((name) =>
      textOf
        .get(name)!
        .split('\n')
        .filter((line) => line.includes(`to=<${address}>`)),
    );
    expect(entry).toHaveLength(1);
  });
});
