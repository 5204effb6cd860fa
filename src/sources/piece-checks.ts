/** What is known of the files of one entry of `log_files`, as the checks of a doctor. */
import { basename } from 'node:path';
import type { Check } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { formatOffset, formatWindow, type Zone } from '../zone.js';
import { type FileFault, fault } from './file-faults.js';
import type { PieceFacts } from './piece-examination.js';

const FAULTS_SHOWN = 5;

const MINUTE_MS = 60_000;
const HALF_HOUR_MS = 30 * MINUTE_MS;
/** A log is written within seconds of its last stamp. */
const WRITTEN_MS = MINUTE_MS;
const ZONES_APART_MS = 26 * 60 * MINUTE_MS;

/** `text` of a fault is the path, what is wrong, and after `; ` what to do. */
const faultCheck = (host: HostName, { path, text }: FileFault): Check => {
  const said = text.startsWith(path) ? text.slice(path.length) : text;
  const [what = '', ...remedy] = said.split('; ');
  const shown = text.startsWith(path) ? `${path}${what}` : what;
  return {
    name: 'readability',
    host,
    status: 'failed',
    text: shown,
    remedy: remedy.length === 0 ? null : remedy.join('; '),
  };
};

const FOREIGN = 'no line begins with a time stamp that is known; correct log_files of this host';

const spanOf = (pieces: readonly PieceFacts[], zone: Zone): string => {
  const times = pieces.flatMap(({ firstMs, lastMs }) => [firstMs, lastMs]).filter((ms) => ms !== null);
  if (times.length === 0) return '';
  const window = times.reduce(({ fromMs, toMs }, ms) => ({ fromMs: Math.min(fromMs, ms), toMs: Math.max(toMs, ms) }), {
    fromMs: Number.POSITIVE_INFINITY,
    toMs: Number.NEGATIVE_INFINITY,
  });
  return `, ${formatWindow(window, zone)}`;
};

const packedText = (pieces: readonly PieceFacts[]): string => {
  const packed = pieces.filter(({ piece }) => piece.isPacked);
  if (packed.length === 0) return '';
  const whole = packed.filter(({ isUnpacked }) => isUnpacked).length;
  const rest = packed.length - whole;
  return rest === 0 ? `, ${whole} of them packed and whole` : `, ${packed.length} packed, ${rest} of them not unpacked`;
};

const readableCheck = (host: HostName, logFile: string, pieces: readonly PieceFacts[], zone: Zone): Check => {
  const check = { name: 'readability', host } as const;
  if (pieces.every(({ isEmpty }) => isEmpty)) {
    const remedy = 'Look whether the syslog daemon writes here.';
    return { ...check, status: 'warning', text: `${logFile}: empty`, remedy };
  }
  const files = pieces.length === 1 ? '1 file' : `${pieces.length} files`;
  const forms = [...new Set(pieces.flatMap((facts) => facts.forms))].sort().join(', ');
  const text = `${logFile}: ${files} in ${forms}${packedText(pieces)}${spanOf(pieces, zone)}`;
  return { ...check, status: 'ok', text, remedy: null };
};

/** `logFile` as configured. `faults`: of files that could not be looked at. */
export type ExaminedEntry = Readonly<{
  host: HostName;
  logFile: string;
  zone: Zone;
  pieces: readonly PieceFacts[];
  faults: readonly FileFault[];
}>;

/** `pieces`: those that can be read. */
export type JudgedEntry = Readonly<{ checks: readonly Check[]; pieces: readonly PieceFacts[] }>;

export const judgeEntry = ({ host, logFile, zone, pieces, faults }: ExaminedEntry): JudgedEntry => {
  const readable = pieces.filter((facts) => facts.fault === null && !facts.isForeign);
  // A file that a glob matched may be anything, as long as there is a log as well.
  const foreign = pieces.filter(({ isForeign, piece }) => isForeign && (piece.isNamed || readable.length === 0));
  const wrong = [
    ...faults,
    ...pieces.flatMap((facts) => facts.fault ?? []),
    ...foreign.map(({ piece: { path } }) => fault(path, FOREIGN)),
  ];
  const more = wrong.length - FAULTS_SHOWN;
  const shown = wrong.slice(0, FAULTS_SHOWN).map((each) => faultCheck(host, each));
  const rest = fault(logFile, `${more} more of its files cannot be read; mend these first`);
  return {
    checks: [
      ...(readable.length === 0 ? [] : [readableCheck(host, logFile, readable, zone)]),
      ...shown,
      ...(more > 0 ? [faultCheck(host, rest)] : []),
    ],
    pieces: readable,
  };
};

/** A log that is being written in local time, and its zone is right. */
export const isWrittenNow = ({ piece, isLocalTime, hasSeveralHosts, lastMs, modifiedMs }: PieceFacts): boolean =>
  piece.rotation.kind === 'live' &&
  !piece.isPacked &&
  isLocalTime &&
  !hasSeveralHosts &&
  lastMs !== null &&
  Math.abs(lastMs - modifiedMs) <= WRITTEN_MS;

/** How far the zone is off in which the last stamp was read, by the time the file was written; null: it fits, or a copy. */
const zoneErrorOf = ({ piece, isLocalTime, hasSeveralHosts, lastMs, modifiedMs }: PieceFacts): number | null => {
  if (piece.rotation.kind !== 'live' || piece.isPacked || !isLocalTime || hasSeveralHosts || lastMs === null)
    return null;
  const stepMs = Math.round((lastMs - modifiedMs) / HALF_HOUR_MS) * HALF_HOUR_MS;
  const isStep = stepMs !== 0 && Math.abs(stepMs) <= ZONES_APART_MS;
  return isStep && Math.abs(lastMs - modifiedMs - stepMs) <= WRITTEN_MS ? stepMs : null;
};

/** One check where the zone in which stamps are read cannot be that in which they were written. */
export const checkWrittenTimes = (
  host: HostName,
  pieces: readonly PieceFacts[],
  zone: Zone,
  nowMs: number,
): readonly Check[] => {
  for (const facts of pieces) {
    const errorMs = zoneErrorOf(facts);
    if (errorMs === null) continue;
    const hours = Math.abs(errorMs) / (2 * HALF_HOUR_MS);
    const way = errorMs > 0 ? 'ahead of' : 'behind';
    return [
      {
        name: 'zone',
        host,
        status: 'warning',
        text: `the last stamp of ${basename(facts.piece.path)}, read in ${zone.name}, is ${hours} h ${way} the time it was written`,
        remedy: `Set time_zone of this host; a zone of ${formatOffset(zone.offsetMsAt(nowMs) + errorMs)} would fit.`,
      },
    ];
  }
  return [];
};
