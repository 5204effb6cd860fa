/** Directions and ways where logs lack something: what is not attested is not guessed. */
import { describe, expect, it } from 'vitest';
import type { Architecture, DirectionPlan, RouteStep } from '../../src/domain/architecture.ts';
import { hostName } from '../../src/domain/ids.ts';
import { parseNetwork } from '../../src/domain/keyword.ts';
import { formatInstant } from '../../src/zone.ts';
import { CAROL, createLogs, fullName, type Logs, peer, T0 } from '../support/postfix-log.ts';
import { type StoryOptions, trace } from '../support/trace-story.ts';

const step = (name: string): RouteStep => ({
  name,
  hosts: new Set([hostName(name === 'archive' ? 'archive.campus.example' : fullName(name))]),
  times: 'one',
});

const plan = (...routes: readonly string[]): DirectionPlan => {
  const read = routes.map((route) => route.split(' ').map(step));
  const place = (steps: readonly RouteStep[]) => ({
    names: steps.map(({ name }) => name),
    hosts: new Set(steps.flatMap(({ hosts }) => [...hosts])),
  });
  return {
    start: [read[0]![0]!.name],
    entry: place(read.map((route) => route[0]!)),
    exit: place(read.map((route) => route.at(-1)!)),
    routes: read,
  };
};

const ARCHITECTURE: Partial<Architecture> = {
  domains: ['campus.example'],
  plans: new Map([
    ['inbound', plan('mx1 gw mailbox', 'mx1 archive mailbox')],
    ['internal', plan('out gw mailbox')],
    ['outbound', plan('out')],
  ] as const),
};

const tellPaths = async (logs: Logs, options: StoryOptions = {}): Promise<readonly string[]> => {
  const { report } = await trace(logs, 'm1@sender.example', { architecture: ARCHITECTURE, ...options });
  return report.chains.flatMap(({ paths }) =>
    paths.map(({ direction, hosts, isExpected, note }) => {
      const way = hosts.map((host) => host.split('.')[0]).join(' ');
      return `${direction ?? '?'} ${way} ${isExpected ?? note}`;
    }),
  );
};

/** mx1 → gw → mailbox, stored. */
const inbound = (facts: object = {}, to = CAROL): Logs => {
  const logs = createLogs();
  logs.on('mx1').gets('A1A1A1A1', 0, facts);
  logs.hop('mx1', 'A1A1A1A1', 'gw', 'B1B1B1B1', { at: 1, to });
  logs.hop('gw', 'B1B1B1B1', 'mailbox', 'C1C1C1C1', { at: 2, to });
  logs.on('mailbox').delivers('C1C1C1C1', 3, { to });
  logs.on('mailbox').removes('C1C1C1C1', 3.1);
  return logs;
};

describe('who handed it in', () => {
  it.each<readonly [string, object, Partial<Architecture>, string]>([
    ['a foreign client', { client: 'c1.sender.example[203.0.113.9]' }, {}, 'inbound mx1 gw mailbox true'],
    ['one without a name', { client: 'unknown[203.0.113.9]' }, {}, 'inbound mx1 gw mailbox true'],
    ['one who logged in', { client: 'unknown[203.0.113.9]', sasl: 'carol' }, {}, 'internal mx1 gw mailbox false'],
    ['a name of ours', { client: 'printer.campus.example[203.0.113.9]' }, {}, 'internal mx1 gw mailbox false'],
    [
      'a network of ours',
      { client: 'unknown[10.1.2.3]' },
      { networks: [parseNetwork('10.0.0.0/8')!] },
      'internal mx1 gw mailbox false',
    ],
    ['a program of the machine', { client: 'localhost[127.0.0.1]' }, {}, 'internal mx1 gw mailbox false'],
  ])('%s', async (_, facts, more, expected) => {
    expect(await tellPaths(inbound(facts), { architecture: { ...ARCHITECTURE, ...more } })).toEqual([expected]);
  });

  it('is not guessed from a private address', async () => {
    expect(await tellPaths(inbound({ client: 'unknown[10.1.2.3]' }))).toEqual([
      '? mx1 gw mailbox the direction cannot be told: the client 10.1.2.3 has a private address; name its network under architecture.networks if it is yours',
    ]);
  });

  it('is told by the machine where its arrival was not read, if only one side enters there', async () => {
    const [, second] = [inbound(), createLogs()];
    second.on('gw').line(1, 'cleanup', 'B1B1B1B1: message-id=<m1@sender.example>');
    second.on('gw').line(1.1, 'qmgr', 'B1B1B1B1: from=<ann@sender.example>, size=1, nrcpt=1 (queue active)');
    second.hop('gw', 'B1B1B1B1', 'mailbox', 'C1C1C1C1', { at: 2 });
    second.on('mailbox').delivers('C1C1C1C1', 3);
    expect(await tellPaths(second)).toEqual([
      '? gw mailbox the direction cannot be told: the line of its arrival is not in these logs',
    ]);
  });
});

describe('where it goes', () => {
  it('from outside for neither us nor through us', async () => {
    expect(await tellPaths(inbound({ client: 'c1.sender.example[203.0.113.9]' }, 'bob@partner.example'))).toEqual([
      // It was stored on a machine of ours, whatever its domain.
      'inbound mx1 gw mailbox true',
    ]);
  });

  it('is not told without domains', async () => {
    const [said] = await tellPaths(inbound({ client: 'c1.sender.example[203.0.113.9]' }), {
      architecture: { ...ARCHITECTURE, domains: [] },
    });
    expect(said).toContain('no domains of yours are named');
  });
});

describe('a way with a hole', () => {
  const UNTRACKED: StoryOptions = { untracked: ['archive.campus.example'], domain: 'campus.example' };

  it('through a machine without logs goes on behind it', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { client: 'c1.sender.example[203.0.113.9]' });
    logs.on('mx1').delivers('A1A1A1A1', 1, {
      relay: 'archive.campus.example[192.0.2.99]:25',
      response: '250 2.0.0 Ok: queued as X1',
    });
    logs.on('mx1').removes('A1A1A1A1', 1.1);
    logs.on('mailbox').gets('C1C1C1C1', 2, { client: 'archive.campus.example[192.0.2.99]' });
    logs.on('mailbox').delivers('C1C1C1C1', 3);
    logs.on('mailbox').removes('C1C1C1C1', 3.1);
    expect(await tellPaths(logs, UNTRACKED)).toEqual(['inbound mx1 archive mailbox true']);
  });

  it('that ends in one is checked so far', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { client: 'c1.sender.example[203.0.113.9]' });
    logs.on('mx1').delivers('A1A1A1A1', 1, {
      relay: 'archive.campus.example[192.0.2.99]:25',
      response: '250 2.0.0 Ok: queued as X1',
    });
    logs.on('mx1').removes('A1A1A1A1', 1.1);
    expect(await tellPaths(logs, UNTRACKED)).toEqual(['inbound mx1 archive true']);
  });

  it('that waits on the way is as expected', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0, { client: 'c1.sender.example[203.0.113.9]' });
    logs.on('mx1').delivers('A1A1A1A1', 1, {
      relay: `${peer('gw')}:25`,
      status: 'deferred',
      response: 'host said: 450 4.2.0 later',
    });
    expect(await tellPaths(logs)).toEqual(['inbound mx1 true']);
  });

  it('has no ways for who may see only a part', async () => {
    const { report } = await trace(inbound({ client: 'c1.sender.example[203.0.113.9]' }), 'm1@sender.example', {
      architecture: ARCHITECTURE,
      scope: { kind: 'limited', domains: [], hosts: [fullName('mailbox')] },
    });
    expect(report.chains.map(({ paths }) => paths)).toEqual([[]]);
    expect(
      report.chains.flatMap(({ findings }) => findings.filter(({ code }) => code.startsWith('unexpected'))),
    ).toEqual([]);
  });
});

describe('when nothing is found', () => {
  const options: StoryOptions = { architecture: ARCHITECTURE };
  const ask = async (keyword: string, more: StoryOptions = {}) =>
    (await trace(createLogs(), keyword, { ...options, ...more })).report;

  it.each([
    ['to:carol@campus.example', ['inbound mx1', 'internal out']],
    ['to:bob@partner.example', ['outbound out']],
    ['from:bob@partner.example', ['inbound mx1']],
    ['from:carol@campus.example', ['outbound out', 'internal out']],
    ['bob@partner.example', ['inbound mx1', 'outbound out']],
    ['4bXyZ1', ['inbound mx1', 'outbound out', 'internal out']],
  ])('%s: where it would be seen first', async (keyword, expected) => {
    const { startAt } = await ask(keyword);
    expect(startAt.map(({ direction, names }) => `${direction} ${names.join(' ')}`)).toEqual(expected);
  });

  it('says that the newest lines may be missing, only when the window reaches so far', async () => {
    const codes = async (now: number) => (await ask('nobody@x.example', { now })).findings.map(({ code }) => code);
    // The window ends at 3600, logs may lag by 600.
    expect(await codes(4100)).toEqual(['not-yet-logged']);
    expect(await codes(4300)).toEqual([]);
  });

  it('says so in the time of who asks', async () => {
    const { findings } = await ask('nobody@x.example', { now: 4100, timeZone: 'Asia/Taipei' });
    expect(findings[0]?.text).toContain(`since ${formatInstant(T0 + 3500 * 1000, 'Asia/Taipei')} may not be`);
    expect(findings[0]?.text).toContain('UTC+08:00');
  });
});
