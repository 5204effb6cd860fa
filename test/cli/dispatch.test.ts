import { describe, expect, it } from 'vitest';
import { type Commands, dispatch } from '../../src/cli/dispatch.ts';
import type { Command } from '../../src/cli/io.ts';
import { playgroundCommand, slackCommand } from '../../src/cli/service.ts';
import { MailtraceError } from '../../src/errors.ts';
import { fakeIo } from '../support/fake-io.ts';

const commandsWith = (run: Command): Commands => ({
  run: { summary: 'trace', load: async () => run },
  graph: { summary: 'draw', load: async () => run },
  playground: { summary: 'play', load: async () => run },
});

const call = async (argv: readonly string[], run: Command = async () => 0, io = fakeIo()) => {
  const code = await dispatch(commandsWith(run), '1.2.3')(argv, io);
  return { code, out: io.out(), err: io.err(), io };
};

describe('dispatch', () => {
  it('hands the rest of the command line to the command and returns its code', async () => {
    let seen: readonly string[] = [];
    const { code } = await call(['run', '-k', 'x', '--help'], async (argv) => {
      seen = argv;
      return 3;
    });
    expect(code).toBe(3);
    expect(seen).toEqual(['-k', 'x', '--help']);
  });

  it.each([['--help'], ['help']])('%s shows the commands on stdout', async (word) => {
    const { code, out, err } = await call([word]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('  run         trace\n  graph       draw\n');
  });

  it('--version shows the version', async () =>
    expect(await call(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n' }));

  it('shows the commands on stderr when none is given', async () => {
    const { code, out, err } = await call([]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Usage: mailtrace COMMAND');
  });

  it.each([
    ['rnu', 'Did you mean run?'],
    ['grpah', 'Did you mean graph?'],
    ['trace', 'Use one of: run, graph, playground.'],
    ['constructor', 'Unknown command "constructor".'],
    ['-k', 'A command is missing before -k.'],
    ['\u001b[2J', 'Unknown command "\\x1b[2J".'],
  ])('refuses %j', async (word, words) => {
    const { code, out, err } = await call([word]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(words);
  });

  it('keeps the lines of a message and its hint', async () => {
    const { err } = await call(['run'], () =>
      Promise.reject(new MailtraceError('config', 'Two problems:\na: x\nb: \u001by', 'Mend\nboth.')),
    );
    expect(err).toBe('mailtrace: Two problems:\n  a: x\n  b: \\x1by\n  Mend\n  both.\n');
  });

  it('loads only the command that is called', async () => {
    const io = fakeIo();
    const broken: Commands = {
      ...commandsWith(async () => 0),
      graph: { summary: '', load: () => Promise.reject(new Error('must not be loaded')) },
    };
    expect(await dispatch(broken, '1')(['run'], io)).toBe(0);
    expect(await dispatch(broken, '1')(['graph'], io)).toBe(70);
  });
});

describe('services', () => {
  it('slack gets its configuration and what it needs of the process', async () => {
    const io = fakeIo({ env: { MAILTRACE_CONFIG: 'env.yaml' } });
    const seen: string[] = [];
    const slack = slackCommand(async ({ configPath, print, signal }) => {
      seen.push(configPath);
      expect(signal).toBe(io.signal);
      await print('Connected.');
    });
    expect(await slack([], io)).toBe(0);
    expect(await slack(['-c', 'flag.yaml'], io)).toBe(0);
    expect(seen).toEqual(['env.yaml', 'flag.yaml']);
    expect(io.out()).toBe('Connected.\nConnected.\n');
    await expect(slack(['now'], io)).rejects.toThrow('Unexpected argument "now".');
  });

  it.each([
    [[], {}, null],
    [['--port', '8080'], {}, 8080],
    [['--port', '0'], {}, null],
    [[], { PORT: '3000' }, 3000],
    [['--port', '1'], { PORT: '2' }, 1],
  ])('playground %j with %j listens on %s', async (argv, env, expected) => {
    let seen: number | null | undefined;
    const playground = playgroundCommand(async ({ port }) => {
      seen = port;
    });
    expect(await playground(argv, fakeIo({ env }))).toBe(0);
    expect(seen).toBe(expected);
  });

  it.each(['x', '65536', '-1', '1e3'])('playground refuses the port %j', async (port) => {
    const playground = playgroundCommand(async () => {});
    await expect(playground([`--port=${port}`], fakeIo())).rejects.toMatchObject({ code: 'usage' });
  });

  it('print their help without starting', async () => {
    const io = fakeIo();
    expect(await slackCommand(() => Promise.reject(new Error('started')))(['--help'], io)).toBe(0);
    expect(await playgroundCommand(() => Promise.reject(new Error('started')))(['--help'], io)).toBe(0);
    expect(io.out()).toContain('mailtrace slack');
    expect(io.out()).toContain('mailtrace playground');
  });
});
