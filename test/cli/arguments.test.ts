import { describe, expect, it } from 'vitest';
import { configPathOf, parseArguments, refusePositionals, traceFlags } from '../../src/cli/arguments.ts';
import { MailtraceError } from '../../src/errors.ts';
import { findNearest } from '../../src/query/nearest.ts';

const flags = { ...traceFlags, json: { type: 'boolean' } } as const;
const parse = (...argv: string[]) => parseArguments(argv, flags);

const refusalOf = (...argv: string[]): string => {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof MailtraceError && error.code === 'usage') return `${error.message} ${error.hint}`;
    throw error;
  }
  throw new Error(`${argv.join(' ')} was taken`);
};

describe('parseArguments', () => {
  it('reads the flags of the Python tool, long and short', () => {
    const args = parse(
      '-c',
      'a.yaml',
      '-h',
      'mx',
      '-k',
      'x@y',
      '--keyword',
      'z',
      '--time',
      '2026-11-20 10:00',
      '--time-range=4h',
    );
    expect(args.text('config-path')).toBe('a.yaml');
    expect(args.text('start-host')).toBe('mx');
    expect(args.texts('keyword')).toEqual(['x@y', 'z']);
    expect(args.text('time')).toBe('2026-11-20 10:00');
    expect(args.text('time-range')).toBe('4h');
    expect(args.isSet('help')).toBe(false);
    expect(args.text('login-pass')).toBeUndefined();
  });

  it('has -h for the host, so help is --help', () => {
    expect(parse('-h', 'mx').text('start-host')).toBe('mx');
    expect(parse('--help').isSet('help')).toBe(true);
  });

  it('takes a keyword as it is', () => {
    for (const keyword of ["'; rm -rf /", '$(id)', '*', '<a@b>', '日本', '', ' ', '"', 'a=b', '--x']) {
      expect(parse(`--keyword=${keyword}`).texts('keyword')).toEqual([keyword]);
    }
  });

  it.each([
    [['--keywrod', 'x'], 'Did you mean --keyword?'],
    [['--time_range', '4h'], 'Did you mean --time-range?'],
    [['--timerange', '4h'], 'Did you mean --time-range?'],
    [['--jsno'], 'Did you mean --json?'],
    [['--config', 'x'], 'Did you mean --config-path?'],
    [['--start'], 'Did you mean --start-host?'],
    [['--frobnicate'], 'mailtrace COMMAND --help lists the flags.'],
    [['-x'], 'Unknown flag -x.'],
    [['-k'], '-k needs a value. Write it after a blank: -k VALUE.'],
    [['--keyword'], '--keyword needs a value.'],
    [
      ['-k', '--json'],
      '-k needs a value, but --json follows. For a value that begins with "-" write --keyword=--json.',
    ],
    [['--json=yes'], '--json takes no value.'],
    [['-h', 'a', '-h', 'b'], '-h is given twice.'],
    [['--time', 'a', '--time', 'b'], '--time is given twice.'],
    [['--__proto__', 'x'], 'Unknown flag --__proto__.'],
    [['--constructor'], 'Unknown flag --constructor.'],
  ])('refuses %j', (argv, words) => expect(refusalOf(...argv)).toContain(words));

  it('refuses a word without a flag where there is no place for one', () => {
    expect(() => refusePositionals(parse('-k', 'x', 'yesterday'), 'hint')).toThrow('Unexpected argument "yesterday".');
    expect(() => refusePositionals(parse('-k', 'x'), 'hint')).not.toThrow();
  });
});

describe('configPathOf', () => {
  it.each([
    [['-c', 'a.yaml'], { MAILTRACE_CONFIG: 'b.yaml' }, 'a.yaml'],
    [[], { MAILTRACE_CONFIG: 'b.yaml' }, 'b.yaml'],
    [[], { MAILTRACE_CONFIG: '' }, 'config.yaml'],
    [[], {}, 'config.yaml'],
  ])('%j with %j is %s', (argv, env, path) => expect(configPathOf(parse(...argv), env)).toBe(path));
});

describe('findNearest', () => {
  const names = ['run', 'graph', 'explain', 'slack', 'playground'];
  it.each([
    ['rnu', 'run'],
    ['grahp', 'graph'],
    ['Explain', 'explain'],
    ['play', 'playground'],
    ['slakc', 'slack'],
    ['tracing', null],
    ['x', null],
    ['', null],
    ['a'.repeat(100_000), null],
  ])('%s → %s', (typed, meant) => expect(findNearest(typed, names)).toBe(meant));
});
