// @ts-nocheck The built package has its own types.
// The parsers of the built package, as a source uses them: header, record, events.
import { parseRecord } from '../../../dist/parsers/registry.js';
import { createHeaderParser } from '../../../dist/parsers/syslog-header.js';
import { createZone } from '../../../dist/zone.js';

const UTC = createZone('UTC');

/** @param {string} text a line without its header @param {string} program its syslog name */
export const parseText = (text, program) =>
  parseRecord({ host: 'host', timeMs: 0, program, pid: 1, text, raw: text, sequence: 0 });

/**
 * @param {readonly string[]} lines whole lines of a log
 * @param {Readonly<{ nearMs?: number, host?: string }>} options when a stamp without a year was written; host of lines that name none
 * @returns {readonly object[]} for each line: `record` (null without a header) and `outcome`
 */
export const readLines = (lines, { nearMs = 0, host = 'host' } = {}) => {
  const parseHeader = createHeaderParser({ zoneOf: () => UTC, nearMs });
  return lines.map((raw, sequence) => {
    const header = parseHeader(raw);
    if (header === null) return { raw, record: null, outcome: { kind: 'unknown' } };
    const record = { ...header, host: header.host ?? host, raw, sequence };
    return { raw, record, outcome: parseRecord(record) };
  });
};
