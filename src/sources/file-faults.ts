/** Why a log file could not be read, and what to do about it, in words for an administrator. */
import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { MailtraceError } from '../errors.js';

/** `text` begins with the path. */
export type FileFault = Readonly<{ path: string; text: string }>;

const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && 'syscall' in error && typeof error.code === 'string' ? error.code : null;

const groupName = async (id: number): Promise<string> => {
  const lines = await readFile('/etc/group', 'utf8').catch(() => '');
  return (
    lines
      .split('\n')
      .find((line) => line.split(':')[2] === String(id))
      ?.split(':')[0] ?? String(id)
  );
};

/** Debian and Red Hat let the group read their mail logs (adm, root): joining it is the smallest right that helps. */
const permissionRemedy = async (path: string): Promise<string> => {
  const user = userInfo().username;
  const status = await stat(path).catch(() => null);
  const isGroupReadable = status !== null && (status.mode & 0o040) !== 0;
  if (isGroupReadable) return `let the user ${user} read it, e.g. add it to the group ${await groupName(status.gid)}`;
  return `let the user ${user} read it, e.g. setfacl -m u:${user}:r`;
};

const remedyOf = async (path: string, code: string, words: string): Promise<string> => {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no such file; correct log_files of this host';
    case 'EACCES':
    case 'EPERM':
      return `permission denied; ${await permissionRemedy(path)}`;
    case 'EISDIR':
      return `is a directory; name the files in it, e.g. ${path.replace(/\/$/, '')}/*.log`;
    case 'ELOOP':
      return 'too many symbolic links; correct log_files of this host';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many open files; raise the limit (ulimit -n)';
    default:
      return `${words}; check the file system`;
  }
};

/**
 * Words for a failure of the file system or a damaged file.
 * @throws the error itself when it is neither: then it is a bug.
 */
export const describeFault = async (path: string, error: unknown): Promise<FileFault> => {
  if (error instanceof MailtraceError) return { path, text: `${error.message}; ${error.hint}` };
  const code = codeOf(error);
  if (code === null) throw error;
  const words = error instanceof Error ? error.message : code;
  return { path, text: `${path}: ${await remedyOf(path, code, words)}` };
};

export const fault = (path: string, text: string): FileFault => ({ path, text: `${path}: ${text}` });
