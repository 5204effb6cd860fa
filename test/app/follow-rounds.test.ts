/** A round is carried out while the next one is worked on, and the next one never sees an index that is out of date. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { TransactionIndex } from '../../src/app/ports.ts';
import type { LogRecord } from '../../src/domain/event.ts';
import { createDisk, MINUTE, recordsOf, SECOND, startFollowing } from '../support/follow-bench.ts';
import { createLogs, type Logs, T0 } from '../support/postfix-log.ts';

const PARTNER = 'mx.partner.example[198.51.100.1]:25';

const story = (tell: (logs: Logs) => void): readonly LogRecord[] => {
  const logs = createLogs();
  tell(logs);
  return recordsOf(logs);
};

const mail = (id: string, fromS: number): readonly LogRecord[] =>
  story((logs) => {
    logs.on('mx1').gets(id, fromS, { messageId: `${id}@sender.example` });
    logs.on('mx1').delivers(id, fromS + 1, { relay: PARTNER });
    logs.on('mx1').removes(id, fromS + 1.01);
  });

/** An index that does not answer a write before `open` is called; `said` is what it was asked, in order. */
const createGate = (index: TransactionIndex) => {
  const said: string[] = [];
  const gates: (() => void)[] = [];
  const gate: Pick<TransactionIndex, 'write' | 'findOpen'> = {
    write: async (changes) => {
      said.push(`write ${changes.put.map(({ transaction }) => transaction.queueId).join(' ')}`);
      await new Promise<void>((resolve) => gates.push(resolve));
      await index.write(changes);
      said.push('written');
    },
    findOpen: (of) => {
      said.push(`find ${of.map(({ queueId }) => queueId).join(' ')}`);
      return index.findOpen(of);
    },
  };
  const has = async (text: string): Promise<void> => {
    while (!said.includes(text)) await sleep(1);
  };
  return { gate, said, has, open: (): void => gates.shift()?.() };
};

const more = { atMs: T0 + 10 * MINUTE, isCaughtUp: false };

describe('two rounds', () => {
  it('overlap: the next is looked up and folded while the index takes the first', async () => {
    const disk = createDisk();
    const { gate, said, has, open } = createGate(disk.index);
    const bench = startFollowing({ disk, index: gate });
    const feeding = [bench.feed(mail('A1AAAAA', 0), more)];
    await has('write A1AAAAA');
    feeding.push(bench.feed(mail('A2AAAAA', 1), more));
    await has('find A2AAAAA');
    await sleep(20);
    // One at a time: the second is not begun, and nothing of either is committed.
    expect(said).toEqual(['find A1AAAAA', 'write A1AAAAA', 'find A2AAAAA']);
    expect(await disk.state.positions('file')).toEqual(new Map());
    open();
    await has('write A2AAAAA');
    expect(said.slice(3)).toEqual(['written', 'write A2AAAAA']);
    open();
    await Promise.all(feeding);
    expect(disk.spans).toHaveLength(6);
    expect((await disk.state.positions('file')).size).toBe(1);
    await bench.stop();
  });

  it('do not, where the second is about what the first has put: it waits for the index', async () => {
    const lines = mail('A1AAAAA', 0);
    const late = story((logs) =>
      logs.on('mx1').delivers('A1AAAAA', 0.9, { relay: PARTNER, to: 'eve@partner.example' }),
    );
    const disk = createDisk();
    const { gate, said, has, open } = createGate(disk.index);
    const bench = startFollowing({ disk, index: gate });
    // The log of the host has reached a minute later, so what has ended leaves memory at once.
    const feeding = [bench.feed(mail('A9AAAAA', 60), more)];
    await has('write A9AAAAA');
    open();
    await feeding[0];
    feeding.push(bench.feed(lines, more));
    await has('write A1AAAAA');
    feeding.push(bench.feed(late, more));
    await sleep(20);
    expect(said.slice(3)).toEqual(['find A1AAAAA', 'write A1AAAAA']);
    open();
    await has('find A1AAAAA');
    while (said.length < 8) await sleep(1);
    expect(said.slice(5)).toEqual(['written', 'find A1AAAAA', 'write A1AAAAA']);
    open();
    await Promise.all(feeding);
    const [found] = await disk.index.findOpen([{ host: lines[0]!.host, queueId: 'A1AAAAA' as never }]);
    expect(found?.transaction.recipients.map(({ address }) => address)).toContain('eve@partner.example');
    expect(found?.transaction.recipients).toHaveLength(2);
    await bench.stop();
  });

  it('are over before following waits for new lines, and before it ends', async () => {
    const disk = createDisk();
    const { gate, has, open } = createGate(disk.index);
    const bench = startFollowing({ disk, index: gate });
    void bench.feed(mail('A1AAAAA', 0), { atMs: T0 + MINUTE + SECOND });
    await has('write A1AAAAA');
    const stopping = bench.stop();
    let isStopped = false;
    void stopping.then(() => {
      isStopped = true;
    });
    await sleep(20);
    expect(isStopped).toBe(false);
    open();
    await stopping;
    expect((await disk.state.positions('file')).size).toBe(1);
  });

  it('end with what the first has thrown', async () => {
    const disk = createDisk();
    const write = (): Promise<void> => Promise.reject(new TypeError('a bug'));
    const bench = startFollowing({ disk, index: { write } });
    bench.feed(mail('A1AAAAA', 0), more).catch(() => {});
    bench.feed(mail('A2AAAAA', 1), more).catch(() => {});
    await expect(bench.ended).rejects.toThrow('a bug');
    expect(await disk.state.positions('file')).toEqual(new Map());
  });
});
