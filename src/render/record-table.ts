/** A sender's records beside the logs: one row each, then what does not fit, and the count. */
import type { TraceReport } from '../domain/chain.js';
import type { Agreement, RecordFault, RecordResult } from '../domain/sender-record.js';
import { type Cell, type Column, renderColumns } from './columns.js';
import { renderFacts } from './facts.js';
import { sourceLines } from './source-lines.js';
import type { Style } from './style.js';
import { searchWindowText, type TableOptions } from './table.js';
import { printable, shorten, wrap } from './text-width.js';

export type RecordsReport = Readonly<{
  report: TraceReport;
  results: readonly RecordResult[];
  faults: readonly RecordFault[];
}>;

/** Lines of the file that are named; the rest is counted. */
const FAULTS_MAX = 50;
const TEXT_MIN = 20;
/** A longer id is shown by its beginning; --json has all of it. */
const ID_MAX = 64;
const INDENT = '      ';

const fixed = { align: 'left', minWidth: null, giveOrder: 9 } as const;
const COLUMNS: readonly Column[] = [
  { header: 'line', align: 'right', minWidth: null, giveOrder: 9 },
  { header: 'queue ID', align: 'left', minWidth: 10, giveOrder: 2 },
  { header: 'message-id', align: 'left', minWidth: 12, giveOrder: 1 },
  { header: 'sender says', ...fixed },
  { header: 'logs say', ...fixed },
  { header: 'last host', align: 'left', minWidth: 12, giveOrder: 3 },
  { header: '', ...fixed },
];

const paintOf = (agreement: Agreement, style: Style): ((text: string) => string) => {
  switch (agreement) {
    case 'agrees':
      return style.good;
    case 'disagrees':
      return style.bad;
    case 'open':
      return style.warn;
    case 'unknown':
      return style.faint;
  }
};

const claimText = ({ record: { success, statusCode } }: RecordResult): string => {
  const word = success === null ? '' : success ? 'success' : 'failure';
  return [word, statusCode === null ? '' : String(statusCode)].filter((part) => part !== '').join(' ') || 'nothing';
};

/** Where the message was last, or was refused. */
const lastHost = ({ chains, rejects }: RecordResult): string =>
  chains[0]?.transactions.at(-1)?.host ?? rejects[0]?.host ?? '';

const cellsOf = (result: RecordResult, style: Style): readonly Cell[] => {
  const { record, verdict, agreement } = result;
  const texts = [record.queueId ?? '', record.messageId ?? '', claimText(result)].map((text) => ({
    text: shorten(printable(text), ID_MAX),
  }));
  return [
    { text: String(record.line) },
    ...texts,
    { text: verdict },
    { text: printable(lastHost(result)) },
    { text: agreement, paint: paintOf(agreement, style) },
  ];
};

/** Where a row is too wide: its facts one after the other. */
const stackedLine = (result: RecordResult, width: number): readonly string[] => {
  const { record, verdict, agreement } = result;
  const id = printable(record.queueId ?? record.messageId ?? '');
  return [
    shorten(`${record.line}  ${id}`, width),
    shorten(`${INDENT}${claimText(result)} / ${verdict} on ${printable(lastHost(result))}: ${agreement}`, width),
  ];
};

const remarkLines = (
  { agreement, note, chains }: RecordResult,
  { columns, style }: TableOptions,
): readonly string[] => {
  const step = agreement === 'disagrees' || agreement === 'open' ? (chains[0]?.nextStep ?? null) : null;
  const texts = [
    ...(note === null ? [] : [printable(note)]),
    ...(step === null ? [] : [`next step: ${printable(step)}`]),
  ];
  const width = columns === null ? null : Math.max(columns - INDENT.length, TEXT_MIN);
  return texts.flatMap((text) => wrap(text, width).map((line) => INDENT + style.faint(line)));
};

const AGREEMENTS: readonly Agreement[] = ['agrees', 'disagrees', 'open', 'unknown'];

const countText = (results: readonly RecordResult[]): string => {
  const counts = AGREEMENTS.map((agreement) => ({
    agreement,
    count: results.filter((result) => result.agreement === agreement).length,
  })).filter(({ count }) => count > 0);
  const parts = counts.map(({ agreement, count }) => `${count} ${agreement}`).join(', ');
  return `${results.length} ${results.length === 1 ? 'record' : 'records'}: ${parts}`;
};

/** `line 7: is no JSON …` */
export const recordFaultTexts = (faults: readonly RecordFault[]): readonly string[] => [
  ...faults.slice(0, FAULTS_MAX).map(({ line, text }) => `line ${line}: ${printable(text)}`),
  ...(faults.length > FAULTS_MAX ? [`and ${faults.length - FAULTS_MAX} more lines`] : []),
];

/** Ends with a line break. */
export const renderRecords = ({ report, results, faults }: RecordsReport, options: TableOptions): string => {
  const { columns, style } = options;
  const cells = results.map((result) => cellsOf(result, style));
  const aligned = renderColumns(COLUMNS, cells, columns, style);
  const width = columns === null ? Number.POSITIVE_INFINITY : Math.max(columns, TEXT_MIN);
  const body = results.flatMap((result, index) => {
    const line = aligned?.lines[index];
    return [...(line === undefined ? stackedLine(result, width) : [line]), ...remarkLines(result, options)];
  });
  const facts = [
    { label: 'records', text: countText(results) },
    ...recordFaultTexts(faults).map((text) => ({ label: 'not read', text, paint: style.bad })),
    ...report.findings.map(({ severity, code, text }) => ({
      label: 'findings',
      text: `${severity} ${code}: ${printable(text)}`,
    })),
  ];
  const blocks = [
    renderFacts([{ label: 'searched', text: searchWindowText(report) }], columns, style),
    [...(aligned === null ? [] : [aligned.header]), ...body],
    [...renderFacts(facts, columns, style), ...sourceLines(report, options)],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
};
