/** Files as they are found: packed, damaged, shared, missing, with odd lines; the promises are in file-follow.test.ts. */
import { appendFile, mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FollowOptions } from '../../src/app/ports.ts';
import { createConsumer, START_MS, textsOf } from './follow-contract.ts';
import { createLogFolder, type LogFolder } from './log-folder.ts';

let folder: LogFolder;
const closing: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = await createLogFolder();
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await folder.remove();
});

type OpenOptions = Parameters<LogFolder['open']>[1];

const open = (
  logs: Parameters<LogFolder['open']>[0],
  follow: Partial<FollowOptions> = {},
  options: OpenOptions = {},
) => {
  const consumer = createConsumer(folder.open(logs, options), follow);
  closing.push(consumer.abandon);
  return consumer;
};

const line = (n: number, host = 'mx1', atMs = START_MS + n * 1000): string =>
  `${new Date(atMs).toISOString()} ${host} postfix/qmgr[7]: ${n.toString(16).toUpperCase()}F: removed`;
const lines = (from: number, to: number, host = 'mx1'): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => line(from + index, host));
const text = (n: number): string => `${n.toString(16).toUpperCase()}F: removed`;
const texts = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => text(from + index));
const add = (name: string, content: string): Promise<void> => appendFile(folder.path(name), content);
const body = (all: readonly string[]): string => all.map((each) => `${each}\n`).join('');

describe('where a log begins', () => {
  it('finds the place in a large file, and the pieces before it, packed ones too', async () => {
    const week = Array.from({ length: 60_000 }, (_, n) => line(n, 'mx1', START_MS + (n - 50_000) * 1000));
    await folder.write({
      'mail.log.2.gz': week.slice(0, 10_000),
      'mail.log.1': week.slice(10_000, 45_000),
      'mail.log': week.slice(45_000),
    });
    const consumer = open({ mx1: 'mail.log' });
    expect(textsOf(await consumer.drain())).toEqual(texts(50_000, 60_000));
    const early = open({ mx1: 'mail.log' }, { startAtMs: START_MS - 49_000_000 });
    expect(textsOf(await early.drain())).toEqual(texts(1000, 60_000));
  });

  it('waits for a file that is missing, and then begins where it would have', async () => {
    const consumer = open({ mx1: 'mail.log' });
    const { faults } = await consumer.poll();
    expect(faults.map(({ host, status, error }) => [host, status, error.includes('no such file')])).toEqual([
      ['mx1', 'unreadable', true],
    ]);
    const before = await consumer.poll();
    consumer.commit(before);
    await consumer.abandon();
    await add('mail.log', body([line(0, 'mx1', START_MS - 60_000), ...lines(1, 4)]));
    expect(textsOf(await consumer.drain())).toEqual(texts(1, 4));
  });

  it('takes in files that come to match a pattern, also after a restart', async () => {
    await mkdir(folder.path('a'));
    await add('a/mail.log', body(lines(0, 2)));
    const first = open({ mx1: '*/mail.log' });
    expect(textsOf(await first.drain())).toEqual(texts(0, 2));
    await first.abandon();
    await mkdir(folder.path('b'));
    await add('b/mail.log', body(lines(2, 4)));
    // Much later: what came meanwhile is not too old.
    const later = open({ mx1: '*/mail.log' }, { startAtMs: START_MS + 3_600_000, positions: first.positions() });
    expect(textsOf(await later.drain())).toEqual(texts(2, 4));
    await mkdir(folder.path('c'));
    await add('c/mail.log', body(lines(4, 6)));
    await expect.poll(async () => textsOf(await later.drain())).toEqual(texts(4, 6));
  });
});

describe('lines', () => {
  it('keeps half a line until its end comes', async () => {
    const whole = line(1);
    await add('mail.log', whole.slice(0, 40));
    const consumer = open({ mx1: 'mail.log' });
    expect(textsOf(await consumer.drain())).toEqual([]);
    await add('mail.log', whole.slice(40, 60));
    await consumer.abandon();
    expect(textsOf(await consumer.drain())).toEqual([]);
    await add('mail.log', `${whole.slice(60)}\n`);
    expect(textsOf(await consumer.drain())).toEqual([text(1)]);
  });

  it('cuts lines of megabytes, and goes on behind them', async () => {
    await add('mail.log', `${line(1)} ${'x'.repeat(3_000_000)}\n${body(lines(2, 4))}`);
    const consumer = open({ mx1: 'mail.log' });
    const records = await consumer.drain();
    expect(textsOf(records.slice(1))).toEqual(texts(2, 4));
    expect(records[0]!.raw.length).toBe(64 * 1024);
    // One that never ends is given out once.
    await add('mail.log', `${line(5)} ${'y'.repeat(700_000)}`);
    expect(await consumer.drain()).toHaveLength(1);
    await add('mail.log', 'z'.repeat(700_000));
    await consumer.abandon();
    expect(await consumer.drain()).toHaveLength(0);
    await add('mail.log', `\n${line(6)}\n`);
    expect(textsOf(await consumer.drain())).toEqual([text(6)]);
  });

  it('skips the hole that a writer leaves when its file is truncated', async () => {
    await add('mail.log', body(lines(0, 3)));
    const consumer = open({ mx1: 'mail.log' });
    await consumer.drain();
    await truncate(folder.path('mail.log'));
    await writeFile(folder.path('mail.log'), Buffer.concat([Buffer.alloc(1_500_000), Buffer.from(body(lines(3, 5)))]));
    expect(textsOf(await consumer.drain())).toEqual(texts(3, 5));
  });

  it('splits a file of several hosts, each line in the zone of its host, and leaves out whom nobody asked for', async () => {
    const shared = [
      'Nov 21 08:00:00 mx1 postfix/qmgr[7]: A1: removed',
      'Nov 21 16:00:01 mx2 postfix/qmgr[7]: A2: removed',
      'Nov 21 07:00:02 mx3 postfix/qmgr[7]: A3: removed',
      'Nov 21 07:00:03 other postfix/qmgr[7]: A4: removed',
    ];
    await add('all.log', body(shared));
    const logs = { mx1: 'all.log', mx2: 'all.log', mx3: 'all.log' };
    const zones = { mx1: 'Europe/Berlin', mx2: 'Asia/Tokyo', mx3: 'UTC' };
    const source = folder.open(logs, { zones });
    const consumer = createConsumer(source, { hosts: source.hosts.filter((host) => host !== 'mx3') });
    closing.push(consumer.abandon);
    const records = await consumer.drain();
    expect(records.map(({ host, timeMs }) => [host, timeMs - START_MS])).toEqual([
      ['mx1', 0],
      ['mx2', 1000],
      ['other', 3000],
    ]);
  });

  it('tells the two hours apart when clocks are set back', async () => {
    const at = (time: string): string => `Oct 25 ${time} mx1 postfix/qmgr[7]: A: removed`;
    await add('mail.log', body(['01:59:59', '02:10:00', '02:59:59'].map(at)));
    const startAtMs = Date.parse('2026-10-24T00:00:00Z');
    const consumer = open({ mx1: 'mail.log' }, { startAtMs }, { timeZone: 'Europe/Berlin' });
    const first = await consumer.drain();
    await consumer.abandon();
    await add('mail.log', body(['02:00:00', '02:10:00', '03:00:00'].map(at)));
    const second = await consumer.drain();
    expect([...first, ...second].map(({ timeMs }) => new Date(timeMs).toISOString().slice(11, 19))).toEqual([
      '23:59:59',
      '00:10:00',
      '00:59:59',
      '01:00:00',
      '01:10:00',
      '02:00:00',
    ]);
  });

  it('names a file that is no log', async () => {
    await add('mail.log', 'no stamp\n'.repeat(100));
    const polled = await open({ mx1: 'mail.log' }).poll();
    expect(polled.faults.map(({ error }) => error.includes('no line begins with a time stamp'))).toEqual([true]);
    expect(polled.isCaughtUp).toBe(true);
  });
});

describe('files that vanish', () => {
  it('reads a file to its end that was deleted while it was open', async () => {
    await add('mail.log', body(lines(0, 2)));
    const consumer = open({ mx1: 'mail.log' });
    await consumer.drain();
    await add('mail.log', body(lines(2, 4)));
    await rm(folder.path('mail.log'));
    expect(textsOf(await consumer.drain())).toEqual(texts(2, 4));
    await add('mail.log', body(lines(4, 6)));
    const polled = await consumer.poll();
    expect([textsOf(polled.records), polled.losses]).toEqual([texts(4, 6), []]);
  });

  it('says that lines may be lost where a file was deleted while nobody looked', async () => {
    await add('mail.log', body(lines(0, 2)));
    const consumer = open({ mx1: 'mail.log' });
    await consumer.drain();
    await consumer.abandon();
    await rm(folder.path('mail.log'));
    await add('mail.log', body(lines(4, 6)));
    const polled = await consumer.poll();
    consumer.commit(polled);
    expect(textsOf(polled.records)).toEqual(texts(4, 6));
    expect(polled.losses).toHaveLength(1);
    expect(polled.losses[0]).toMatch(/mail\.log: .* lines behind byte \d+, if there were any, are lost/);
    expect((await consumer.poll()).losses).toEqual([]);
  });

  it('finds a piece that was packed under another name while nobody looked', async () => {
    await add('mail.log', body(lines(0, 300)));
    const consumer = open({ mx1: 'mail.log' }, { maxRecords: 100 });
    consumer.commit(await consumer.poll());
    await consumer.abandon();
    await rename(folder.path('mail.log'), folder.path('mail.log-20261121'));
    await folder.write({ 'mail.log-20261121.gz': lines(0, 310), 'mail.log': lines(310, 320) });
    await rm(folder.path('mail.log-20261121'));
    const rest: string[] = [];
    for (let round = 0; round < 5; round++) {
      const polled = await consumer.poll();
      consumer.commit(polled);
      expect([polled.losses, polled.faults]).toEqual([[], []]);
      rest.push(...textsOf(polled.records));
    }
    expect(rest).toEqual(texts(100, 320));
  });

  it('names a packed piece that is damaged, reads what came before, and goes on behind it', async () => {
    const all = lines(0, 2000);
    await add('mail.log', body(all));
    const consumer = open({ mx1: 'mail.log' }, { maxRecords: 10 });
    consumer.commit(await consumer.poll());
    await consumer.abandon();
    await rm(folder.path('mail.log'));
    const packed = gzipSync(body(all));
    await folder.write({ 'mail.log.1.gz': packed.subarray(0, packed.length - 2000), 'mail.log': lines(2000, 2002) });
    const later = open({ mx1: 'mail.log' }, { positions: consumer.positions() });
    const polled = await later.poll();
    later.commit(polled);
    expect(polled.losses.map((loss) => /mail\.log\.1\.gz: damaged/.test(loss))).toEqual([true]);
    const found = textsOf(polled.records);
    expect(found.length).toBeGreaterThan(500);
    expect(found.slice(-2)).toEqual(texts(2000, 2002));
    expect(found.slice(0, 500)).toEqual(texts(10, 510));
    expect((await later.poll()).losses).toEqual([]);
  });
});
