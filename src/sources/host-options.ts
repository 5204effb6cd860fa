/** What is said about one host's log: `host_config`, an entry of `hosts`, and the two together. */
import { z } from 'zod';

/** Names of the Python tool. Detection decides; the name is a hint (CONTRACT §5). */
export const LOG_PARSERS = [
  'SyslogParser',
  'Rfc5424Parser',
  'Rfc3164Parser',
  'EximParser',
  'OpensearchParser',
] as const;

/** The Python tool's default. */
const DEFAULT_TIME_FORMAT = '%Y-%m-%d %H:%M:%S';

const logFile = z.string().min(1).describe('A file or a glob; `~` expands.');

const isZone = (name: string): boolean => {
  if (/^[+-]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

/** An IANA zone name that this machine knows. Offsets (`+08:00`) are none: they know no daylight saving. */
export const zoneName = z.string().refine(isZone, 'is no time zone name');

/** All that a source needs to know about one host's log; nothing is left to inherit. */
export const hostOptions = z.strictObject({
  log_files: z.array(logFile).min(1).describe('Files or globs; rotated pieces beside them are found.'),
  log_parser: z.enum(LOG_PARSERS).default('SyslogParser').describe('A hint; the form of each line is detected.'),
  time_format: z.string().default(DEFAULT_TIME_FORMAT).describe('A hint; the form of each stamp is detected.'),
  time_zone: zoneName.optional().describe('Zone of stamps without an offset.'),
});

export type HostOptions = z.output<typeof hostOptions>;
