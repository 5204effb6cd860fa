/** Where the receiver is, when it is asked again, and what is said about it. */
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { orAborted } from '../../src/telemetry/abort.ts';
import { createDropCount } from '../../src/telemetry/drop-count.ts';
import { chooseEndpoint, shownEndpoint, unknownProtocol } from '../../src/telemetry/endpoint.ts';
import { createReceiver } from '../../src/telemetry/receiver.ts';
import { createMemoryLog } from './span-samples.ts';

describe('the endpoint', () => {
  const TRACES = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const ALL = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  it.each([
    [
      'the flag',
      'http://flag:1',
      { [TRACES]: 'http://traces:1', [ALL]: 'http://all:1' },
      'http://conf:1',
      'http://flag:1',
    ],
    [
      'the variable of traces',
      null,
      { [TRACES]: 'http://traces:1', [ALL]: 'http://all:1' },
      'http://conf:1',
      'http://traces:1',
    ],
    ['the variable of all signals', null, { [TRACES]: ' ', [ALL]: 'http://all:1' }, 'http://conf:1', 'http://all:1'],
    ['the configuration', null, {}, 'https://conf:1', 'https://conf:1'],
    ['the default', null, {}, null, 'http://localhost:4317'],
    ['a name without a scheme', 'collector:4317', {}, null, 'collector:4317'],
  ])('is that of %s', (_, flag, env, configured, expected) => {
    expect(chooseEndpoint({ flag, env, configured })).toBe(expected);
  });

  it.each(['http://', 'grpc://collector:4317', 'http://a b', 'collector:port'])('cannot be %s', (flag) => {
    expect(() => chooseEndpoint({ flag, env: {}, configured: null })).toThrow(
      expect.objectContaining({ name: 'MailtraceError', code: 'config' }),
    );
  });

  it('is shown without a password', () => {
    expect(shownEndpoint('https://user:secret@collector:4317')).toBe('https://collector:4317');
    expect(shownEndpoint('http://collector:4317/a@b')).toBe('http://collector:4317/a@b');
  });

  it.each([
    [{}, null],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, null],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, 'http/protobuf'],
    [{ OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, null],
  ])('speaks gRPC only: %j', (env, expected) => {
    expect(unknownProtocol(env)).toBe(expected);
  });
});

describe('what is known of the receiver', () => {
  const TROUBLE = { reason: 'UNAVAILABLE', isDoubtful: false };
  const start = () => {
    let nowMs = 1_000_000;
    let renewed = 0;
    const { log, said } = createMemoryLog();
    const receiver = createReceiver({ endpoint: 'http://x:1', log, now: () => nowMs, onDown: () => (renewed += 1) });
    return { receiver, said, pass: (ms: number) => (nowMs += ms), renewed: () => renewed };
  };

  it('waits longer after each failure, up to ten seconds, and connects anew each time', () => {
    const { receiver, pass, renewed } = start();
    const waits = Array.from({ length: 8 }, () => {
      receiver.note(TROUBLE);
      expect(receiver.isUp()).toBe(false);
      expect(receiver.isDue()).toBe(false);
      const ms = receiver.waitMs();
      pass(ms);
      expect(receiver.isDue()).toBe(true);
      return ms;
    });
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
    expect(renewed()).toBe(8);
  });

  it('counts failures of requests that were under way together as one', () => {
    const { receiver, renewed } = start();
    for (let index = 0; index < 4; index++) receiver.note(TROUBLE);
    expect([receiver.waitMs(), renewed()]).toEqual([500, 1]);
  });

  it('is told once when it goes and once when it comes back', () => {
    const { receiver, said, pass } = start();
    for (let index = 0; index < 5; index++) {
      receiver.note(TROUBLE);
      pass(receiver.waitMs());
    }
    receiver.note(null);
    receiver.note(null);
    expect(receiver.isUp()).toBe(true);
    expect(said.map(({ level }) => level)).toEqual(['warn', 'info']);
    expect(said[0]!.fields).toMatchObject({ reason: 'UNAVAILABLE', endpoint: 'http://x:1' });
  });

  it('does not wait for hours when the clock is set back', () => {
    const { receiver, pass } = start();
    receiver.note(TROUBLE);
    pass(-3_600_000);
    expect(receiver.waitMs()).toBe(10_000);
  });
});

describe('dropped spans', () => {
  it('are said at once, then once a minute for each reason, and none is left unsaid at the end', () => {
    let nowMs = 0;
    const { log, said } = createMemoryLog();
    const drops = createDropCount(log, () => nowMs);
    for (let second = 0; second < 150; second++) {
      nowMs = second * 1000;
      drops.add(2, 'full');
    }
    drops.add(1, 'refused');
    drops.add(0, 'nothing');
    drops.flush();
    expect(said.map(({ fields }) => [fields['reason'], fields['spans']])).toEqual([
      ['full', 2],
      ['full', 120],
      ['full', 120],
      ['refused', 1],
      ['full', 58],
    ]);
    expect(drops.total()).toBe(301);
  });

  it('for ever new reasons do not fill memory or log', () => {
    const { log, said } = createMemoryLog();
    const drops = createDropCount(log, () => 0);
    for (let index = 0; index < 1000; index++) drops.add(1, `reason ${index}`);
    drops.flush();
    expect(said.length).toBeLessThan(25);
    expect(said.reduce((sum, { fields }) => sum + Number(fields['spans']), 0)).toBe(1000);
  });
});

describe('a request that can be interrupted', () => {
  it('leaves nothing on a signal that lives long', async () => {
    const { signal } = new AbortController();
    for (let index = 0; index < 20; index++) await orAborted(async () => index, signal, -1);
    await expect(orAborted(() => Promise.reject(new Error('x')), signal, null)).rejects.toThrow('x');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is not begun after the end, and not waited for', async () => {
    const controller = new AbortController();
    const waiting = orAborted(() => new Promise<string>(() => undefined), controller.signal, 'interrupted');
    controller.abort();
    expect(await waiting).toBe('interrupted');
    let isBegun = false;
    const begin = async (): Promise<string> => {
      isBegun = true;
      return 'done';
    };
    expect(await orAborted(begin, controller.signal, 'interrupted')).toBe('interrupted');
    expect(isBegun).toBe(false);
  });
});
