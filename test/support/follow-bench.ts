/** Following, step by step: the test says what each poll gives and what time it is; spans, index and state are in memory. */
import type { AlertBatch } from '../../src/app/alerting.ts';
import type { FollowSettings } from '../../src/app/follow-deps.ts';
import { followLogs } from '../../src/app/follow-logs.ts';
import { createFollowStatus } from '../../src/app/follow-status.ts';
import { METRICS } from '../../src/app/metrics.ts';
import type { FollowPoll, Log, LogFollower, SpanSink, StateStore, TransactionIndex } from '../../src/app/ports.ts';
import { createSteps } from '../../src/app/until-done.ts';
import type { LogRecord } from '../../src/domain/event.ts';
import { buildHostDirectory } from '../../src/domain/host-names.ts';
import { hostName } from '../../src/domain/ids.ts';
import type { Span } from '../../src/domain/span.ts';
import { createMetricRegistry } from '../../src/http/prometheus.ts';
import { createHeaderParser } from '../../src/parsers/syslog-header.ts';
import { createZone } from '../../src/zone.ts';
import { memoryIndex, memoryStateStore } from './memory-stores.ts';
import { FLEET, fullName, type Logs, T0 } from './postfix-log.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** What survives the process. */
export type Disk = Readonly<{ index: TransactionIndex; state: StateStore; spans: Span[]; alerts: AlertBatch[] }>;

export const createDisk = (): Disk => ({ index: memoryIndex(), state: memoryStateStore(), spans: [], alerts: [] });

/** The lines of a story as records, in order of time over all hosts. */
export const recordsOf = (logs: Logs): readonly LogRecord[] => {
  const zone = createZone('UTC');
  const parse = createHeaderParser({ zoneOf: () => zone, nearMs: T0 });
  const records = Object.entries(logs.lines()).flatMap(([host, lines]) =>
    lines.flatMap((raw) => {
      const header = parse(raw);
      if (header === null) return [];
      const { timeMs, program, pid, text } = header;
      return [{ host: hostName(host), timeMs, program, pid, text, raw, sequence: 0 }];
    }),
  );
  return records.sort((a, b) => a.timeMs - b.timeMs).map((record, sequence) => ({ ...record, sequence }));
};

const NO_LOG: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export type Polled = Partial<FollowPoll> & Readonly<{ atMs: number }>;

export type FollowBench = Readonly<{
  /** Gives these lines to the next poll. Resolves when the round is over; the spans it sent. */
  feed: (records: readonly LogRecord[], polled: Polled) => Promise<readonly Span[]>;
  /** Ends in good order. */
  stop: () => Promise<void>;
  /** The process is gone: nothing of it is heard again. */
  kill: () => void;
  metric: (name: string) => number;
  readiness: () => Readonly<{ isReady: boolean; reasons: readonly string[] }>;
  /** What `followLogs` ended with. */
  ended: Promise<void>;
}>;

type Options = Partial<FollowSettings> &
  Readonly<{ disk?: Disk; sink?: Partial<SpanSink>; index?: Partial<TransactionIndex> }>;

export const startFollowing = (options: Options = {}): FollowBench => {
  const { disk = createDisk() } = options;
  let nowMs = T0;
  let isDead = false;
  const now = (): number => nowMs;
  const stopping = new AbortController();
  const meter = createMetricRegistry(METRICS);
  const polls: ((poll: FollowPoll) => void)[] = [];
  const waiting: (() => void)[] = [];
  const follower: LogFollower = {
    poll: (signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => reject(signal.reason as Error);
        signal.addEventListener('abort', stop, { once: true });
        polls.push((poll) => {
          signal.removeEventListener('abort', stop);
          resolve(poll);
        });
        waiting.shift()?.();
      }),
    close: () => Promise.resolve(),
  };
  const isPolled = (): Promise<void> =>
    polls.length > 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
  let rounds = 0;
  let isEnded = false;
  /** Where there is more to read, the next poll begins while the round is at work. */
  const isOver = async (round: number): Promise<void> => {
    while (!isEnded && (rounds < round || polls.length === 0)) await new Promise((resolve) => setImmediate(resolve));
    // What follows the commit takes no more than a few turns.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const sink: SpanSink = {
    send: (spans) => {
      if (!isDead) disk.spans.push(...spans);
      return Promise.resolve({ sent: spans.length, spooled: 0, dropped: 0 });
    },
    state: () => ({ spooled: 0, dropped: 0, isReceiverUp: true }),
    close: () => Promise.resolve(),
    ...options.sink,
  };
  const sleep = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const steps = createSteps({ sleep, log: NO_LOG, meter });
  const status = createFollowStatus({ now, steps, sink, hosts: Object.keys(FLEET).length, intervalMs: 1000 });
  const ended = followLogs(
    {
      source: 'file',
      follower,
      state: disk.state,
      index: { ...disk.index, ...options.index },
      sink,
      alerting: {
        handle: async (batch, commit) => {
          disk.alerts.push(batch);
          await commit({ alertIds: [], incidents: [], outbox: [], done: [] });
          rounds++;
        },
      },
      directory: buildHostDirectory({ hosts: Object.keys(FLEET).map(fullName), clusters: {}, domain: '' }),
      steps,
      status,
      meter,
      log: NO_LOG,
      now,
      sleep,
      settings: { intervalMs: 1000, holdMs: 300_000, share: 1, giveUpMs: 6 * DAY, retentionMs: 90 * DAY, ...options },
    },
    stopping.signal,
  );
  ended
    .finally(() => {
      isEnded = true;
    })
    .catch(() => {});
  return {
    feed: async (records, { atMs, ...polled }) => {
      await Promise.race([isPolled(), ended]);
      nowMs = atMs;
      const before = disk.spans.length;
      const positions = new Map([['all', String(records.at(-1)?.sequence ?? 0)]]);
      const next = { records, positions, isCaughtUp: true, waitingLines: null, faults: [], losses: [], ...polled };
      const round = rounds + 1;
      polls.shift()!(next);
      await Promise.race([isOver(round), ended]);
      return disk.spans.slice(before);
    },
    stop: async () => {
      stopping.abort();
      await ended;
    },
    kill: () => {
      isDead = true;
    },
    metric: (name) => Number(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(meter.render())?.[1] ?? Number.NaN),
    readiness: () => status.readiness(),
    ended,
  };
};
