/** What is said about one host's log: `host_config`, an entry of `hosts`, and the two together. */
import { z } from 'zod';
import { optionalText, optionalZone, section, zoneName } from './option-fields.js';

/** Names of the Python tool. Detection decides; the name is a hint (CONTRACT §5). */
export const LOG_PARSERS = [
  'SyslogParser',
  'Rfc5424Parser',
  'Rfc3164Parser',
  'EximParser',
  'OpensearchParser',
] as const;

export type LogParser = (typeof LOG_PARSERS)[number];

/** What the Python tool called two of them until its release 0.2. */
const FORMER_NAMES: ReadonlyMap<unknown, LogParser> = new Map<unknown, LogParser>([
  ['NoSpaceInDatetimeParser', 'Rfc5424Parser'],
  ['DayOfWeekParser', 'Rfc3164Parser'],
]);

const DEFAULT_PARSER: LogParser = 'SyslogParser';
/** The Python tool's default. */
const DEFAULT_TIME_FORMAT = '%Y-%m-%d %H:%M:%S';

const logFile = z.string().min(1, 'must name a file');

/** All that a source needs to know about one host's log; nothing is left to inherit. */
export const hostOptions = z.strictObject({
  log_files: z.array(logFile).min(1),
  log_parser: z.enum(LOG_PARSERS).default(DEFAULT_PARSER),
  time_format: z.string().default(DEFAULT_TIME_FORMAT),
  time_zone: zoneName.optional(),
});

export type HostOptions = z.output<typeof hostOptions>;

/** One entry of `hosts`, or `host_config`. What is not set, or an empty list, is inherited. */
const hostEntry = section({
  log_files: z
    .preprocess((value) => value ?? undefined, z.array(logFile).optional())
    .describe('Files or globs; `~` expands, rotated pieces in the same folder are found.'),
  log_parser: z
    .preprocess((value) => FORMER_NAMES.get(value) ?? value ?? undefined, z.enum(LOG_PARSERS).optional())
    .describe('A hint; the form of each line is detected.'),
  time_format: optionalText().describe('A hint; the form of each stamp is detected.'),
  time_zone: optionalZone().describe('Zone of stamps without an offset.'),
});

export type HostEntry = z.output<typeof hostEntry>;

/** The two keys with which a configuration says where its hosts' logs are: `file_config` and part of `ssh_config`. */
export const hostFields = {
  host_config: hostEntry.describe('What every host has unless its own entry says otherwise.'),
  hosts: z
    .preprocess((value) => value ?? {}, z.record(z.string().min(1), hostEntry))
    .describe('Machine name → what differs from host_config.'),
};

/** `file_config`: logs on this machine. */
export const fileOptions = section(hostFields);

/** @returns null when neither names a log file. */
export const inheritOptions = (entry: HostEntry, base: HostEntry): HostOptions | null => {
  const logFiles = entry.log_files?.length ? entry.log_files : (base.log_files ?? []);
  const timeZone = entry.time_zone ?? base.time_zone;
  if (logFiles.length === 0) return null;
  return {
    log_files: logFiles,
    log_parser: entry.log_parser ?? base.log_parser ?? DEFAULT_PARSER,
    time_format: entry.time_format || base.time_format || DEFAULT_TIME_FORMAT,
    ...(timeZone === undefined ? {} : { time_zone: timeZone }),
  };
};
