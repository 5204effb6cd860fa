/** Log lines → transactions, and the ids of CONTRACT §3 computed from its text, without the code that is tested. */
import { createHash } from 'node:crypto';
import { buildHostDirectory, type HostDirectory } from '../../src/domain/host-names.ts';
import { hostName } from '../../src/domain/ids.ts';
import type { Transaction } from '../../src/domain/transaction.ts';
import { parseRecord } from '../../src/parsers/registry.ts';
import { createHeaderParser } from '../../src/parsers/syslog-header.ts';
import { createFold } from '../../src/trace/fold.ts';
import { createZone } from '../../src/zone.ts';
import { FLEET, fullName, type Logs, T0 } from '../support/postfix-log.ts';

/** Host → lines, oldest first. */
export const foldLines = (
  logs: Readonly<Record<string, readonly string[]>>,
  nearMs: number,
): readonly Transaction[] => {
  const fold = createFold(1_000_000);
  const zone = createZone('UTC');
  const parse = createHeaderParser({ zoneOf: () => zone, nearMs });
  let sequence = 0;
  for (const [host, lines] of Object.entries(logs)) {
    for (const raw of lines) {
      const header = parse(raw);
      if (header === null) continue;
      const { timeMs, program, pid, text } = header;
      const record = { host: hostName(host), timeMs, program, pid, text, raw, sequence: sequence++ };
      const outcome = parseRecord(record);
      if (outcome.kind === 'events') fold.add(record, outcome.events);
    }
  }
  return fold.result().transactions;
};

export const foldStory = (logs: Logs): readonly Transaction[] => foldLines(logs.lines(), T0);

export const fleetDirectory = (): HostDirectory =>
  buildHostDirectory({ hosts: Object.keys(FLEET).map(fullName), clusters: {}, domain: 'campus.example' });

/** H(…) of CONTRACT §3: SHA-256 of the UTF-8 parts, joined by one NUL byte. */
const sha256 = (...parts: readonly string[]): Buffer => {
  const hash = createHash('sha256');
  for (const [index, part] of parts.entries()) {
    if (index > 0) hash.update(Buffer.of(0));
    hash.update(Buffer.from(part, 'utf8'));
  }
  return hash.digest();
};

const hex = (bytes: Buffer, from: number, to: number): string => bytes.subarray(from, to).toString('hex');

/** Ids of a message; `noMessageId` = host, queue ID, arrival as ISO ms of a transaction without one. */
export const idsOf = (messageId: string | null, noMessageId: readonly [string, string, string] = ['', '', '']) => {
  const whole = messageId === null ? sha256('no-message-id', ...noMessageId) : sha256(messageId);
  const mid = messageId ?? whole.toString('hex');
  return {
    trace: hex(whole, 0, 16),
    root: hex(whole, 16, 24),
    transaction: (host: string, queueId: string) => hex(sha256(mid, host, queueId), 0, 8),
    /** The delivery that brought `queueId` to its host. */
    handover: (queueId: string) => hex(sha256(mid, '>', queueId), 0, 8),
    attempt: (host: string, queueId: string, relay: string, isoTime: string) =>
      hex(sha256(mid, host, queueId, relay, isoTime), 0, 8),
  };
};
