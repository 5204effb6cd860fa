/** One message from its arrival to its end: what is found, and how far it is followed. */
import { describe, expect, it } from 'vitest';
import { CAROL, createLogs, FLEET, MESSAGE_ID, peer, SENDER } from '../support/postfix-log.ts';
import { findingCodes, only, tell, tellChain, trace } from '../support/trace-story.ts';

const threeHops = (facts: { messageId?: string; names?: boolean } = {}) => {
  const logs = createLogs();
  logs.on('mx1').gets('A1A1A1A1', 0, facts);
  logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: 1, ...facts });
  logs.hop('gw', 'B2B2B2B2', 'mailbox', 'C3C3C3C3', { at: 2, ...facts });
  logs.on('mailbox').delivers('C3C3C3C3', 3);
  logs.on('mailbox').removes('C3C3C3C3', 3.1);
  return logs;
};

const THREE_HOPS = [
  'delivered',
  `mx1/A1A1A1A1 > gw/B2B2B2B2 queued-as: ${CAROL}`,
  `gw/B2B2B2B2 > mailbox/C3C3C3C3 queued-as: ${CAROL}`,
  `mx1/A1A1A1A1: ${CAROL} sent`,
  `gw/B2B2B2B2: ${CAROL} sent`,
  `mailbox/C3C3C3C3: ${CAROL} sent`,
];

describe('find, then follow', () => {
  it.each([
    SENDER,
    CAROL,
    MESSAGE_ID,
    `<${MESSAGE_ID}>`,
    'B2B2B2B2',
    'qid:C3C3C3C3',
    'client:192.0.2.0/28',
    'text:queued as C3',
  ])('tells the same story for the keyword %s', async (keyword) => {
    expect(tell(await trace(threeHops(), keyword))).toEqual([THREE_HOPS]);
  });

  it.each(['rfc3339', 'rfc3164', 'rfc5424'] as const)('tells the same story from %s', async (format) => {
    expect(tell(await trace(threeHops(), SENDER, { format }))).toEqual([THREE_HOPS]);
  });

  it.each(['mx1', 'mx1.campus.example', 'mailbox', 'inner'])(
    'begins at the first machine when found on %s',
    async (startHost) => {
      const told = await trace(threeHops(), CAROL, { startHost, clusters: { inner: ['gw', 'mailbox'] } });
      expect(tell(told)).toEqual([THREE_HOPS]);
    },
  );

  it('follows a message without message-id by its queue IDs, in both directions', async () => {
    expect(tell(await trace(threeHops({ messageId: '' }), 'B2B2B2B2'))).toEqual([THREE_HOPS]);
  });

  it('follows replies that name no queue ID by the message-id', async () => {
    const told = await trace(threeHops({ names: false }), SENDER);
    expect(tellChain(only(told))).toEqual(THREE_HOPS.map((line) => line.replace('queued-as', 'message-id')));
  });

  it('joins nothing when neither queue ID nor message-id is there', async () => {
    const told = await trace(threeHops({ names: false, messageId: '' }), 'A1A1A1A1');
    expect(tell(told)).toEqual([
      ['unknown', `mx1/A1A1A1A1 > gw/? gap unknown: ${CAROL}`, `mx1/A1A1A1A1: ${CAROL} sent`],
    ]);
  });

  it('names the first and the last moment', async () => {
    const chain = only(await trace(threeHops(), SENDER));
    expect([chain.id, chain.firstSeenMs, chain.lastSeenMs].map(String)).toEqual([
      'mx1.campus.example/A1A1A1A1/2026-11-20T09:00:00.000Z',
      String(Date.parse('2026-11-20T09:00:00.000Z')),
      String(Date.parse('2026-11-20T09:00:03.100Z')),
    ]);
  });

  it('finds nothing where the window holds no line of the message', async () => {
    expect(tell(await trace(threeHops(), SENDER, { window: [60, 120] }))).toEqual([]);
  });

  it('finds nothing on the start host when the message did not pass there', async () => {
    expect(tell(await trace(threeHops(), CAROL, { startHost: 'lists' }))).toEqual([]);
  });

  it('refuses a start host that is not configured, and says which are', async () => {
    await expect(trace(threeHops(), CAROL, { startHost: 'nowhere' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('nowhere') as string,
      hint: expect.stringContaining('mx1.campus.example') as string,
    });
  });
});

describe('rounds', () => {
  const HOPS = 12;
  const longWay = (count: number) => {
    const hosts = Array.from({ length: count + 1 }, (_, index) => `h${index}`);
    const logs = createLogs();
    logs.on('h0').gets('A000000', 0);
    for (let index = 0; index < count; index++) {
      const [from, to] = [hosts[index]!, hosts[index + 1]!];
      const id = (n: number): string => `A${String(n).padStart(6, '0')}`;
      logs.on(to).gets(id(index + 1), index + 0.8, { client: `${from}.campus.example[192.0.2.${index + 100}]` });
      logs.on(from).delivers(id(index), index + 1, {
        relay: `${to}.campus.example[192.0.2.${index + 101}]:25`,
        response: `250 2.0.0 Ok: queued as ${id(index + 1)}`,
      });
      logs.on(from).removes(id(index), index + 1.01);
    }
    logs.on(hosts[count]!).delivers(`A${String(count).padStart(6, '0')}`, count + 1);
    logs.on(hosts[count]!).removes(`A${String(count).padStart(6, '0')}`, count + 1.1);
    return { logs, hosts };
  };

  it('are as few for twelve hops as for three', async () => {
    const counts = await Promise.all(
      [3, HOPS].map(async (count) => {
        const { logs, hosts } = longWay(count);
        const told = await trace(logs, SENDER, { hosts });
        expect(only(told).transactions).toHaveLength(count + 1);
        return [told.requests.length, Math.max(...told.report.sources.map(({ rounds }) => rounds))];
      }),
    );
    expect(counts[1]).toEqual(counts[0]);
    expect(counts[1]![1]).toBeLessThanOrEqual(3);
  });

  it('ask nobody twice for the same text in the same time', async () => {
    const { logs, hosts } = longWay(HOPS);
    const { requests } = await trace(logs, SENDER, { hosts });
    const asked = requests.flatMap(({ hosts: names, lookups }) =>
      names.flatMap((name) =>
        lookups.flatMap(({ window, needles }) =>
          needles.map(({ text }) => `${name} ${text} ${window.fromMs} ${window.toMs}`),
        ),
      ),
    );
    expect(new Set(asked).size).toBe(asked.length);
  });

  it('end at their bound, and say so', async () => {
    const { logs, hosts } = longWay(HOPS);
    const { report } = await trace(logs, SENDER, { hosts, limits: { maxRounds: 1 } });
    expect(report.complete).toBe(false);
    expect(report.findings).toMatchObject([{ code: 'limit', text: expect.stringContaining('1 rounds') as string }]);
  });

  it('are enough for six hops without a message-id', async () => {
    const names = Object.keys(FLEET);
    const logs = createLogs();
    const id = (index: number): string => `4jWkFk14${index}lznk7d`;
    logs.on(names[0]!).gets(id(0), 0, { messageId: '' });
    for (let index = 0; index < 6; index++) {
      logs.hop(names[index % 6]!, id(index), names[(index + 1) % 6]!, id(index + 1), { at: index + 1, messageId: '' });
    }
    logs.on(names[0]!).delivers(id(6), 8);
    logs.on(names[0]!).removes(id(6), 8.1);
    const told = await trace(logs, id(3));
    expect(only(told).hops.map(({ evidence }) => evidence)).toEqual(Array(6).fill('queued-as'));
    expect(told.report.complete).toBe(true);
  });
});

describe('beyond the window', () => {
  it('follows back to an arrival before it and on to an end after it', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', -7200, { messageId: MESSAGE_ID });
    logs.on('mx1').delivers('A1A1A1A1', -7190, {
      status: 'deferred',
      relay: `${peer('gw')}:25`,
      response: 'host gw said: 450 4.2.0 later',
    });
    logs.on('mx1').delivers('A1A1A1A1', 0, {
      status: 'deferred',
      relay: `${peer('gw')}:25`,
      response: 'host gw said: 450 4.2.0 later',
    });
    logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: 7200, delay: 14400, delays: '14399/0/0.5/0.5' });
    logs.hop('gw', 'B2B2B2B2', 'mailbox', 'C3C3C3C3', { at: 86400, delay: 79200, delays: '79199/0/0.5/0.5' });
    logs.on('mailbox').delivers('C3C3C3C3', 86401);
    logs.on('mailbox').removes('C3C3C3C3', 86402);
    const told = await trace(logs, CAROL, { window: [-60, 60] });
    expect(tellChain(only(told))).toEqual([
      ...THREE_HOPS.slice(0, 3),
      `mx1/A1A1A1A1: ${CAROL} sent after 3 tries`,
      ...THREE_HOPS.slice(4),
    ]);
    expect(only(told).transactions[0]?.client?.ip).toBe('192.0.2.104');
    expect(told.report.complete).toBe(true);
  });

  it('finds the hosts a message passed long before the window', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', -90_000);
    logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: -89_999 });
    logs.hop('gw', 'B2B2B2B2', 'mailbox', 'C3C3C3C3', { at: -3, delay: 89_996, delays: '89995/0/0.5/0.5' });
    logs.on('mailbox').delivers('C3C3C3C3', 0);
    logs.on('mailbox').removes('C3C3C3C3', 0.1);
    expect(tell(await trace(logs, CAROL, { window: [-1, 60], startHost: 'mailbox' }))).toEqual([THREE_HOPS]);
  });

  it('finds them also when they spoke from an address that no configured name has', async () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', -90_000);
    logs.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: -89_999, client: 'nat.campus.example[203.0.113.1]' });
    logs.on('gw').delivers('B2B2B2B2', 0);
    logs.on('gw').removes('B2B2B2B2', 0.1);
    const told = await trace(logs, CAROL, { window: [-1, 60] });
    expect(only(told).transactions.map(({ queueId }) => queueId)).toEqual(['A1A1A1A1', 'B2B2B2B2']);
  });

  const twoDays = () => {
    const logs = createLogs();
    logs.on('mx1').gets('A1A1A1A1', 0);
    for (const at of [1, 3600, 86_400]) {
      logs.on('mx1').delivers('A1A1A1A1', at, {
        status: 'deferred',
        delay: at,
        delays: `${at}/0/0/0`,
        relay: 'none',
        dsn: '4.4.1',
        response: 'connect to x: timed out',
      });
    }
    logs.on('mx1').delivers('A1A1A1A1', 2 * 86_400, { relay: 'mx.partner.example[198.51.100.1]:25' });
    logs.on('mx1').removes('A1A1A1A1', 2 * 86_400 + 1);
    return logs;
  };

  it('follows a message that was deferred for days', async () => {
    const told = await trace(twoDays(), SENDER, { window: [-60, 60] });
    expect(tellChain(only(told))).toEqual([
      'delivered',
      `mx1/A1A1A1A1 > mx.partner.example/? gap external: ${CAROL}`,
      `mx1/A1A1A1A1: ${CAROL} sent after 4 tries`,
    ]);
    expect(told.report.complete).toBe(true);
  });

  it('does not with --only-window, and says that the message was cut', async () => {
    const told = await trace(twoDays(), SENDER, { window: [-60, 60], onlyWindow: true });
    expect(tellChain(only(told))).toEqual(['deferred', `mx1/A1A1A1A1: ${CAROL} deferred`]);
    expect(told.report.complete).toBe(false);
    expect(findingCodes(only(told))).toContain('limit');
  });

  it('stops at the follow limit, and says so', async () => {
    const told = await trace(twoDays(), SENDER, { window: [-60, 60], limits: { followLimitMs: 7_200_000 } });
    expect(tellChain(only(told))).toEqual(['deferred', `mx1/A1A1A1A1: ${CAROL} deferred after 2 tries`]);
    expect(told.report.complete).toBe(false);
    expect(findingCodes(only(told))).toContain('limit');
  });

  it('says nothing of a limit when the log simply ends now', async () => {
    const told = await trace(twoDays(), SENDER, { window: [-60, 60], now: 3700, limits: { followLimitMs: 7_200_000 } });
    expect(only(told).verdict).toBe('deferred');
    expect(told.report.complete).toBe(true);
    expect(findingCodes(only(told))).not.toContain('limit');
  });

  it('says that the beginning was cut off', async () => {
    const told = await trace(twoDays(), CAROL, { window: [3500, 3700], limits: { followLimitMs: 600_000 }, now: 3800 });
    expect(only(told).transactions[0]?.hasArrival).toBe(false);
    expect(told.report.complete).toBe(false);
    expect(findingCodes(only(told))).toContain('limit');
  });
});

describe('bounds', () => {
  const many = (count: number) => {
    const logs = createLogs();
    for (let index = 0; index < count; index++) {
      const id = `A${String(index).padStart(8, '0')}`;
      logs.on('mx1').gets(id, index / 10, { messageId: `m${index}@sender.example` });
      logs.on('mx1').delivers(id, index / 10 + 1);
      logs.on('mx1').removes(id, index / 10 + 1.1);
    }
    return logs;
  };

  it.each([
    ['transactions', { maxTransactions: 10 }, '10 transactions'],
    ['lines', { maxLines: 50 }, '50 lines'],
    ['bytes', { maxBytes: 4096 }, 'MB'],
  ] as const)('on %s are kept, and named', async (_, limits, words) => {
    const { report } = await trace(many(40), SENDER, { limits });
    expect(report.complete).toBe(false);
    expect(report.findings.map(({ code }) => code)).toContain('limit');
    expect(report.findings.map(({ text }) => text).join()).toContain(words);
    expect(report.chains.length).toBeGreaterThan(0);
  });

  it('are not mentioned when they hold', async () => {
    const { report } = await trace(many(40), SENDER);
    expect(report.complete).toBe(true);
    expect(report.findings).toEqual([]);
    expect(report.chains).toHaveLength(40);
  });

  it('put the newest message first', async () => {
    const { report } = await trace(many(5), SENDER);
    const times = report.chains.map(({ firstSeenMs }) => firstSeenMs);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });
});
