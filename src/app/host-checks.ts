/** What the newest lines of one host tell: whether they are understood, how old they are, and whether their zone can be right. */
import type { LogRecord } from '../domain/event.js';
import type { HostName } from '../domain/ids.js';
import { parserFor } from '../parsers/registry.js';
import { createHeaderParser } from '../parsers/syslog-header.js';
import { createZone, formatInstant, formatOffset, type Zone } from '../zone.js';
import type { Check } from './ports.js';
import { FUTURE_MS, RECENT_DAYS, type RecentLines } from './recent-lines.js';

/** `name`: IANA; null when only the machine knows it. `origin`: who says so, e.g. `time_zone of the host`. */
export type HostZone = Readonly<{ name: string | null; origin: string }>;

export type HostContext = Readonly<{
  nowMs: number;
  /** Zone of what is shown, IANA. */
  timeZone: string;
  zoneOf: (host: HostName) => HostZone;
}>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const HALF_HOUR_MS = 30 * MINUTE_MS;

/** An MTA that works logs at least its cleaning up and the scanners of the internet within this. */
const STALE_MS = 6 * HOUR_MS;
/** Of the lines that a parser claims, so many may be new to it. */
const UNKNOWN_SHARE = 0.1;
/** Further ahead it is a zone, not a clock: nearly all zones lie half hours apart. */
const ZONE_STEP_MS = 25 * MINUTE_MS;
const PROGRAMS_SHOWN = 3;

/** `42 s`, `5 min`, `7 h 30 min`, `3 days`. */
export const spanText = (ms: number): string => {
  const minutes = Math.round(ms / MINUTE_MS);
  if (ms < 2 * MINUTE_MS) return `${Math.round(ms / 1000)} s`;
  if (minutes < 120) return `${minutes} min`;
  if (ms >= 48 * HOUR_MS) return `${Math.round(ms / (24 * HOUR_MS))} days`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

/**
 * The step between zones that puts a line `aheadMs` into the future. The line is older than now, so the step is the next
 * larger one, but for what a clock may be wrong.
 */
const zoneStepOf = (aheadMs: number): number | null =>
  aheadMs < ZONE_STEP_MS ? null : Math.ceil((aheadMs - FUTURE_MS) / HALF_HOUR_MS) * HALF_HOUR_MS;

/** Most frequent first, with counts. */
const programsOf = (records: readonly LogRecord[]): string => {
  const counts = new Map<string, number>();
  for (const { program } of records) counts.set(program, (counts.get(program) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, PROGRAMS_SHOWN).map(([name, count]) => `${name === '' ? 'no program' : name} ${count}`);
  return [...shown, ...(sorted.length > PROGRAMS_SHOWN ? ['…'] : [])].join(', ');
};

const NO_MTA = 'Correct log_files: they must name the log of an MTA that mailtrace reads.';

const formatCheck = (host: HostName, records: readonly LogRecord[]): Check => {
  const claimed: LogRecord[] = [];
  const strangers: LogRecord[] = [];
  const unknown: LogRecord[] = [];
  for (const record of records) {
    const parser = parserFor(record.program, record.text);
    (parser === undefined ? strangers : claimed).push(record);
    if (parser?.parse(record).kind === 'unknown') unknown.push(record);
  }
  const check = { name: 'format', host } as const;
  const others = strangers.length === 0 ? '' : `; ${strangers.length} of other programs (${programsOf(strangers)})`;
  if (claimed.length === unknown.length) {
    const text = `none of the ${records.length} newest lines is understood (${programsOf(records)})`;
    return { ...check, status: 'failed', text, remedy: NO_MTA };
  }
  const share = unknown.length / claimed.length;
  const read = `${claimed.length - unknown.length} of ${claimed.length} mail lines are understood`;
  if (share <= UNKNOWN_SHARE) return { ...check, status: 'ok', text: `${read}${others}`, remedy: null };
  const text = `${read}, ${Math.round(share * 100)} % are not (${programsOf(unknown)})${others}`;
  return {
    ...check,
    status: 'warning',
    text,
    remedy: 'Report some of these lines as a fault of the parser; hops that only they tell are missing.',
  };
};

const freshnessCheck = (host: HostName, newestMs: number, { nowMs, timeZone }: HostContext): Check => {
  const ageMs = nowMs - newestMs;
  const check = { name: 'freshness', host } as const;
  const at = formatInstant(newestMs, timeZone);
  if (ageMs < -FUTURE_MS) {
    const text = `the newest line is of ${at}, which is in the future: its age cannot be told`;
    return { ...check, status: 'unknown', text, remedy: 'Mend the zone or the clock first.' };
  }
  const age = ageMs < 1000 ? 'just now' : `${spanText(ageMs)} ago`;
  if (ageMs <= STALE_MS) return { ...check, status: 'ok', text: `newest line ${age}, ${at}`, remedy: null };
  return {
    ...check,
    status: 'warning',
    text: `newest line ${age}, ${at}`,
    remedy: 'Look whether the host still logs here: syslog daemon, shipper, log_files; or its zone is wrong.',
  };
};

/** Newest lines whose stamps are looked at. */
const STAMPS_LOOKED_AT = 50;

/** Null: the raw lines have no header (an index keeps instants). */
const hasLocalStamps = (records: readonly LogRecord[], zone: Zone, nowMs: number): boolean | null => {
  const parse = createHeaderParser({ zoneOf: () => zone, nearMs: nowMs });
  const headers = records.slice(-STAMPS_LOOKED_AT).flatMap(({ raw }) => parse(raw) ?? []);
  return headers.length === 0 ? null : headers.some(({ isLocalTime }) => isLocalTime);
};

const futureCheck = (host: HostName, aheadMs: number, isLocal: boolean, zone: HostZone, nowMs: number): Check => {
  const stepMs = zoneStepOf(aheadMs);
  const ahead = `the newest line is ${spanText(aheadMs)} in the future`;
  if (stepMs === null || !isLocal) {
    const remedy = 'Set the clock of this host right: run NTP, look at its time zone.';
    return { name: 'clock-skew', host, status: 'failed', text: ahead, remedy };
  }
  const off = `its stamps look ${spanText(stepMs)} off`;
  if (zone.name === null) {
    return { name: 'zone', host, status: 'failed', text: `${ahead}: ${off}`, remedy: 'Set time_zone of this host.' };
  }
  const rightMs = createZone(zone.name).offsetMsAt(nowMs) + stepMs;
  return {
    name: 'zone',
    host,
    status: 'failed',
    text: `${ahead}: ${off}; they are read in ${zone.name} (${zone.origin})`,
    remedy: `Set time_zone of this host; a zone of ${formatOffset(rightMs)} would fit.`,
  };
};

const zoneCheck = (host: HostName, records: readonly LogRecord[], newestMs: number, context: HostContext): Check => {
  const { nowMs, timeZone, zoneOf } = context;
  const zone = zoneOf(host);
  const isLocal = hasLocalStamps(records, createZone(zone.name ?? timeZone), nowMs);
  if (newestMs - nowMs > FUTURE_MS) return futureCheck(host, newestMs - nowMs, isLocal !== false, zone, nowMs);
  const text =
    isLocal === true
      ? `stamps without an offset are read in ${zone.name ?? 'the zone of the machine'} (${zone.origin})`
      : isLocal === false
        ? 'stamps carry their offset'
        : 'the log holds instants';
  return { name: 'zone', host, status: 'ok', text, remedy: null };
};

const NOT_READ = { status: 'unknown', text: 'not checked: there is no recent line to look at', remedy: null } as const;

/** @param isExplained the adapter has already said what is wrong with the reading */
const readingChecks = ({ host, fault }: RecentLines, isExplained: boolean): readonly Check[] => {
  if (fault === null || isExplained) return [];
  const [text = 'the log could not be read', ...rest] = (fault.error ?? '').split('; ');
  const name = fault.status === 'unreachable' ? 'reachability' : 'readability';
  return [{ name, host, status: 'failed', text, remedy: rest.length === 0 ? null : rest.join('; ') }];
};

/** @param isExplained the adapter has already said what is wrong with the reading */
export const checkHost = (recent: RecentLines, isExplained: boolean, context: HostContext): readonly Check[] => {
  const { host, records, fault } = recent;
  const reading = readingChecks(recent, isExplained);
  if (records.length === 0) {
    const names = ['format', 'zone'] as const;
    const unknown = names.map((name): Check => ({ name, host, ...NOT_READ }));
    if (fault !== null) return [...reading, ...unknown, { name: 'freshness', host, ...NOT_READ }];
    return [
      ...unknown,
      {
        name: 'freshness',
        host,
        status: 'warning',
        text: `no line of the last ${RECENT_DAYS} days`,
        remedy: 'Look whether the host still logs here: syslog daemon, shipper, log_files.',
      },
    ];
  }
  const newestMs = records.reduce((latest, { timeMs }) => Math.max(latest, timeMs), Number.NEGATIVE_INFINITY);
  return [
    ...reading,
    formatCheck(host, records),
    zoneCheck(host, records, newestMs, context),
    freshnessCheck(host, newestMs, context),
  ];
};
