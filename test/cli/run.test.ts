import { describe, expect, it } from 'vitest';
import type { OpenOptions, OpenTracer, TraceOptions } from '../../src/app/tracer.ts';
import { dispatch } from '../../src/cli/dispatch.ts';
import { runCommand } from '../../src/cli/run.ts';
import type { TraceReport } from '../../src/domain/chain.ts';
import { MailtraceError } from '../../src/errors.ts';
import type { TraceQuery } from '../../src/query/trace-query.ts';
import {
  bouncedChains,
  deferredThenSentChain,
  deliveredChain,
  rejectedReport,
  report,
  source,
} from '../support/chains.ts';
import { type FakeIo, fakeIo } from '../support/fake-io.ts';

type Calls = { opened: OpenOptions[]; queries: TraceQuery[]; closed: number };

const fakeTracer = (
  answer: TraceReport | ((query: TraceQuery, options: TraceOptions) => Promise<TraceReport>),
): { openTracer: OpenTracer; calls: Calls } => {
  const calls: Calls = { opened: [], queries: [], closed: 0 };
  return {
    calls,
    openTracer: async (options) => {
      calls.opened.push(options);
      return {
        traceMessage: async (query, traceOptions) => {
          calls.queries.push(query);
          return typeof answer === 'function' ? answer(query, traceOptions) : answer;
        },
        timeZone: 'Europe/Berlin',
        startHosts: ['mx1.campus.example'],
        clusters: {},
        close: async () => {
          calls.closed += 1;
        },
      };
    },
  };
};

const run = async (answer: Parameters<typeof fakeTracer>[0], argv: readonly string[], io: FakeIo = fakeIo()) => {
  const { openTracer, calls } = fakeTracer(answer);
  const code = await dispatch({ run: { summary: '', load: async () => runCommand({ openTracer }) } }, '1.2.3')(
    ['run', ...argv],
    io,
  );
  return { code, out: io.out(), err: io.err(), calls, io };
};

const KEY = ['-k', 'ann@sender.example'];
const found = report({ chains: [deliveredChain()] });
const unread = source({ host: 'mx2.campus.example', status: 'unreachable', error: 'Connection refused. Start sshd.' });

describe('the exit code', () => {
  it.each([
    ['found', found, 0],
    ['only rejects', rejectedReport(), 0],
    ['nothing', report(), 1],
    ['found, a host not read', report({ chains: [deliveredChain()], sources: [unread], complete: false }), 3],
    ['nothing, a host not read', report({ sources: [unread], complete: false }), 3],
    [
      'found, a log read in part',
      report({ chains: [deliveredChain()], sources: [source({ host: 'a', status: 'incomplete', error: 'damaged' })] }),
      3,
    ],
  ])('%s: %#', async (_, answer, code) => {
    expect((await run(answer, KEY)).code).toBe(code);
    const asJson = await run(answer, [...KEY, '--json']);
    expect(asJson.code).toBe(code);
    expect(JSON.parse(asJson.out)).toMatchObject({ schema: 'mailtrace.report/1' });
  });

  it.each([
    ['usage', 2],
    ['config', 2],
    ['keyword', 2],
    ['time-phrase', 2],
    ['source', 3],
    ['interrupted', 130],
  ] as const)('a fault of kind %s gives %d, with message and hint on stderr', async (kind, expected) => {
    const { code, out, err, calls } = await run(async () => {
      throw new MailtraceError(kind, 'It broke.', 'Mend it.');
    }, KEY);
    expect({ code, out, err }).toEqual({ code: expected, out: '', err: 'mailtrace: It broke.\n  Mend it.\n' });
    expect(calls.closed).toBe(1);
  });

  it('a bug gives 70 and a reference, and its details only to the log', async () => {
    const { code, out, err, io } = await run(async () => {
      throw new TypeError('secret detail');
    }, KEY);
    expect(code).toBe(70);
    expect(out).toBe('');
    const reference = /reference ([0-9a-f]{8})\./.exec(err)?.[1];
    expect(err).not.toContain('secret detail');
    expect(io.logged()).toMatchObject([{ reference, message: 'internal error' }]);
  });
});

describe('stdout and stderr', () => {
  it('has the table on stdout and nothing on stderr', async () => {
    const { out, err } = await run(found, KEY);
    expect(out).toContain('verdict     delivered');
    expect(out).toContain('4jWkFk143lznk7d');
    expect(err).toBe('');
  });

  it('says what was searched when nothing was found', async () => {
    const { out, err } = await run(report(), KEY);
    expect(out).toBe('');
    expect(err).toContain('nothing found');
    expect(err).toContain('"ann@sender.example"');
    expect(err).toContain('2026-11-20 09:00 CET to 2026-11-20 11:00 CET (Europe/Berlin, UTC+01:00)');
    expect(err).toContain('on mx1.campus.example, mailbox1.campus.example.');
  });

  it('says on stderr what could not be read', async () => {
    const answer = report({ chains: [deliveredChain()], sources: [unread], complete: false });
    const fault = 'not read: mx2.campus.example (file, unreachable): Connection refused. Start sshd.';
    expect((await run(answer, KEY)).err).toBe(`mailtrace: ${fault}\n`);
    expect((await run(answer, [...KEY, '--json'])).err).toBe(`mailtrace: ${fault}\n`);
    const empty = await run(
      report({ sources: [source({ host: 'mx1.campus.example' }), unread], complete: false }),
      KEY,
    );
    expect(empty.err).toMatch(/nothing found\. Searched .*, on mx1\.campus\.example\.$/m);
    expect(empty.err).toContain(fault);
    expect(empty.out).toBe('');
  });

  it('does not advise other keywords when no log could be read', async () => {
    const others = ['mx3.campus.example', 'mx4.campus.example'].map((host) => source({ ...unread, host }));
    const { out, err } = await run(report({ sources: [unread, ...others], complete: false }), KEY);
    expect(out).toBe('');
    expect(err).toMatch(/^mailtrace: no log could be read, so nothing was searched for "ann@sender\.example"/);
    expect(err).not.toContain('spelling');
    // One fault of many hosts is told once.
    expect(err).toContain(
      'not read: mx2.campus.example, mx3.campus.example, mx4.campus.example (file, unreachable): Connection refused.',
    );
  });

  it('says it once when both streams are one terminal', async () => {
    const answer = report({ chains: [deliveredChain()], sources: [unread], complete: false });
    const { out, err } = await run(answer, KEY, fakeIo({ terminal: true }));
    expect(out).toContain('not read    mx2.campus.example');
    expect(err).not.toContain('Connection refused');
  });

  it('has colours only on a terminal, and not against NO_COLOR', async () => {
    expect((await run(found, KEY, fakeIo({ terminal: true, env: {} }))).out).toContain('\u001b[32mdelivered');
    expect((await run(found, KEY, fakeIo({ terminal: true, env: { NO_COLOR: '1' } }))).out).not.toContain('\u001b');
    expect((await run(found, KEY, fakeIo({ terminal: true, env: { TERM: 'dumb' } }))).out).not.toContain('\u001b');
    expect((await run(found, KEY, fakeIo({ env: {} }))).out).not.toContain('\u001b');
  });

  it('shows progress only where stderr is a terminal, and clears it', async () => {
    const answer = async (_: TraceQuery, { onProgress }: TraceOptions): Promise<TraceReport> => {
      onProgress?.({ round: 2, hostsAnswered: 1, hostsAsked: 4, transactions: 7 });
      return found;
    };
    const shown = await run(answer, KEY, fakeIo({ stderrTerminal: true }));
    expect(shown.err).toContain('round 2: 1 of 4 hosts, 7 transactions');
    expect(shown.err.endsWith('\r\u001b[K')).toBe(true);
    expect((await run(answer, KEY)).err).toBe('');
  });

  it('fits the table to the terminal', async () => {
    const { out } = await run(found, KEY, fakeIo({ terminal: true, columns: 60 }));
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  });

  it('keeps escape sequences of a keyword out of the terminal', async () => {
    const hostile = report({ query: { ...report().query, keywords: ['\u001b[2J'] } });
    expect((await run(hostile, ['-k', 'text:\u001b[2J'])).err).not.toContain('\u001b');
  });
});

describe('several matching messages', () => {
  const several = report({ chains: [deliveredChain(), ...bouncedChains(), deferredThenSentChain()] });

  it('asks on a terminal', async () => {
    const io = fakeIo({ terminal: true });
    io.type('3\r');
    const { code, out } = await run(several, KEY, io);
    expect(code).toBe(0);
    expect(out).toContain('later@sender.example');
    expect(out).not.toContain('delivered@sender.example');
  });

  it.each([
    ['without a terminal', KEY, fakeIo()],
    ['with --all', [...KEY, '--all'], fakeIo({ terminal: true })],
    ['when stdout is a pipe', KEY, fakeIo({ terminal: true, stdoutTerminal: false })],
  ])('shows all %s', async (_, argv, io) => {
    const { out, err } = await run(several, argv, io);
    expect(out).toContain('Message 4 of 4');
    expect(err).not.toContain('Which');
  });

  it('never asks with --json', async () => {
    const { out, err } = await run(several, [...KEY, '--json'], fakeIo({ terminal: true }));
    expect((JSON.parse(out) as { chains: unknown[] }).chains).toHaveLength(4);
    expect(err).not.toContain('Which');
  });

  it('shows none after q', async () => {
    const io = fakeIo({ terminal: true });
    io.type('q\r');
    expect(await run(several, KEY, io)).toMatchObject({ code: 0, out: '' });
  });

  it('ends with 130 on Ctrl-C', async () => {
    const io = fakeIo({ terminal: true });
    const running = run(several, KEY, io);
    io.type('\u0003');
    expect(await running).toMatchObject({ code: 130, out: '' });
  });
});

describe('the query', () => {
  it('has the keywords, the window in the zone of the configuration, and the rest', async () => {
    const { calls } = await run(found, [
      ...KEY,
      '-k',
      'qid:ABC',
      '-h',
      'mx-cluster',
      '--time',
      '2026-11-20 10:00:00',
      '--time-range',
      '4h',
      '--only-window',
      '-c',
      'my.yaml',
    ]);
    expect(calls.queries).toEqual([
      {
        keywords: [
          { kind: 'address-or-id', text: 'ann@sender.example' },
          { kind: 'qid', text: 'ABC' },
        ],
        startHost: 'mx-cluster',
        window: { fromMs: Date.UTC(2026, 10, 20, 5), toMs: Date.UTC(2026, 10, 20, 13) },
        timeZone: 'Europe/Berlin',
        onlyWindow: true,
        scope: { kind: 'all' },
      },
    ]);
    expect(calls.opened[0]).toMatchObject({
      configPath: 'my.yaml',
      passwords: { login: null, sudo: null, opensearch: null },
    });
    expect(calls.closed).toBe(1);
  });

  it('is the last 24 hours without --time, and the last while with --time-range alone', async () => {
    const nowMs = Date.UTC(2026, 10, 20, 12);
    expect((await run(found, KEY)).calls.queries[0]?.window).toEqual({ fromMs: nowMs - 86_400_000, toMs: nowMs });
    expect((await run(found, [...KEY, '--time-range', '30m'])).calls.queries[0]?.window).toEqual({
      fromMs: nowMs - 1_800_000,
      toMs: nowMs,
    });
  });

  it.each([
    [[], 'No keyword is given.'],
    [['-k', ''], 'is empty'],
    [['-k', 'a\nb'], 'line break'],
    [[...KEY, 'yesterday'], 'Unexpected argument "yesterday".'],
    [[...KEY, '--colour'], 'Unknown flag --colour.'],
    [[...KEY, '-o', 'x.png'], 'Unknown flag -o.'],
  ])('is refused for %j before anything is opened', async (argv, words) => {
    const { code, out, err, calls } = await run(found, argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(words);
    expect(calls.opened).toEqual([]);
  });

  it.each([
    [['--time', 'whenever'], 'whenever'],
    [['--time', '03/04'], '03/04'],
    [['--time-range', '4 parsecs'], 'no duration'],
    [['--time', 'yesterday 10am 4h', '--time-range', '2h'], 'mailtrace:'],
  ])('is refused for %j, and the configuration is closed again', async (argv, words) => {
    const { code, err, calls } = await run(found, [...KEY, ...argv]);
    expect(code).toBe(2);
    expect(err).toContain(words);
    expect(calls).toMatchObject({ queries: [], closed: 1 });
  });
});

describe('passwords', () => {
  it('come from flags, or are asked for without being shown', async () => {
    const io = fakeIo({ terminal: true });
    io.type('hunter2\rs3cret\r');
    const { calls, err, out } = await run(
      found,
      [...KEY, '--ask-login-pass', '--ask-sudo-pass', '--opensearch-pass', 'os'],
      io,
    );
    expect(calls.opened[0]?.passwords).toEqual({ login: 'hunter2', sudo: 's3cret', opensearch: 'os' });
    expect(err).toContain('SSH password: ');
    expect(err).toContain('sudo password: ');
    expect(`${err}${out}`).not.toMatch(/hunter2|s3cret/);
  });

  it('cannot be asked for without a terminal', async () => {
    const { code, err, calls } = await run(found, [...KEY, '--ask-login-pass']);
    expect(code).toBe(2);
    expect(err).toContain('MAILTRACE_SSH_PASSWORD');
    expect(calls.opened).toEqual([]);
  });

  it('are given in one way', async () => {
    const { code, err } = await run(found, [...KEY, '--ask-sudo-pass', '--sudo-pass', 'x'], fakeIo({ terminal: true }));
    expect(code).toBe(2);
    expect(err).toContain('--sudo-pass and --ask-sudo-pass are both given.');
  });

  it('can be refused with Ctrl-C and Ctrl-D', async () => {
    for (const key of ['\u0003', '\u0004']) {
      const io = fakeIo({ terminal: true });
      const running = run(found, [...KEY, '--ask-login-pass'], io);
      io.type(key);
      expect((await running).code).toBe(130);
    }
  });
});

describe('interruption', () => {
  it('ends a running trace with 130 and closes the configuration', async () => {
    const io = fakeIo();
    const { code, out, calls } = await run(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
          io.interrupt();
        }),
      KEY,
      io,
    );
    expect({ code, out, closed: calls.closed }).toEqual({ code: 130, out: '', closed: 1 });
    expect(io.err()).toContain('interrupted');
  });
});

it('prints its help, which names every flag', async () => {
  const { code, out, calls } = await run(found, ['--help']);
  expect(code).toBe(0);
  for (const flag of '--config-path -c --start-host -h --keyword -k --time --time-range --login-pass --sudo-pass --opensearch-pass --ask-login-pass --ask-sudo-pass --ask-opensearch-pass --json --all --only-window --help'.split(
    ' ',
  )) {
    expect(out).toContain(flag);
  }
  expect(calls.opened).toEqual([]);
});
