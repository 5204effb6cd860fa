import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SearchOutcome } from '../../src/app/ports.ts';
import { buildHostDirectory } from '../../src/domain/host-names.ts';
import { createLogFolder, type LogFolder, searchIn } from './log-folder.ts';

let folder: LogFolder;
beforeEach(async () => {
  folder = await createLogFolder();
});
afterEach(() => folder.remove());

const at = (host: string, text: string, second = 0): string =>
  `2026-11-20T12:00:${String(second).padStart(2, '0')}+00:00 ${host} postfix/smtpd[1]: ${text}`;
const ALL = { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' };
const { canonical } = buildHostDirectory({
  hosts: ['mx1.campus.example', 'mx2.campus.example', 'gw.campus.example'],
  clusters: {},
  domain: 'campus.example',
});
const [MX1, MX2, GW] = ['mx1.campus.example', 'mx2.campus.example', 'gw.campus.example'];

const show = ({ records }: SearchOutcome): readonly string[] =>
  records.map(({ host, text }) => `${host.replace('.campus.example', '')}: ${text}`);

describe('a log that several hosts share', () => {
  beforeEach(() =>
    folder.write({
      'all.log': [
        at('mx1', 'A1: one', 1),
        at('MX2.campus.example.', 'A1: two', 2),
        at('stranger', 'A1: three', 3),
        at('gw', 'A1: four', 4),
        at('mx1', 'B1: five', 5),
      ],
    }),
  );
  const open = () => folder.open({ [MX1]: 'all.log', [MX2]: 'all.log', [GW]: 'all.log' }, { canonical });

  it('is split by the names in its lines; a name that nobody configured stays itself', async () => {
    const outcome = await searchIn(open(), ALL);
    expect(show(outcome)).toEqual([
      'mx1: A1: one',
      'mx1: B1: five',
      'mx2: A1: two',
      'gw: A1: four',
      'stranger: A1: three',
    ]);
    expect(outcome.hosts.map(({ host, linesRead }) => `${host} ${linesRead}`)).toEqual([
      `${MX1} 2`,
      `${MX2} 1`,
      `${GW} 1`,
      'stranger.campus.example 1',
    ]);
  });

  it('gives lines of the hosts that were asked, and of those that nobody could ask', async () => {
    expect(show(await searchIn(open(), { ...ALL, hosts: [MX2] }))).toEqual(['mx2: A1: two', 'stranger: A1: three']);
  });

  it('keeps a queue ID to the host it was found on', async () => {
    const outcome = await searchIn(open(), { ...ALL, find: ['B1'], related: () => ['A1'] });
    expect(show(outcome)).toEqual(['mx1: A1: one', 'mx1: B1: five']);
  });
});

describe('a log of one host', () => {
  it('is that host’s, whatever it calls itself', async () => {
    await folder.write({
      'mail.log': [
        at('localhost', 'one'),
        at('oldname', 'two'),
        at('gw', 'three'),
        '2026-11-20 12:00:09 1xUfTL-00003V-1E Completed',
      ],
    });
    const outcome = await searchIn(folder.open({ [GW]: 'mail.log' }, { canonical }), ALL);
    expect(show(outcome)).toEqual(['gw: one', 'gw: two', 'gw: three', 'gw: 1xUfTL-00003V-1E Completed']);
  });

  it('gives another configured host the lines that name it', async () => {
    await folder.write({
      'mail.log': [at('gw', 'A1: one'), at('mx1', 'A1: relayed')],
      'mx1.log': [at('mx1', 'A1: own')],
    });
    const source = folder.open({ [GW]: 'mail.log', [MX1]: 'mx1.log' }, { canonical });
    expect(show(await searchIn(source, ALL))).toEqual(['gw: A1: one', 'mx1: A1: relayed', 'mx1: A1: own']);
    expect(show(await searchIn(source, { ...ALL, hosts: [GW] }))).toEqual(['gw: A1: one']);
    expect(show(await searchIn(source, { ...ALL, find: ['own'], related: () => ['A1'] }))).toEqual(['mx1: A1: own']);
    expect(show(await searchIn(source, { ...ALL, find: ['relayed'], related: () => ['A1'] }))).toEqual([
      'mx1: A1: relayed',
      'mx1: A1: own',
    ]);
  });
});

describe('several logs of one host', () => {
  it('are merged by time; what rsyslog wrote into two of them counts once', async () => {
    const both = [at('gw', 'one', 1), at('gw', 'twice', 2), at('gw', 'twice', 2), at('gw', 'four', 4)];
    await folder.write({
      'mail.log': both,
      'mail.info': [...both, at('gw', 'five', 5)],
      'dovecot.log': [at('gw', 'three', 3)],
    });
    const outcome = await searchIn(folder.open({ [GW]: ['mail.*', 'dovecot.log'] }, { canonical }), ALL);
    expect(show(outcome)).toEqual(['gw: one', 'gw: twice', 'gw: twice', 'gw: three', 'gw: four', 'gw: five']);
  });

  it('may hold the same line in different forms', async () => {
    await folder.write({
      'mail.log': ['Nov 20 12:00:01 gw postfix/smtpd[381]: A1: one'],
      'mail.5424': ['<22>1 2026-11-20T12:00:01.159139+00:00 gw postfix 381 - -  A1: one'],
    });
    expect(show(await searchIn(folder.open({ [GW]: 'mail.*' }, { canonical }), ALL))).toEqual(['gw: A1: one']);
  });

  it('of which one is shared and one is not, belong together', async () => {
    await folder.write({
      'all.log': [at('gw', 'A1: one', 1), at('mx1', 'B1: two', 2)],
      'gw.log': [at('gw', 'A1: three', 3)],
    });
    const source = folder.open({ [GW]: ['gw.log', 'all.log'], [MX1]: 'all.log' }, { canonical });
    expect(show(await searchIn(source, { ...ALL, find: ['three'], related: () => ['A1'] }))).toEqual([
      'gw: A1: one',
      'gw: A1: three',
    ]);
  });
});
