/** What a doctor says about log files of this machine: each entry of `log_files` with its pieces, forms and stamps. */
import type { Check } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import { createHeaderParser } from '../parsers/syslog-header.js';
import type { Zone } from '../zone.js';
import { type HostLogs, listLogs } from './log-catalog.js';
import { checkWrittenTimes, type JudgedEntry, judgeEntry } from './piece-checks.js';
import { examinePiece, type PieceFacts, type UnpackBudget } from './piece-examination.js';

export type Diagnosis = Readonly<{
  hosts: readonly HostLogs[];
  zoneOf: (host: HostName) => Zone;
  /** The one name of the machine that a log calls `name`. */
  canonical: (name: string) => HostName;
  nowMs: number;
  signal: AbortSignal;
}>;

type Examine = (piece: PieceFacts['piece'], owner: HostName) => Promise<PieceFacts>;

/** All packed files up to this are unpacked to their end: a minute of work. */
const UNPACKED_BYTES = 512 * 1024 * 1024;

/** A file that several hosts share is looked at once. */
const createExamine = ({ zoneOf, canonical, hosts, nowMs, signal }: Diagnosis): Examine => {
  const budget: UnpackBudget = { bytesLeft: UNPACKED_BYTES };
  const configured = new Set(hosts.map(({ host }) => host));
  const known = new Map<string, Promise<PieceFacts>>();
  return (piece, owner) => {
    const zoneNamed = (name: string | null): Zone => {
      const host = name === null ? owner : canonical(name);
      return zoneOf(configured.has(host) ? host : owner);
    };
    const key = `${piece.id}\0${zoneOf(owner).name}`;
    const facts =
      known.get(key) ?? examinePiece(piece, createHeaderParser({ zoneOf: zoneNamed, nearMs: nowMs }), budget, signal);
    known.set(key, facts);
    return facts;
  };
};

const checkEntry = async (host: HostName, logFile: string, examine: Examine, zone: Zone): Promise<JudgedEntry> => {
  const { logs, faults } = await listLogs([{ host, logFiles: [logFile] }]);
  const all: PieceFacts[] = [];
  for (const piece of logs.flatMap(({ pieces }) => pieces)) all.push(await examine(piece, host));
  return judgeEntry({ host, logFile, zone, pieces: all, faults: faults.map((each) => each.fault) });
};

/** Only an abort, or a bug, is thrown. */
export const diagnoseFiles = async (diagnosis: Diagnosis): Promise<readonly Check[]> => {
  const examine = createExamine(diagnosis);
  const checks: Check[] = [];
  for (const { host, logFiles } of diagnosis.hosts) {
    const zone = diagnosis.zoneOf(host);
    const pieces: PieceFacts[] = [];
    for (const logFile of logFiles) {
      const entry = await checkEntry(host, logFile, examine, zone);
      checks.push(...entry.checks);
      pieces.push(...entry.pieces);
    }
    checks.push(...checkWrittenTimes(host, pieces, zone, diagnosis.nowMs));
  }
  return checks;
};
