import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.ts';
import { graphCommand } from '../../src/cli/graph.ts';
import type { TraceReport } from '../../src/domain/chain.ts';
import { MailtraceError } from '../../src/errors.ts';
import { deliveredChain, report, source } from '../support/chains.ts';
import { type FakeIo, fakeIo } from '../support/fake-io.ts';

const KEY = ['-k', 'ann@sender.example'];
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0xff]);
const found = report({ chains: [deliveredChain()] });
const unread = source({ host: 'mx2', status: 'unreadable', error: 'EACCES' });

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailtrace-graph-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const graph = async (answer: TraceReport, argv: readonly string[], io: FakeIo = fakeIo()) => {
  let isTraced = false;
  const command = graphCommand({
    openTracer: async () => ({
      traceMessage: async () => {
        isTraced = true;
        return answer;
      },
      timeZone: 'UTC',
      startHosts: [],
      clusters: {},
      close: async () => {},
    }),
    imager: {
      toSvg: async (dot) => `<svg>${dot.length}</svg>`,
      toPng: async (dot) => {
        if (dot === '') throw new MailtraceError('render', 'No graph.', '');
        return PNG;
      },
    },
  });
  const code = await dispatch({ graph: { summary: '', load: async () => command } }, '1')(['graph', ...argv], io);
  return { code, out: io.out(), err: io.err(), isTraced, io };
};

describe('without -o', () => {
  it.each([KEY, [...KEY, '-o', '-'], [...KEY, '--format', 'dot']])(
    'writes DOT and nothing else: %j',
    async (...argv) => {
      const { code, out, err } = await graph(found, argv);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^(strict )?digraph[\s\S]*\}\n?$/);
      expect(out).toContain('4jWkFk143lznk7d');
    },
  );

  it('writes the format that is asked for', async () => {
    expect((await graph(found, [...KEY, '--format', 'svg'])).out).toMatch(/^<svg>\d+<\/svg>$/);
    expect((await graph(found, [...KEY, '--format', 'PNG'])).io.outBytes()).toEqual(Buffer.from(PNG));
    expect(JSON.parse((await graph(found, [...KEY, '--format', 'json'])).out)).toMatchObject({
      schema: 'mailtrace.report/1',
    });
  });

  it('does not throw a PNG at a terminal', async () => {
    const { code, err, isTraced } = await graph(found, [...KEY, '--format', 'png'], fakeIo({ terminal: true }));
    expect({ code, isTraced }).toEqual({ code: 2, isTraced: false });
    expect(err).toContain('-o trace.png');
  });
});

describe('with -o', () => {
  it.each([
    ['trace.dot', [], /^(strict )?digraph/],
    ['trace.SVG', [], /^<svg>/],
    ['trace.png', [], /PNG/],
    ['trace.json', [], /^\{/],
    ['trace.txt', ['--format', 'svg'], /^<svg>/],
    ['trace.png', ['--format', 'dot'], /^(strict )?digraph/],
    ['trace', ['--format', 'json'], /^\{/],
  ])('%s %j', async (name, more, content) => {
    const path = join(folder, name);
    const { code, out, err } = await graph(found, [...KEY, '-o', path, ...more]);
    expect({ code, out, err }).toEqual({ code: 0, out: '', err: '' });
    expect(await readFile(path, 'latin1')).toMatch(content);
  });

  it.each([
    [['-o', 'trace.gif'], 'names no format'],
    [['-o', 'trace'], 'names no format'],
    [['-o', '.png'], 'names no format'],
    [['-o', ''], 'names no format'],
    [['--format', 'gif'], 'Unknown format "gif"'],
    [['--format', ''], 'Unknown format ""'],
    [['--json'], 'Unknown flag --json'],
  ])('refuses %j before it traces', async (argv, words) => {
    const { code, out, err, isTraced } = await graph(found, [...KEY, ...argv]);
    expect({ code, out, isTraced }).toEqual({ code: 2, out: '', isTraced: false });
    expect(err).toContain(words);
  });

  it('says which file it could not write', async () => {
    const path = join(folder, 'missing', 'trace.dot');
    const { code, err } = await graph(found, [...KEY, '-o', path]);
    expect(code).toBe(2);
    expect(err).toContain(`Cannot write ${path}`);
  });

  it('tells a person at the terminal where the file is', async () => {
    const path = join(folder, 'trace.dot');
    const { out, err } = await graph(found, [...KEY, '-o', path], fakeIo({ terminal: true }));
    expect(out).toBe('');
    expect(err).toContain(`Written: ${path}`);
  });
});

describe('the exit code', () => {
  it('is 1 and nothing is drawn when nothing was found', async () => {
    const path = join(folder, 'trace.dot');
    const { code, out, err } = await graph(report(), [...KEY, '-o', path]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('nothing found');
    expect(await readdir(folder)).toEqual([]);
  });

  it('is 1 with the report when JSON is asked for', async () => {
    const { code, out } = await graph(report(), [...KEY, '--format', 'json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ chains: [] });
  });

  it('is 3 with what there is when a host was not read', async () => {
    const { code, out, err } = await graph(
      report({ chains: [deliveredChain()], sources: [unread], complete: false }),
      KEY,
    );
    expect(code).toBe(3);
    expect(out).toContain('digraph');
    expect(err).toBe('mailtrace: not read: mx2 (file, unreadable): EACCES\n');
  });
});

it('prints its help', async () => {
  const { code, out } = await graph(found, ['--help']);
  expect(code).toBe(0);
  for (const flag of ['-o, --output', '--format', '--keyword', '.dot .svg .png .json']) expect(out).toContain(flag);
});
