import { spawnSync } from 'node:child_process';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogFolder, type LogFolder, searchIn, textsOf } from './log-folder.ts';

let folder: LogFolder;
beforeEach(async () => {
  folder = await createLogFolder();
  await folder.write({ 'mx1.log': [at('one').replace(' gw ', ' mx1 ')] });
});
afterEach(() => folder.remove());

const at = (text: string): string => `2026-11-20T12:00:00+00:00 gw postfix/smtpd[1]: ${text}`;
const ALL = { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' };

/** Reads `logFiles` beside a host whose log is fine. */
const read = async (logFiles: string | readonly string[]) => {
  const outcome = await searchIn(folder.open({ gw: logFiles, mx1: 'mx1.log' }), ALL);
  const [reading, other] = outcome.hosts;
  expect(other).toMatchObject({ host: 'mx1', status: 'ok', error: null, linesRead: 1 });
  return { reading: reading!, texts: textsOf(outcome).filter((text) => text !== 'one') };
};

/** Root may read everything: such tests read as nobody. */
const asNobody = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  if (process.geteuid?.() !== 0) return work();
  const groups = process.getgroups!();
  process.setgroups!([]);
  process.setegid!(65_534);
  process.seteuid!(65_534);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
    process.setgroups!(groups);
  }
};

describe('a log that cannot be read names its path and the remedy', () => {
  it('when there is no such file', async () => {
    const { reading } = await read('mail.log');
    expect(reading).toMatchObject({ status: 'unreadable', linesRead: 0 });
    expect(reading.error).toBe(`${folder.path('mail.log')}: no such file; correct log_files of this host`);
  });

  it('when there is no such folder', async () => {
    expect((await read('var/log/mail.log')).reading.error).toMatch(/var\/log\/mail\.log: no such file/);
  });

  it('when no file matches a glob', async () => {
    const { reading } = await read('mail*.log');
    expect(reading.status).toBe('unreadable');
    expect(reading.error).toBe(`${folder.path('mail*.log')}: no file matches; correct log_files of this host`);
  });

  it('when it is a folder', async () => {
    await mkdir(folder.path('mail'));
    const { reading } = await read('mail');
    expect(reading.status).toBe('unreadable');
    expect(reading.error).toBe(
      `${folder.path('mail')}: is a directory; name the files in it, e.g. ${folder.path('mail')}/*.log`,
    );
  });

  it('when it is a pipe, which would never end', async () => {
    expect(spawnSync('mkfifo', [folder.path('mail.log')]).status).toBe(0);
    expect((await read('mail.log')).reading.error).toMatch(/mail\.log: is no regular file/);
  });

  it('when it is a link in a circle', async () => {
    await symlink(folder.path('mail.log'), folder.path('mail.log'));
    expect((await read('mail.log')).reading.error).toMatch(/mail\.log: too many symbolic links/);
  });

  it('when it may not be read by us, but by its group', async () => {
    await folder.write({ 'mail.log': [at('two')] });
    await chmod(folder.path('.'), 0o755);
    await chmod(folder.path('mail.log'), process.geteuid?.() === 0 ? 0o640 : 0o040);
    const { reading } = await asNobody(() => read('mail.log'));
    expect(reading.status).toBe('unreadable');
    expect(reading.error).toMatch(
      /mail\.log: permission denied; let the user \S+ read it, e\.g\. add it to the group \S+$/,
    );
  });

  it('when nobody but its owner may read it', async () => {
    await folder.write({ 'mail.log': [at('two')] });
    await chmod(folder.path('.'), 0o755);
    await chmod(folder.path('mail.log'), process.geteuid?.() === 0 ? 0o600 : 0);
    const { reading } = await asNobody(() => read('mail.log'));
    expect(reading.error).toMatch(/permission denied; let the user \S+ read it, e\.g\. setfacl -m u:\S+:r$/);
    expect(userInfo().username).not.toBe('');
  });

  it('when its folder may be entered but not listed, the file itself is read', async () => {
    await folder.write({ 'var/mail.log': [at('two')] });
    await chmod(folder.path('.'), 0o755);
    await chmod(folder.path('var'), process.geteuid?.() === 0 ? 0o711 : 0o311);
    const { reading, texts } = await asNobody(() => read('var/mail.log'));
    await chmod(folder.path('var'), 0o755);
    expect(texts).toEqual(['two']);
    expect(reading.status).toBe('incomplete');
    expect(reading.error).toMatch(
      /var\/mail\.log: its rotated pieces could not be looked for: .*var: permission denied/,
    );
  });

  it('when a folder that a glob leads through may not be listed, the others are read', async () => {
    await folder.write({ 'a/mail.log': [at('two')], 'b/mail.log': [at('three')] });
    await chmod(folder.path('.'), 0o755);
    await chmod(folder.path('a'), 0o000);
    const { reading, texts } = await asNobody(() => read('*/mail.*'));
    await chmod(folder.path('a'), 0o755);
    expect(texts).toEqual(['three']);
    expect(reading.status).toBe('incomplete');
    expect(reading.error).toMatch(/\/a: permission denied/);
  });

  it('when it is no log', async () => {
    await folder.write({ 'mail.log': ['# comment', 'key: value'] });
    const { reading } = await read('mail.log');
    expect(reading.status).toBe('unreadable');
    expect(reading.error).toMatch(/mail\.log: no line begins with a time stamp that is known/);
  });
});

describe('several faults', () => {
  it('of one host are all named, and the rest is read', async () => {
    await folder.write({
      'mail.log': [at('two')],
      'mail.log.1.gz': Buffer.from('x'),
      'mail.log.2.gz': Buffer.from('x'),
    });
    const { reading, texts } = await read(['mail.log', 'nowhere.log', 'nothing*']);
    expect(texts).toEqual(['two']);
    expect(reading.status).toBe('incomplete');
    expect(reading.error).toMatch(
      /nothing\*: no file matches.* \| .*nowhere\.log: no such file.* \| .*damaged.* \| and 1 more$/,
    );
  });

  it('of a shared log are faults of all its hosts', async () => {
    await folder.write({ 'all.log': [at('two')], 'all.log.1.gz': Buffer.from('x') });
    const { hosts } = await searchIn(folder.open({ gw: 'all.log', mx2: 'all.log' }), ALL);
    for (const { status, error } of hosts) {
      expect(status).toBe('incomplete');
      expect(error).toContain('all.log.1.gz: damaged');
    }
  });
});

describe('what is no fault', () => {
  it('an empty log', async () => {
    await folder.write({ 'mail.log': [] });
    expect((await read('mail.log')).reading).toMatchObject({ status: 'ok', error: null, linesRead: 0 });
  });

  it('a file that is no log, as long as the glob also matches one', async () => {
    await folder.write({ 'mail.log': [at('two')], 'mailgraph.rrd': Buffer.from('RRD\0\n\x01\x02\n'), 'mail.d/x': [] });
    const { reading, texts } = await read('mail*');
    expect(reading).toMatchObject({ status: 'ok', error: null });
    expect(texts).toEqual(['two']);
  });

  it('a host that is asked although nobody configured it is one', async () => {
    const { hosts } = await searchIn(folder.open({ mx1: 'mx1.log' }), { ...ALL, hosts: ['mx1', 'mx9'] });
    expect(hosts.map(({ host, status }) => `${host} ${status}`)).toEqual(['mx1 ok', 'mx9 unreadable']);
    expect(hosts[1]!.error).toMatch(/no log_files/);
  });
});

describe('a search that was cut', () => {
  it('says for each host whether its log was read to the end', async () => {
    await folder.write({ 'mail.log': Array.from({ length: 50 }, (_, index) => at(`line ${index}`)) });
    const source = folder.open({ mx1: 'mx1.log', gw: 'mail.log' });
    const window = { fromMs: Date.parse(ALL.from), toMs: Date.parse(ALL.to) };
    const lookups = [{ window, needles: [], relatedWindow: window, related: null }];
    const { hosts, isCut } = await source.search(
      { hosts: source.hosts, lookups, budget: { maxLines: 20, maxBytes: 1e6 } },
      new AbortController().signal,
    );
    expect(isCut).toBe(true);
    expect(hosts.find(({ host }) => host === 'gw')).toMatchObject({ status: 'incomplete' });
    expect(hosts.find(({ host }) => host === 'gw')!.error).toMatch(
      /limit of 20 lines .*narrow the window or the keywords/,
    );
  });
});
