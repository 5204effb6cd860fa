/** `mailtrace run --records FILE`: the messages of a sender's records, each held against the logs. */
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { traceRecords } from '../app/trace-records.js';
import type { OpenTracer } from '../app/tracer.js';
import { MailtraceError } from '../errors.js';
import { readSenderRecords, type SenderRecords } from '../query/sender-records.js';
import { renderRecordsJson } from '../render/json.js';
import { recordFaultTexts, renderRecords } from '../render/record-table.js';
import { renderTable } from '../render/table.js';
import { type Arguments, refusePositionals } from './arguments.js';
import { exitCode, type Io } from './io.js';
import { styleFor } from './terminal-style.js';
import { exitCodeOf, isFound, reportProblems, withTracer } from './trace-request.js';

/** A file of 200,000 records has about 30 MB. */
const BYTES_MAX = 128 * 1024 * 1024;

const tooLarge = (name: string): MailtraceError =>
  new MailtraceError('usage', `${name} is larger than ${BYTES_MAX / 1024 / 1024} MB.`, 'Split it and trace its parts.');

const readStream = async (stream: Readable, name: string): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    size += bytes.length;
    if (size > BYTES_MAX) throw tooLarge(name);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
};

const readBytes = async (path: string, io: Io): Promise<Buffer> => {
  if (path === '-') return readStream(io.stdin.stream, 'The input');
  try {
    const file = await open(path);
    try {
      if ((await file.stat()).size > BYTES_MAX) throw tooLarge(path);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof MailtraceError || !(error instanceof Error && 'code' in error)) throw error;
    throw new MailtraceError(
      'usage',
      `Cannot read the records in ${path}: ${error.message}`,
      'Name a file with --records, or - for stdin.',
      { cause: error },
    );
  }
};

const decode = (bytes: Buffer, path: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new MailtraceError('usage', `${path} is not UTF-8 text.`, 'Save the records as UTF-8.', { cause });
  }
};

const refuseOthers = (args: Arguments): void => {
  refusePositionals(args, 'The file is given with --records FILE.');
  if (args.texts('keyword').length === 0) return;
  throw new MailtraceError('usage', '--records and -k exclude each other.', 'The records say what to look for.');
};

/** Of a file in which nothing can be used, each line is named. */
const readRecords = async (path: string, io: Io): Promise<SenderRecords> => {
  const name = path === '-' ? 'stdin' : path;
  const read = readSenderRecords(decode(await readBytes(path, io), name));
  if (read.records.length > 0) return read;
  const faults = read.faults.length === 0 ? ['there are no records in it'] : recordFaultTexts(read.faults);
  throw new MailtraceError(
    'usage',
    [`${name} holds no record that can be traced:`, ...faults.map((text) => `  ${text}`)].join('\n'),
    'Write a JSON array, or one JSON object a line: {"queue_id": "…", "message_id": "…", "success": true, "status_code": 250}.',
  );
};

/** @returns 2 when lines could not be read as records, whatever the others gave; else as without records */
export const runRecords = async (args: Arguments, io: Io, openTracer: OpenTracer): Promise<number> => {
  refuseOthers(args);
  const path = args.text('records') ?? '-';
  const { records, faults } = await readRecords(path, io);
  const { report, results } = await withTracer(args, io, openTracer, (tracer, query, onStatus) =>
    traceRecords(tracer.traceMessage, query, records, {
      signal: io.signal,
      ...(onStatus && { onProgress: (done: number, of: number) => onStatus(`Tracing records: ${done} of ${of}`) }),
    }),
  );
  const isJson = args.isSet('json');
  const options = { columns: io.stdout.columns, style: styleFor(io.stdout, io.env) };
  if (isJson) await io.stdout.write(renderRecordsJson(report, results, faults));
  else {
    await io.stdout.write(renderRecords({ report, results, faults }, options));
    if (args.isSet('all') && isFound(report)) await io.stdout.write(`\n${renderTable(report, options)}`);
  }
  const isShown = !isJson && io.stdout.isTerminal && io.stderr.isTerminal;
  await reportProblems(report, io, { isShown });
  if (faults.length === 0) return exitCodeOf(report);
  if (!isShown) {
    const lines = recordFaultTexts(faults).map((text) => `mailtrace: ${path === '-' ? 'stdin' : path}, ${text}`);
    await io.stderr.write(`${lines.join('\n')}\n`);
  }
  return exitCode.usage;
};
