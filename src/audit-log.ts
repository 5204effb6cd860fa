/** `audit.jsonl`: who asked what, and how it ended (CONTRACT §7). One JSON object a line, appended, never changed. */
import { appendFile, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AuditEntry, AuditLog } from './app/ports.js';
import { MailtraceError } from './errors.js';

/** Whom and what it names is personal data: for the owner only. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

const failure = (path: string, cause: unknown): MailtraceError =>
  new MailtraceError(
    'config',
    `The audit log ${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
    'Set MAILTRACE_DATA_DIR or store.data_dir to a folder that mailtrace may write to, on a disk with room.',
    { cause },
  );

/** JSON leaves these as they are; some readers take them for line ends. */
const toLine = ({ time, user, channel, query, outcome }: AuditEntry): string =>
  `${JSON.stringify({ time, user, channel, query, outcome }).replace(/[\u2028\u2029]/g, (c) => (c === '\u2028' ? '\\u2028' : '\\u2029'))}\n`;

/**
 * Opens the file once, so that a folder that cannot be written to is known at the start. The file is opened anew for each line:
 * log rotation may move it away.
 * @throws MailtraceError `config`, here and on each line that could not be written
 */
export const openAuditLog = async (path: string): Promise<AuditLog> => {
  try {
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
    await (await open(path, 'a', FILE_MODE)).close();
  } catch (error) {
    throw failure(path, error);
  }
  return {
    write: async (entry) => {
      try {
        // One write of one line with O_APPEND: lines of several processes do not mix.
        await appendFile(path, toLine(entry), { mode: FILE_MODE });
      } catch (error) {
        throw failure(path, error);
      }
    },
  };
};
