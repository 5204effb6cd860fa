/** Why a file on another machine could not be read, and what to do about it. */
import { basename, dirname } from 'node:path';
import { type FileFault, fault } from './file-faults.js';
import { compareAge, readRotatedName } from './rotated-files.js';
import type { Answer, RemoteFault } from './ssh-answer.js';
import type { ShellInfo } from './ssh-shell.js';

const PACKAGE: Readonly<Record<string, string>> = {
  zstd: 'zstd',
  xz: 'xz-utils',
  bzip2: 'bzip2',
  gzip: 'gzip',
  lz4: 'lz4',
};

/** Debian and Red Hat let the group read their mail logs (adm, root): joining it is the smallest right that helps. */
const permissionRemedy = (detail: string, { user, sudo }: ShellInfo): string => {
  if (sudo.isRoot) return 'permission denied, even to root; see whether the folder is on another machine (NFS)';
  if (sudo.why !== null) return `permission denied, and sudo: ${sudo.why}`;
  const [mode = '', , group = ''] = detail.split(',');
  const isGroupReadable = mode[4] === 'r' && group !== '';
  const join = isGroupReadable ? `add it to the group ${group}` : `setfacl -m u:${user}:r`;
  return `permission denied; let the user ${user} read it, e.g. ${join}, or set sudo: true`;
};

export const describeRemoteFault = ({ code, detail, path }: RemoteFault, info: ShellInfo): FileFault => {
  switch (code) {
    case 'm':
      return fault(path, 'no such file; correct log_files of this host');
    case 'g':
      return fault(path, 'no file matches; correct log_files of this host');
    case 'd':
      return fault(path, `is a directory; name the files in it, e.g. ${path.replace(/\/$/, '')}/*.log`);
    case 'k':
      return fault(path, 'is no regular file; correct log_files of this host');
    case 'l':
      return fault(dirname(path), `its rotated pieces could not be looked for: ${permissionRemedy('', info)}`);
    case 't':
      return fault(
        path,
        `needs the program ${detail} on that machine; install the package ${PACKAGE[detail] ?? detail}`,
      );
    default:
      return fault(path, permissionRemedy(detail, info));
  }
};

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

/** Without these programs the machine cannot search. */
export const missingToolsFault = (path: string, tools: readonly string[]): FileFault =>
  fault(
    path,
    `cannot be searched without ${listed(tools)} on that machine; install what is missing (coreutils, grep, sed, awk; or BusyBox), or put it into the PATH of the login`,
  );

/** The machine answered, but not a word about this path. */
export const untoldFault = (path: string): FileFault =>
  fault(path, 'no file to be searched was found there; correct log_files of this host');

/** Of a piece that is older than the window by its name nobody needs to know that it cannot be read. */
export const isOutdated = (
  { path }: RemoteFault,
  answer: Answer,
  firstMsOf: (line: string) => number | null,
  fromMs: number,
): boolean => {
  const own = readRotatedName(basename(path));
  return [...answer.pieces.values()].some((piece) => {
    const other = readRotatedName(basename(piece.path));
    if (dirname(piece.path) !== dirname(path) || other.log !== own.log) return false;
    const age = compareAge(other.rotation, own.rotation);
    const firstMs = age !== null && age < 0 ? firstMsOf(piece.firstLine) : null;
    return firstMs !== null && firstMs < fromMs;
  });
};
