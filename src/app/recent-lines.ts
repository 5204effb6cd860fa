/** The newest lines of a host, found with few questions: a busy host answers from minutes, a quiet one from days. */
import type { LogRecord } from '../domain/event.js';
import type { HostName } from '../domain/ids.js';
import type { TimeWindow } from '../domain/time-window.js';
import { MailtraceError } from '../errors.js';
import type { HostReading, LogSource } from './ports.js';

/** `records`: in log order, among them the newest line there is between `RECENT_DAYS` ago and a day ahead. */
export type RecentLines = Readonly<{
  host: HostName;
  records: readonly LogRecord[];
  /** Null: everything asked for was read. */
  fault: Pick<HostReading, 'status' | 'error'> | null;
}>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A line newer than this is in the future: shippers and clocks are allowed so much. */
export const FUTURE_MS = 5 * MINUTE_MS;
/** Zones lie 26 hours apart (-12:00 to +14:00): a wrong one puts a line no further into the future. */
export const ZONES_APART_MS = 26 * HOUR_MS;
export const RECENT_DAYS = 14;

/** How far before now each question begins, after one about the future; each ends where the one before it began. */
const STEPS_MS: readonly number[] = [
  2 * MINUTE_MS,
  15 * MINUTE_MS,
  2 * HOUR_MS,
  12 * HOUR_MS,
  3 * DAY_MS,
  RECENT_DAYS * DAY_MS,
];
/** So many lines show which forms and programs a log has. */
const SAMPLE_LINES = 300;
const BUDGET = { maxLines: 5000, maxBytes: 16 * 1024 * 1024 };
/** Halvings of a window with too many lines: of 11 days, minutes are left. */
const MAX_HALVINGS = 10;

type Answer = Readonly<{ records: readonly LogRecord[]; isCut: boolean; fault: RecentLines['fault'] }>;
type Ask = (window: TimeWindow) => Promise<Answer>;

const windowsOf = (nowMs: number): readonly TimeWindow[] => {
  const edges = [nowMs + ZONES_APART_MS, nowMs + FUTURE_MS, ...STEPS_MS.map((ms) => nowMs - ms)];
  return edges.slice(1).map((fromMs, index) => ({ fromMs, toMs: edges[index]! }));
};

const createAsk =
  (source: LogSource, host: HostName, signal: AbortSignal): Ask =>
  async (window) => {
    signal.throwIfAborted();
    const lookups = [{ window, needles: [], relatedWindow: window, related: null }];
    try {
      const { records, hosts, isCut } = await source.search({ hosts: [host], lookups, budget: BUDGET }, signal);
      const reading = hosts.find((each) => each.host === host);
      // A reading that its budget ended is incomplete, and no fault of the host.
      const isFault = reading !== undefined && reading.status !== 'ok' && !(isCut && reading.status === 'incomplete');
      const fault = isFault ? { status: reading.status, error: reading.error } : null;
      return { records: records.filter((record) => record.host === host), isCut, fault };
    } catch (error) {
      if (!(error instanceof MailtraceError)) throw error;
      return { records: [], isCut: false, fault: { status: 'unreachable', error: `${error.message} ${error.hint}` } };
    }
  };

/** A source may keep the oldest lines of a window that has too many: halve it until the newest are at hand. */
const askNewest = async (ask: Ask, window: TimeWindow): Promise<Answer> => {
  let answer = await ask(window);
  let { fromMs, toMs } = window;
  for (let count = 0; count < MAX_HALVINGS && answer.isCut && toMs - fromMs > 1; count++) {
    const middleMs = Math.floor((fromMs + toMs) / 2);
    const later = await ask({ fromMs: middleMs, toMs });
    if (later.records.length === 0 && !later.isCut) toMs = middleMs;
    else {
      fromMs = middleMs;
      answer = later;
    }
  }
  return answer;
};

/** A host that cannot be asked is asked once. */
export const readRecentLines = async (
  source: LogSource,
  host: HostName,
  nowMs: number,
  signal: AbortSignal,
): Promise<RecentLines> => {
  const ask = createAsk(source, host, signal);
  const parts: (readonly LogRecord[])[] = [];
  let lines = 0;
  let fault: RecentLines['fault'] = null;
  for (const window of windowsOf(nowMs)) {
    const answer = await askNewest(ask, window);
    fault ??= answer.fault;
    parts.unshift(answer.records);
    lines += answer.records.length;
    if (lines >= SAMPLE_LINES || (answer.fault !== null && answer.fault.status !== 'incomplete')) break;
  }
  return { host, records: parts.flat(), fault };
};
