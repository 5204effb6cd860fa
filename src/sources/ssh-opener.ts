/** Opens the shells of one connection. What sudo refuses is not tried again by each of them. */
import { createLimiter } from './ssh-limiter.js';
import { openShell, type RemoteShell, type ShellOptions, type SudoState } from './ssh-shell.js';

export type Opener = Readonly<{
  open: () => Promise<RemoteShell>;
  /** After a while: the next shell tries sudo again. @returns whether there was anything to forget */
  forgetRefusal: () => boolean;
}>;

/** As long as a refused login is remembered (ssh-connection.ts). */
const REFUSAL_MS = 20_000;

/** A shell of the login, without sudo. */
export const openPlainShell = (options: ShellOptions): Promise<RemoteShell> =>
  openShell({ ...options, sudo: { isWanted: false, password: null } });

/** The first shell tells whether sudo lets us in. If not, the others do without: each wrong password may lock the account. */
export const createOpener = (options: ShellOptions): Opener => {
  const oneByOne = createLimiter(1);
  let isSettled = false;
  let refusal: Readonly<{ state: SudoState; atMs: number }> | null = null;
  const openFirst = async (): Promise<RemoteShell> => {
    if (isSettled) return open();
    const shell = await openShell(options);
    isSettled = true;
    const { sudo } = shell.info;
    if (sudo.why !== null) refusal = { state: sudo, atMs: performance.now() };
    return shell;
  };
  const open = async (): Promise<RemoteShell> => {
    if (!isSettled) return oneByOne(openFirst);
    if (refusal === null) return openShell(options);
    const { state } = refusal;
    const shell = await openPlainShell(options);
    return { ...shell, info: { ...shell.info, sudo: state } };
  };
  return {
    open,
    forgetRefusal: () => {
      if (refusal === null || performance.now() - refusal.atMs < REFUSAL_MS) return false;
      refusal = null;
      isSettled = false;
      return true;
    },
  };
};
