/** What a doctor says of machines that are reached over SSH, and of the logs there: one check for each thing. */
import type { Check } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { MailtraceError } from '../errors.js';
import { createHeaderParser } from '../parsers/syslog-header.js';
import type { Zone } from '../zone.js';
import type { FileFault } from './file-faults.js';
import { checkWrittenTimes, isWrittenNow, type JudgedEntry, judgeEntry } from './piece-checks.js';
import { factsOf, type PieceFacts } from './piece-examination.js';
import type { Answer, RemotePiece } from './ssh-answer.js';
import { hostKeyCheck, reachedCheck, refusedChecks, sudoCheck, unreachedCheck, zoneCheck } from './ssh-checks.js';
import { checkClocks, type MachineClock } from './ssh-clocks.js';
import { damageOf, isLogPiece, isPackedCopy, toPiece } from './ssh-evaluate.js';
import { type ClockReading, type Examined, examineFiles, listReadable, readClock } from './ssh-examination.js';
import { createGround, type Ground, type GroundOptions } from './ssh-ground.js';
import type { Connection } from './ssh-handshake.js';
import type { TrustedKeys } from './ssh-host-keys.js';
import { createLimiter } from './ssh-limiter.js';
import type { Machine, Visit } from './ssh-machine.js';
import { describeRemoteFault, missingToolsFault, untoldFault } from './ssh-path-faults.js';
import type { OwnedPath } from './ssh-plan.js';
import type { Route } from './ssh-route.js';

export type MachineDiagnosis = Readonly<{
  machine: Machine;
  ground: GroundOptions;
  routeOf: (host: HostName) => Route;
  trusted: TrustedKeys;
  /** Text of remote-diagnosis.sh. */
  script: string;
  /** To look at. */
  hosts: readonly HostName[];
  /** Our clock, epoch milliseconds. */
  now: () => number;
  signal: AbortSignal;
}>;

/** `clock`: null where the machine could not be asked. */
type MachineReport = Readonly<{ checks: readonly Check[]; clock: MachineClock | null }>;

type Seen = Readonly<{
  ground: Ground;
  paths: readonly OwnedPath[];
  clock: ClockReading | null;
  examined: Examined;
  /** What the login can read without sudo; null: that is not known, or there is no sudo in between. */
  readable: Answer | null;
}>;

/** Files that the login may not read, or not look for. */
const DENIED: ReadonlySet<string> = new Set(['r', 'l']);

const look = async (visit: Visit, { ground: options, hosts, script, now }: MachineDiagnosis): Promise<Seen> => {
  const ground = createGround(options, visit.info);
  const paths = ground.pathsOf(hosts);
  const examinedPaths = paths.map(({ path, zone }) => ({ path, offsetMs: zone.offsetMsAt(now()) }));
  const clock = await readClock(visit.talk, script, now);
  const examined = await examineFiles(visit.talk, examinedPaths, now());
  const isBySudo = visit.info.sudo.way === 'free' || visit.info.sudo.way === 'password';
  const readable =
    isBySudo && examined.silence === null
      ? await visit.talkAsLogin((talk) => listReadable(talk, examinedPaths, now()))
      : null;
  return { ground, paths, clock, examined, readable };
};

const isOf =
  (index: number) =>
  ({ pathIndexes }: Readonly<{ pathIndexes: readonly number[] }>): boolean =>
    pathIndexes.includes(index);

/** A host with what is known of the machine. */
type Subject = Readonly<{ host: HostName; seen: Seen; nowMs: number }>;

const examinePiece = (remote: RemotePiece, owner: HostName, { seen, nowMs }: Subject): PieceFacts => {
  const { ground, paths, examined } = seen;
  const { answer, modifiedMs, unpacked } = examined;
  const { canonical, isConfigured, zoneOf } = ground.siteOf(paths);
  const zoneNamed = (name: string | null): Zone => {
    const named = name === null ? owner : canonical(name);
    return zoneOf(isConfigured(named) ? named : owner);
  };
  const tail = answer.lines
    .filter(({ piece }) => piece === remote.number)
    .sort((a, b) => a.offset - b.offset)
    .map(({ bytes }) => bytes.toString('utf8'));
  const head = remote.firstLine === '' ? [] : [remote.firstLine];
  const isPacked = unpacked.has(remote.number);
  return {
    ...factsOf({ head, tail }, createHeaderParser({ zoneOf: zoneNamed, nearMs: nowMs })),
    piece: { ...toPiece(remote), isPacked },
    isEmpty: remote.sizeBytes === 0,
    isForeign: remote.flags.includes('o'),
    isUnpacked: unpacked.get(remote.number) ?? false,
    modifiedMs: modifiedMs.get(remote.number) ?? 0,
    fault: damageOf(answer, remote)[0] ?? null,
  };
};

const entryFaults = (index: number, { seen }: Subject, found: number): readonly FileFault[] => {
  const { answer } = seen.examined;
  const { path } = seen.paths[index]!;
  if (answer.missingTools.length > 0) return [missingToolsFault(path, answer.missingTools)];
  const own = answer.faults.filter(isOf(index)).map((each) => describeRemoteFault(each, seen.ground.info));
  return own.length === 0 && found === 0 ? [untoldFault(path)] : own;
};

const silentEntry = (index: number, { host, seen }: Subject): JudgedEntry | null => {
  const { silence } = seen.examined;
  if (silence === null || index < silence.pathIndex) return null;
  const { path } = seen.paths[index]!;
  const check = { name: 'readability', host } as const;
  if (index > silence.pathIndex) {
    const text = `${path}: not looked at, as the machine fell silent before`;
    return { checks: [{ ...check, status: 'unknown', text, remedy: null }], pieces: [] };
  }
  const text = `${path}: ${silence.fault.message}`;
  const remedy = 'look there whether its file system hangs (NFS), e.g. by ls -l; or raise timeout in ssh_config';
  return { checks: [{ ...check, status: 'failed', text, remedy }], pieces: [] };
};

const judgePath = (index: number, subject: Subject): JudgedEntry => {
  const silent = silentEntry(index, subject);
  if (silent !== null) return silent;
  const { host, seen } = subject;
  const { path } = seen.paths[index]!;
  const all = [...seen.examined.answer.pieces.values()].filter(isLogPiece);
  const own = all.filter((piece) => !isPackedCopy(piece, all)).filter(isOf(index));
  return judgeEntry({
    host,
    logFile: path,
    zone: seen.ground.siteOf(seen.paths).zoneOf(host),
    pieces: own.map((piece) => examinePiece(piece, host, subject)),
    faults: entryFaults(index, subject, own.length),
  });
};

/** Null: nobody asked, or the answer does not tell. */
const isSudoNeeded = (indexes: readonly number[], { examined, readable }: Seen): boolean | null => {
  if (readable === null) return null;
  const isOwn = (each: Readonly<{ pathIndexes: readonly number[] }>): boolean =>
    indexes.some((index) => isOf(index)(each));
  const known = new Set([...readable.pieces.values()].map(({ path }) => path));
  return (
    readable.faults.some((each) => isOwn(each) && DENIED.has(each.code)) ||
    [...examined.answer.pieces.values()].some((piece) => isOwn(piece) && !known.has(piece.path))
  );
};

const zoneChecks = (host: HostName, pieces: readonly PieceFacts[], seen: Seen, diagnosis: MachineDiagnosis) => {
  const { ground: options, now } = diagnosis;
  const nowMs = now();
  const zone = seen.ground.siteOf(seen.paths).zoneOf(host);
  const written = checkWrittenTimes(host, pieces, zone, nowMs);
  if (written.length > 0) return written;
  const stamped = pieces.filter(({ lastMs }) => lastMs !== null);
  const own = options.ownZoneOf.get(host) ?? null;
  return [
    zoneCheck(host, {
      machine: seen.ground.zone,
      own: own === null ? null : options.zoneNamed(own),
      isLocal: stamped.length === 0 ? null : stamped.some(({ isLocalTime }) => isLocalTime),
      isProven: pieces.some(isWrittenNow),
      isLoghost: options.hosts.length > 1,
      nowMs,
    }),
  ];
};

const hostChecks = (host: HostName, seen: Seen, diagnosis: MachineDiagnosis): readonly Check[] => {
  const subject: Subject = { host, seen, nowMs: diagnosis.now() };
  const indexes = [...seen.paths.keys()].filter((index) => seen.paths[index]!.owners.includes(host));
  const entries = indexes.map((index) => judgePath(index, subject));
  const isLacking = seen.examined.answer.faults.some(
    (each) => DENIED.has(each.code) && indexes.some((index) => isOf(index)(each)),
  );
  const pieces = entries.flatMap((entry) => entry.pieces);
  return [
    sudoCheck(host, seen.ground.info, { isNeeded: isSudoNeeded(indexes, seen), isLacking }),
    ...entries.flatMap(({ checks }) => checks),
    ...zoneChecks(host, pieces, seen, diagnosis),
  ];
};

const visitMachine = async (
  connection: Connection,
  hosts: readonly HostName[],
  diagnosis: MachineDiagnosis,
): Promise<MachineReport> => {
  try {
    const seen = await diagnosis.machine.visit((visit) => look(visit, { ...diagnosis, hosts }), diagnosis.signal);
    const checks = hosts.flatMap((host) => [
      reachedCheck(host, diagnosis.routeOf(host), connection),
      ...hostChecks(host, seen, diagnosis),
    ]);
    return { checks, clock: seen.clock === null ? null : { hosts, reading: seen.clock } };
  } catch (error) {
    if (!(error instanceof MailtraceError)) throw error;
    return { checks: hosts.map((host) => unreachedCheck(host, error)), clock: null };
  }
};

const diagnoseMachine = async (diagnosis: MachineDiagnosis): Promise<MachineReport> => {
  const { machine, hosts, routeOf, trusted, signal } = diagnosis;
  signal.throwIfAborted();
  const names = hosts.map((host) => ({ host, route: routeOf(host) }));
  let connection: Connection;
  try {
    connection = await machine.connect();
  } catch (error) {
    if (!(error instanceof MailtraceError)) throw error;
    return { checks: await refusedChecks(error, names, trusted), clock: null };
  }
  const keys = await Promise.all(
    names.map(({ host, route }) => hostKeyCheck(host, route, connection.hostKey, trusted)),
  );
  const known = hosts.filter((_host, index) => keys[index]!.status !== 'failed');
  const report = known.length === 0 ? { checks: [], clock: null } : await visitMachine(connection, known, diagnosis);
  const others = names
    .filter(({ host }) => !known.includes(host))
    .map(({ host, route }) => reachedCheck(host, route, connection));
  return { checks: [...others, ...keys, ...report.checks], clock: report.clock };
};

/** Machines that are looked at at one time. */
const PARALLEL = 32;

/**
 * `lost`: hosts of which nobody could tell where they are. What a machine does wrong is a check.
 * @throws what the signal aborts with; bugs
 */
export const diagnosePlaces = async (
  machines: readonly MachineDiagnosis[],
  lost: readonly Readonly<{ host: HostName; error: MailtraceError }>[],
): Promise<readonly Check[]> => {
  const limiter = createLimiter(PARALLEL);
  const reports = await Promise.all(machines.map((each) => limiter(() => diagnoseMachine(each))));
  return [
    ...lost.map(({ host, error }) => unreachedCheck(host, error)),
    ...reports.flatMap(({ checks }) => checks),
    ...checkClocks(reports.flatMap(({ clock }) => clock ?? [])),
  ];
};
