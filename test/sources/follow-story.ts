/** A log with its writer and its rotation, driven by a random story: for whoever follows it. */
import { existsSync, renameSync, unlinkSync } from 'node:fs';
import { appendFile, copyFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { LogSource } from '../../src/app/ports.ts';
import { createConsumer, START_MS, textsOf } from './follow-contract.ts';
import { createLogFolder } from './log-folder.ts';

export type Step =
  | Readonly<{ do: 'append'; lines: number; isHalf: boolean }>
  | Readonly<{ do: 'append-old'; lines: number }>
  | Readonly<{ do: 'rename' | 'rename-and-pack' | 'copy-truncate' | 'pack-old' | 'truncate' | 'drop-oldest' }>
  | Readonly<{ do: 'poll' | 'abandon' | 'restart'; max: number }>;

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append'), lines: fc.nat({ max: 12 }), isHalf: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('append-old'), lines: fc.nat({ max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('rename', 'copy-truncate') }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('rename-and-pack', 'pack-old', 'truncate', 'drop-oldest') }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('poll'), max: fc.integer({ min: 1, max: 30 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('abandon', 'restart'), max: fc.integer({ min: 1, max: 30 }) }),
  },
) as fc.Arbitrary<Step>;

/** A log with its writer and logrotate, and what they did. */
const createWorld = async () => {
  const folder = await createLogFolder();
  const live = folder.path('mail.log');
  const nameOf = (count: number): string => `${live}.${count}`;
  const written: string[] = [];
  let half = '';
  let pieces = 0;
  let isRenamed = false;
  let clockMs = START_MS;
  await writeFile(live, '');
  const line = (): string => {
    clockMs += 100;
    const text = `${(written.length + 1).toString(16).toUpperCase()}0: removed`;
    written.push(text);
    return `${new Date(clockMs).toISOString()} mx1 postfix/qmgr[7]: ${text}\n`;
  };
  const finishLine = async (path: string): Promise<void> => {
    await appendFile(path, half);
    half = '';
  };
  const shift = (): void => {
    for (let count = pieces; count > 0; count--) {
      const name = existsSync(nameOf(count)) ? nameOf(count) : `${nameOf(count)}.gz`;
      if (existsSync(name)) renameSync(name, name.replace(nameOf(count), nameOf(count + 1)));
    }
    pieces++;
  };
  const pack = async (path: string): Promise<void> => {
    if (!existsSync(path)) return;
    await writeFile(`${path}.gz`, gzipSync(await readFile(path)));
    unlinkSync(path);
  };
  return {
    path: live,
    remove: folder.remove,
    written,
    append: async (lines: number, isHalf: boolean) => {
      await finishLine(live);
      for (let count = 0; count < lines; count++) await appendFile(live, line());
      if (!isHalf) return;
      const last = line();
      await appendFile(live, last.slice(0, last.length / 2));
      half = last.slice(last.length / 2);
    },
    /** The writer has not been told of the rotation yet. */
    appendOld: async (lines: number) => {
      if (!isRenamed || !existsSync(nameOf(1))) return;
      for (let count = 0; count < lines; count++) await appendFile(nameOf(1), line());
    },
    rename: async () => {
      await finishLine(live);
      shift();
      renameSync(live, nameOf(1));
      isRenamed = true;
      await writeFile(live, '');
    },
    copyTruncate: async () => {
      await finishLine(live);
      shift();
      await copyFile(live, nameOf(1));
      isRenamed = false;
      await truncate(live);
    },
    packOld: () => pack(nameOf(1)),
    truncate: async () => {
      await finishLine(live);
      await truncate(live);
    },
    pieces: () => pieces,
    dropOldest: () => {
      for (const path of [nameOf(pieces), `${nameOf(pieces)}.gz`]) if (existsSync(path)) unlinkSync(path);
      pieces--;
    },
  };
};

/** Who follows a file at this path. */
export type OpenLog = (path: string) => Promise<LogSource>;

/** No line is lost, and none comes twice but after an abandoned poll. */
export const runStory = async (steps: readonly Step[], open: OpenLog): Promise<void> => {
  const world = await createWorld();
  const source = await open(world.path);
  const given = new Map<string, number>();
  const forgiven = new Set<string>();
  const losses: string[] = [];
  let max = 30;
  let consumer = createConsumer(source, { maxRecords: max });
  const renew = async (maxRecords: number): Promise<void> => {
    const { positions } = consumer;
    await consumer.abandon();
    max = maxRecords;
    consumer = createConsumer(source, { maxRecords, positions: positions() });
  };
  const poll = async () => {
    const polled = await consumer.poll();
    losses.push(...polled.losses);
    expect(polled.faults).toEqual([]);
    expect(polled.records.length).toBeLessThanOrEqual(max);
    for (const text of textsOf(polled.records)) given.set(text, (given.get(text) ?? 0) + 1);
    return polled;
  };
  const drain = async (): Promise<void> => {
    for (let round = 0; round < 2000; round++) {
      const polled = await poll();
      consumer.commit(polled);
      if (polled.isCaughtUp) return;
    }
    throw new Error('never caught up');
  };
  const run = async (one: Step): Promise<void> => {
    switch (one.do) {
      case 'append':
        return world.append(one.lines, one.isHalf);
      case 'append-old':
        return world.appendOld(one.lines);
      case 'rename':
        return world.rename();
      case 'rename-and-pack':
        await world.rename();
        return world.packOld();
      case 'copy-truncate':
        return world.copyTruncate();
      case 'pack-old':
        return world.packOld();
      case 'truncate':
        // Only what was read may be thrown away; else it is lost to everybody.
        await world.append(0, false);
        await drain();
        return world.truncate();
      case 'drop-oldest':
        if (world.pieces() < 3) return;
        await drain();
        return world.dropOldest();
      case 'poll':
        consumer.commit(await poll());
        return;
      case 'abandon':
        for (const text of textsOf((await poll()).records)) forgiven.add(text);
        return renew(one.max);
      case 'restart':
        return renew(one.max);
    }
  };
  try {
    consumer.commit(await poll());
    for (const one of steps) await run(one);
    await world.append(0, false);
    await drain();
    const missing = world.written.filter((text) => !given.has(text));
    const doubled = world.written.filter((text) => given.get(text)! > 1 && !forgiven.has(text));
    expect({ missing, doubled }).toEqual({ missing: [], doubled: [] });
  } finally {
    await consumer.abandon();
    await source.close();
    await world.remove();
  }
};
