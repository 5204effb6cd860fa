/** What every LogSource promises (src/app/ports.ts). An adapter passes by calling `testLogSource` with a way to make its logs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogSource, Lookup, Needle, SearchOutcome, SearchRequest } from '../../src/app/ports.ts';
import type { LogRecord } from '../../src/domain/event.ts';
import { type HostName, hostName } from '../../src/domain/ids.ts';
import type { TimeWindow } from '../../src/domain/time-window.ts';

/** One line before it is written in the adapter's own way. `time`: ISO 8601, UTC. */
export type ContractLine = Readonly<{ time: string; program: string; pid: number; text: string }>;

/** `lines` null: the host is configured and its log is missing. */
export type ContractLog = Readonly<{ host: string; lines: readonly ContractLine[] | null }>;

export type SourceMaker = Readonly<{
  /** Writes the logs and opens a source over them. Called once; `close` of the source ends it. */
  open: (logs: readonly ContractLog[]) => Promise<LogSource>;
  /** Takes away what `open` made. */
  remove: () => Promise<void>;
}>;

/** As rsyslog writes it (RSYSLOG_FileFormat): for adapters whose logs are lines. */
export const toLine = (host: string, { time, program, pid, text }: ContractLine): string =>
  `${time.replace(/Z$/, '+00:00')} ${host} ${program}[${pid}]: ${text}`;

const HOUR_MS = 3_600_000;
const DAY: TimeWindow = { fromMs: Date.parse('2026-11-21T00:00:00Z'), toMs: Date.parse('2026-11-22T00:00:00Z') };
const BUDGET = { maxLines: 100_000, maxBytes: 100_000_000 };

const line = (time: string, text: string): ContractLine => ({
  time: `2026-11-21T${time}Z`,
  program: 'postfix/smtpd',
  pid: 7,
  text,
});

/** Syntax of shells, regular expressions, Lucene, option parsers, JSON, SQL and Slack: all of it only text here. */
const ODD_TEXTS: readonly string[] = [
  '$(touch /tmp/contract)',
  '`reboot`',
  "it's; rm -rf /",
  'a|b&c',
  '.*first.*',
  '[a-z]+second',
  '(third',
  'fourth\\d\\n',
  'fifth*?',
  '"sixth quoted"',
  '<seventh@x.example>',
  '--eighth',
  '-e ninth',
  '%s%n tenth',
  '${HOME} eleventh',
  'AND OR NOT twelfth',
  'field:value thirteenth~2',
  '{"fourteenth":1}',
  '<!channel> fifteenth',
  'sixteenth /path/../x',
  'grüße@müller.example',
  '日本語.example',
  'tab\there',
];

const LOGS: readonly ContractLog[] = [
  {
    host: 'mx1',
    lines: [
      line('07:00:00.000', 'ABC0: client=a.example[192.0.2.1]'),
      line('07:00:01.000', 'ABC1: client=b.example[192.0.2.2]'),
      line('07:00:02.000', 'ABC1: message-id=<one@x.example>'),
      line('07:00:02.500', 'ABC12: from=<Ann@X.example>, size=1'),
      line('07:00:03.000', 'ABC1: to=<bob@y.example>, status=sent (250 Ok: queued as DEF2)'),
      line('07:00:03.500', 'x-ABC1: ABC1_2: ABC1-3 are other words'),
      line('07:00:04.000', 'ABC1: removed'),
      line('09:00:00.000', 'ABC1: from=<late@x.example>'),
      line('09:00:00.001', 'warning: ÄABC1Ä stands between letters that are no ASCII'),
    ],
  },
  {
    host: 'mx2',
    lines: [
      line('07:00:03.000', 'DEF2: client=mx1[192.0.2.9]'),
      line('07:00:03.100', 'DEF2: message-id=<one@x.example>'),
      line('07:00:03.200', 'ABC1: another message with the same queue ID'),
    ],
  },
  {
    host: 'odd',
    lines: ODD_TEXTS.map((text, index) => line(`08:00:${String(index).padStart(2, '0')}.000`, `odd ${text} end`)),
  },
  {
    host: 'busy',
    lines: Array.from({ length: 3000 }, (_, index) =>
      line(
        `10:${String(Math.floor(index / 60)).padStart(2, '0')}:${String(index % 60).padStart(2, '0')}.000`,
        `Q${index}: client=c[192.0.2.3]`,
      ),
    ),
  },
  { host: 'missing', lines: null },
];

const needle = (text: string, more: Partial<Needle> = {}): Needle => ({
  text,
  ignoreCase: false,
  isWhole: false,
  ...more,
});

const lookup = (needles: readonly Needle[], more: Partial<Lookup> = {}): Lookup => ({
  window: DAY,
  needles,
  relatedWindow: more.window ?? DAY,
  related: null,
  ...more,
});

const at = (time: string): number => Date.parse(`2026-11-21T${time}Z`);

/** The word before the first colon. */
const queueIdOf = ({ text }: LogRecord): readonly string[] => {
  const id = /^([A-Z0-9]+):/.exec(text)?.[1];
  return id === undefined ? [] : [id];
};

const hosts = (...names: readonly string[]): readonly HostName[] => names.map(hostName);

export const testLogSource = (name: string, maker: SourceMaker): void => {
  describe(`${name} keeps the promises of a LogSource`, () => {
    let source: LogSource;
    beforeAll(async () => {
      source = await maker.open(LOGS);
    });
    afterAll(async () => {
      await source.close();
      await maker.remove();
    });

    const search = (
      asked: readonly HostName[],
      lookups: readonly Lookup[],
      more: Partial<SearchRequest> = {},
    ): Promise<SearchOutcome> =>
      source.search({ hosts: asked, lookups, budget: BUDGET, ...more }, new AbortController().signal);
    const texts = async (asked: readonly HostName[], ...lookups: readonly Lookup[]): Promise<readonly string[]> =>
      (await search(asked, lookups)).records.map(({ text }) => text);

    it('serves the hosts it was opened with', () => {
      expect([...source.hosts].sort()).toEqual(['busy', 'missing', 'mx1', 'mx2', 'odd']);
    });

    it('returns every line of the window when nothing is looked for, with all that stands in it', async () => {
      const { records } = await search(hosts('mx2'), [lookup([])]);
      expect(records.map(({ host, timeMs, program, pid, text }) => ({ host, timeMs, program, pid, text }))).toEqual(
        LOGS[1]!.lines!.map(({ time, ...rest }) => ({ host: 'mx2', timeMs: Date.parse(time), ...rest })),
      );
      for (const { raw, text } of records) expect(raw).toContain(text.slice(0, 5));
    });

    it('takes the window as half-open', async () => {
      const window = { fromMs: at('07:00:01.000'), toMs: at('07:00:02.500') };
      expect(await texts(hosts('mx1'), lookup([], { window }))).toEqual([
        'ABC1: client=b.example[192.0.2.2]',
        'ABC1: message-id=<one@x.example>',
      ]);
    });

    it('finds nothing in an empty window', async () => {
      expect(
        await texts(hosts('mx1'), lookup([], { window: { fromMs: at('07:00:01.000'), toMs: at('07:00:01.000') } })),
      ).toEqual([]);
    });

    it.each(ODD_TEXTS)('looks for %j as it is, and for nothing else', async (text) => {
      expect(await texts(hosts('odd'), lookup([needle(text)]))).toEqual([`odd ${text} end`]);
    });

    it('keeps whole words from being found inside others', async () => {
      expect(await texts(hosts('mx1'), lookup([needle('ABC1', { isWhole: true })]))).toEqual([
        'ABC1: client=b.example[192.0.2.2]',
        'ABC1: message-id=<one@x.example>',
        'ABC1: to=<bob@y.example>, status=sent (250 Ok: queued as DEF2)',
        'ABC1: removed',
        'ABC1: from=<late@x.example>',
        'warning: ÄABC1Ä stands between letters that are no ASCII',
      ]);
      expect(await texts(hosts('mx1'), lookup([needle('x.exampl', { isWhole: true })]))).toEqual([]);
    });

    it('folds the case of ASCII letters only, and only when asked', async () => {
      expect(await texts(hosts('mx1'), lookup([needle('ann@x.EXAMPLE')]))).toEqual([]);
      expect(await texts(hosts('mx1'), lookup([needle('ann@x.EXAMPLE', { ignoreCase: true })]))).toEqual([
        'ABC12: from=<Ann@X.example>, size=1',
      ]);
      expect(await texts(hosts('odd'), lookup([needle('GRüßE@MüLLER', { ignoreCase: true })]))).toHaveLength(1);
      expect(await texts(hosts('odd'), lookup([needle('GRÜßE@MÜLLER', { ignoreCase: true })]))).toEqual([]);
    });

    it('needs only one of several needles', async () => {
      expect(await texts(hosts('mx1'), lookup([needle('removed'), needle('late@x'), needle('nowhere')]))).toEqual([
        'ABC1: removed',
        'ABC1: from=<late@x.example>',
      ]);
    });

    it('also returns what is related, in its own window, on the same host only', async () => {
      const relatedWindow = { fromMs: at('07:00:00.000'), toMs: at('08:00:00.000') };
      const found = lookup([needle('one@x.example')], { related: queueIdOf, relatedWindow });
      const { records } = await search(hosts('mx1', 'mx2'), [found]);
      expect(records.map(({ host, text }) => `${host} ${text}`)).toEqual([
        'mx1 ABC1: client=b.example[192.0.2.2]',
        'mx1 ABC1: message-id=<one@x.example>',
        'mx1 ABC1: to=<bob@y.example>, status=sent (250 Ok: queued as DEF2)',
        'mx1 ABC1: removed',
        'mx2 DEF2: client=mx1[192.0.2.9]',
        'mx2 DEF2: message-id=<one@x.example>',
      ]);
    });

    it('finds what is related outside the window of the search', async () => {
      const window = { fromMs: at('07:00:04.000'), toMs: at('07:00:05.000') };
      const { records } = await search(hosts('mx1'), [
        lookup([needle('removed')], { window, relatedWindow: DAY, related: queueIdOf }),
      ]);
      expect(records).toHaveLength(6);
    });

    it('follows one step, not the steps of what is related', async () => {
      const related = (record: LogRecord): readonly string[] =>
        record.text.includes('queued as') ? ['ABC0'] : ['ABC12'];
      expect(await texts(hosts('mx1'), lookup([needle('one@x.example')], { related }))).toEqual([
        'ABC1: message-id=<one@x.example>',
        'ABC12: from=<Ann@X.example>, size=1',
      ]);
    });

    it('follows thousands of queue IDs', async () => {
      const { records } = await search(hosts('busy'), [lookup([needle('client=c')], { related: queueIdOf })]);
      expect(records).toHaveLength(3000);
    });

    it('unites lookups and returns a line once', async () => {
      const early = { fromMs: at('07:00:00.000'), toMs: at('07:00:03.000') };
      const found = await texts(
        hosts('mx1'),
        lookup([needle('ABC1', { isWhole: true })], { window: early }),
        lookup([needle('message-id='), needle('ABC0')]),
        lookup([needle('late@x')], {
          related: queueIdOf,
          relatedWindow: { fromMs: at('09:00:00.000'), toMs: at('10:00:00.000') },
        }),
      );
      expect(found).toEqual([
        'ABC0: client=a.example[192.0.2.1]',
        'ABC1: client=b.example[192.0.2.2]',
        'ABC1: message-id=<one@x.example>',
        'ABC1: from=<late@x.example>',
        'warning: ÄABC1Ä stands between letters that are no ASCII',
      ]);
    });

    it('keeps the needles of one lookup out of the window of another', async () => {
      const found = await texts(
        hosts('mx1'),
        lookup([needle('removed')], { window: { fromMs: at('09:00:00.000'), toMs: at('10:00:00.000') } }),
        lookup([needle('late@x')], { window: { fromMs: at('07:00:00.000'), toMs: at('08:00:00.000') } }),
      );
      expect(found).toEqual([]);
    });

    it('asks only the hosts of the request', async () => {
      const { records, hosts: readings } = await search(hosts('mx2'), [lookup([needle('one@x.example')])]);
      expect(new Set(records.map(({ host }) => host))).toEqual(new Set(['mx2']));
      expect(readings.map(({ host }) => host)).toEqual(['mx2']);
    });

    it('numbers the lines of each host in log order', async () => {
      const { records } = await search(hosts('mx1', 'mx2', 'busy'), [lookup([])]);
      for (const host of hosts('mx1', 'mx2', 'busy')) {
        const own = records.filter((record) => record.host === host);
        const sorted = [...own].sort((a, b) => a.sequence - b.sequence);
        expect(own).toEqual(sorted);
        expect(own.map(({ text }) => text)).toEqual(
          LOGS.find((log) => log.host === host)!.lines!.map(({ text }) => text),
        );
      }
      expect(new Set(records.map(({ sequence }) => sequence)).size).toBe(records.length);
    });

    it('counts what it returned, host by host', async () => {
      const { hosts: readings, isCut } = await search(hosts('mx1', 'mx2'), [lookup([needle('one@x.example')])]);
      expect(readings).toHaveLength(2);
      for (const reading of readings)
        expect(reading).toMatchObject({ status: 'ok', error: null, linesRead: 1, ambiguousTimes: 0 });
      expect(isCut).toBe(false);
    });

    it('ends at the budget of lines and says so', async () => {
      const budget = { ...BUDGET, maxLines: 10 };
      const { records, isCut } = await search(hosts('busy'), [lookup([])], { budget });
      expect(records.length).toBeLessThanOrEqual(10);
      expect(isCut).toBe(true);
    });

    it('ends at the budget of bytes and says so', async () => {
      const { records, isCut } = await search(hosts('busy'), [lookup([])], { budget: { ...BUDGET, maxBytes: 2000 } });
      expect(records.reduce((sum, { raw }) => sum + raw.length, 0)).toBeLessThanOrEqual(2000);
      expect(isCut).toBe(true);
    });

    it('is not cut by a budget that just suffices', async () => {
      const { records, isCut } = await search(hosts('busy'), [lookup([])], { budget: { ...BUDGET, maxLines: 3000 } });
      expect(records).toHaveLength(3000);
      expect(isCut).toBe(false);
    });

    it('answers for the others when one log is missing, and names that one', async () => {
      const { records, hosts: readings } = await search(hosts('missing', 'mx2'), [lookup([needle('one@x.example')])]);
      expect(records).toHaveLength(1);
      expect(readings.find(({ host }) => host === 'mx2')).toMatchObject({ status: 'ok', error: null });
      const missing = readings.find(({ host }) => host === 'missing');
      expect(missing).toMatchObject({ linesRead: 0 });
      expect(missing!.status).not.toBe('ok');
      expect(missing!.error).toMatch(/\S/);
    });

    it('may be asked many things at once, and answers each as if it were alone', async () => {
      const requests: readonly SearchRequest[] = [
        { hosts: hosts('mx1'), lookups: [lookup([needle('one@x.example')])], budget: BUDGET },
        { hosts: hosts('mx1'), lookups: [lookup([needle('one@x.example')], { related: queueIdOf })], budget: BUDGET },
        { hosts: hosts('mx2'), lookups: [lookup([needle('ABC1')])], budget: BUDGET },
        {
          hosts: hosts('mx1', 'mx2', 'missing'),
          lookups: [lookup([needle('ABC1', { isWhole: true })])],
          budget: BUDGET,
        },
        { hosts: hosts('busy'), lookups: [lookup([])], budget: { ...BUDGET, maxLines: 7 } },
        { hosts: hosts('busy'), lookups: [lookup([])], budget: BUDGET },
        { hosts: hosts('busy'), lookups: [lookup([needle('Q77', { isWhole: true })])], budget: BUDGET },
      ];
      const alone: SearchOutcome[] = [];
      for (const request of requests) alone.push(await source.search(request, new AbortController().signal));
      const { signal } = new AbortController();
      const together = await Promise.all(requests.map((request) => source.search(request, signal)));
      const show = ({ records, hosts: readings, isCut }: SearchOutcome) => ({
        texts: records.map(({ host, text }) => `${host} ${text}`),
        readings: readings.map(({ host, status, linesRead }) => `${host} ${status} ${linesRead}`),
        isCut,
      });
      expect(together.map(show)).toEqual(alone.map(show));
      expect(together.map(({ isCut }) => isCut)).toEqual([false, false, false, false, true, false, false]);
    });

    it('gives up when it is told to', async () => {
      const reason = new Error('enough');
      const request = { hosts: hosts('busy'), lookups: [lookup([])], budget: BUDGET };
      await expect(source.search(request, AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    it('ignores a window of years around the log', async () => {
      const window = { fromMs: DAY.fromMs - 9000 * HOUR_MS, toMs: DAY.toMs + 9000 * HOUR_MS };
      expect(await texts(hosts('mx2'), lookup([needle('DEF2')], { window }))).toHaveLength(2);
    });
  });
};
