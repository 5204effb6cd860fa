/** `mailtrace run --records`: from a file to a table, JSON and an exit code. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenTracer } from '../../src/app/tracer.ts';
import { dispatch } from '../../src/cli/dispatch.ts';
import { runCommand } from '../../src/cli/run.ts';
import type { TraceReport } from '../../src/domain/chain.ts';
import type { TraceQuery } from '../../src/query/trace-query.ts';
import { bouncedChains, deliveredChain, report, source } from '../support/chains.ts';
import { fakeIo } from '../support/fake-io.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailtrace-records-'));
});
afterAll(() => rm(folder, { recursive: true }));

const delivered = deliveredChain();
const bounced = bouncedChains().find(({ verdict }) => verdict === 'bounced')!;
const found = report({ chains: [delivered, bounced] });

const rowOf = ({ messageId, transactions }: typeof delivered, success: boolean) =>
  JSON.stringify({
    queue_id: transactions[0]!.queueId,
    message_id: `<${messageId}>`,
    success,
    status_code: success ? 250 : 451,
  });

const run = async (
  text: string | null,
  {
    answer = found,
    argv = [],
    stdin,
  }: Readonly<{ answer?: TraceReport; argv?: readonly string[]; stdin?: string }> = {},
) => {
  const path = text === null ? '-' : join(folder, 'records.jsonl');
  if (text !== null) await writeFile(path, text);
  const queries: TraceQuery[] = [];
  const openTracer: OpenTracer = async () => ({
    traceMessage: async (query) => {
      queries.push(query);
      return answer;
    },
    timeZone: 'UTC',
    startHosts: [],
    clusters: {},
    close: async () => undefined,
  });
  const io = fakeIo();
  if (stdin !== undefined) {
    io.type(stdin);
    io.endInput();
  }
  const commands = { run: { summary: '', load: async () => runCommand({ openTracer }) } };
  const code = await dispatch(commands, '1.2.3')(['run', '--records', path, ...argv], io);
  return { code, out: io.out(), err: io.err(), queries };
};

it('shows a row for each record, what does not fit, and the count', async () => {
  const { code, out, err } = await run(`${rowOf(delivered, true)}\n${rowOf(bounced, true)}\n`);
  expect(code).toBe(0);
  expect(err).toBe('');
  const lines = out.split('\n');
  expect(lines.find((line) => line.startsWith('   1  '))).toMatch(/success 250 +delivered .* agrees$/);
  expect(lines.find((line) => line.startsWith('   2  '))).toMatch(/success 250 +bounced .* disagrees$/);
  expect(out).toContain('the sender says success, but later it was bounced on');
  expect(out).toContain('next step: ');
  expect(out).toContain('records     2 records: 1 agrees, 1 disagrees');
  // The whole traces only when they are asked for.
  expect(out).not.toContain('verdict  ');
  expect((await run(rowOf(delivered, true), { argv: ['--all'] })).out).toContain('verdict     delivered');
});

it('prints the report of CONTRACT §2 with the records beside it', async () => {
  const text = `${rowOf(delivered, true)}\nnonsense\n{"queue_id":"NONE1","success":false,"tag":"x"}\n`;
  const { code, out, err } = await run(text, { argv: ['--json'] });
  expect(code).toBe(2);
  expect(err).toMatch(/records\.jsonl, line 2: is no JSON/);
  expect(JSON.parse(out)).toMatchObject({
    schema: 'mailtrace.report/1',
    chains: [{ id: bounced.id }, { id: delivered.id }],
    records: [
      { line: 1, verdict: 'delivered', agreement: 'agrees', note: null, chains: [delivered.id], rejects: [] },
      {
        line: 3,
        verdict: 'not-found',
        agreement: 'agrees',
        chains: [],
        record: { queue_id: 'NONE1', success: false, tag: 'x' },
      },
    ],
    recordFaults: [{ line: 2, text: expect.stringContaining('is no JSON') }],
  });
});

it('asks for hundreds of records in one search', async () => {
  const rows = Array.from({ length: 601 }, (_, index) =>
    JSON.stringify({ queue_id: `Q${index}`, message_id: `m${index}@x` }),
  );
  const { queries } = await run(rows.join('\n'));
  expect(queries.map(({ wanted }) => [wanted?.queueIds.size, wanted?.messageIds.size])).toEqual([
    [250, 250],
    [250, 250],
    [101, 101],
  ]);
  expect(queries[0]?.keywords).toEqual([]);
});

it('reads stdin', async () => {
  const { code, out } = await run(null, { stdin: `[${rowOf(delivered, true)}]` });
  expect(code).toBe(0);
  expect(out).toContain('1 record: 1 agrees');
});

describe('the exit code', () => {
  const unread = source({ host: 'mx2.campus.example', status: 'unreachable', error: 'Connection refused.' });
  it.each([
    ['nothing found', report(), 1],
    ['a host not read', report({ chains: [delivered], sources: [unread], complete: false }), 3],
  ])('%s', async (_, answer, code) => {
    expect((await run(rowOf(delivered, true), { answer })).code).toBe(code);
  });

  it.each([
    [
      'no record in the file',
      'nonsense\n{}\n',
      [],
      /holds no record that can be traced:\n {4}line 1: is no JSON.*\n {4}line 2: it names neither/s,
    ],
    ['an empty file', '', [], /line 1: the file is empty/],
    ['an empty list', '[]', [], /there are no records in it/],
    ['keywords beside it', '[]', ['-k', 'x'], /--records and -k exclude each other/],
    ['a surplus word', '[]', ['x'], /Unexpected argument/],
  ] as const)('2: %s, and nothing is searched', async (_, text, argv, message) => {
    const { code, out, err, queries } = await run(text, { argv });
    expect({ code, out, queries }).toEqual({ code: 2, out: '', queries: [] });
    expect(err).toMatch(message);
  });

  it('2: a file that is not there', async () => {
    const io = fakeIo();
    const openTracer: OpenTracer = () => Promise.reject(new Error('not reached'));
    const commands = { run: { summary: '', load: async () => runCommand({ openTracer }) } };
    expect(await dispatch(commands, '1')(['run', '--records', join(folder, 'nowhere')], io)).toBe(2);
    expect(io.err()).toMatch(/Cannot read the records in .*nowhere: ENOENT/);
  });
});
