/** The refusals before acceptance as a table: who was turned away, where, and with what words. */
import type { Reject } from '../domain/transaction.js';
import type { Zone } from '../zone.js';
import { tableClock } from './clock.js';
import { type Cell, type Column, renderColumns } from './columns.js';
import type { Style } from './style.js';
import { printable, shorten, wrap } from './text-width.js';

/** Rows shown; a spam wave has thousands, the rest is counted in words. */
const ROWS_MAX = 200;
const TEXT_MAX = 600;
/** Text is never squeezed into fewer cells, however narrow the terminal. */
const TEXT_MIN = 20;
const INDENT = '  ';

const fixed = { align: 'left', minWidth: null, giveOrder: 9 } as const;
const COLUMNS: readonly Column[] = [
  { header: 'time', ...fixed },
  { header: 'host', align: 'left', minWidth: 12, giveOrder: 1 },
  { header: 'client', align: 'left', minWidth: 12, giveOrder: 1 },
  { header: 'sender', align: 'left', minWidth: 12, giveOrder: 1 },
  { header: 'recipient', align: 'left', minWidth: 12, giveOrder: 1 },
  { header: 'stage', ...fixed },
  { header: 'reply code', ...fixed },
  { header: 'DSN', ...fixed },
];

type RejectTableOptions = Readonly<{ columns: number | null; style: Style; zone: Zone }>;

const clientText = ({ client }: Reject): string => {
  if (client === null) return '';
  const { name, ip } = client;
  return name === null ? (ip ?? '') : ip === null ? name : `${name}[${ip}]`;
};

const textsOf = (reject: Reject): readonly string[] =>
  [
    clientText(reject),
    reject.sender === '' ? '<>' : (reject.sender ?? ''),
    reject.recipient ?? '',
    reject.stage,
    reject.replyCode === null ? '' : String(reject.replyCode),
    reject.dsn ?? '',
  ].map(printable);

const stackedLines = (reject: Reject, time: string, { columns }: RejectTableOptions): readonly string[] => {
  const [client = '', sender = '', recipient = '', stage = '', ...codes] = textsOf(reject);
  const width = columns === null ? Number.POSITIVE_INFINITY : Math.max(columns, TEXT_MIN);
  const said = [stage, ...codes].filter((part) => part !== '').join(' ');
  return [
    shorten(`${time}  ${printable(reject.host)}  ${said}`, width),
    shorten(`${INDENT}${client}: ${sender}${recipient === '' ? '' : ` → ${recipient}`}`, width),
  ];
};

/** Heading, header line, and for each refusal a line and its text; no lines when there are none. */
export const renderRejects = (rejects: readonly Reject[], options: RejectTableOptions): readonly string[] => {
  if (rejects.length === 0) return [];
  const { columns, style, zone } = options;
  const shown = rejects.slice(0, ROWS_MAX);
  const clock = tableClock(
    zone,
    shown.map(({ timeMs }) => timeMs),
  );
  const rows = shown.map((reject): readonly Cell[] =>
    [clock(reject.timeMs), printable(reject.host), ...textsOf(reject)].map((text) => ({ text })),
  );
  const aligned = renderColumns(COLUMNS, rows, columns, style);
  const width = columns === null ? null : Math.max(columns - INDENT.length, TEXT_MIN);
  const body = shown.flatMap((reject, index) => {
    const line = aligned?.lines[index];
    return [
      ...(line === undefined ? stackedLines(reject, clock(reject.timeMs), options) : [line]),
      ...wrap(printable(reject.text.slice(0, TEXT_MAX)), width).map((text) => INDENT + style.faint(text)),
    ];
  });
  const rest = rejects.length - shown.length;
  return [
    style.strong(`Refused before acceptance: ${rejects.length}`),
    ...(aligned === null ? [] : [aligned.header]),
    ...body,
    ...(rest > 0 ? [`${INDENT}${rest} more are not shown; --json has them all.`] : []),
  ];
};
