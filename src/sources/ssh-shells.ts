/** The shells of one connection: opened when needed, used again, no more than the server allows. */
import { isChannelRefusal, type RemoteShell } from './ssh-shell.js';

export type Shells = Readonly<{
  /** A shell of one's own until it is given back. */
  take: () => Promise<RemoteShell>;
  giveBack: (shell: RemoteShell) => void;
  /** Those that nobody uses. */
  closeFree: () => void;
}>;

/** Fewer than MaxSessions (10). */
const SHELLS_MAX = 4;
const ATTEMPTS = 4;
const RETRY_MS = 200;

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** A server that opens no channel for a moment is asked again. */
const openPatiently = async (open: () => Promise<RemoteShell>, isOnly: () => boolean): Promise<RemoteShell> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      if (!isChannelRefusal(error) || !isOnly() || attempt >= ATTEMPTS) throw error;
      await pause(RETRY_MS * attempt * (0.5 + Math.random()));
    }
  }
};

export const createShells = (open: () => Promise<RemoteShell>): Shells => {
  const free: RemoteShell[] = [];
  /** Told a shell that became free, or null: look again. */
  const waiting: ((shell: RemoteShell | null) => void)[] = [];
  let [count, most] = [0, SHELLS_MAX];
  /** null: MaxSessions is lower than we thought, and there are others to share. */
  const start = async (): Promise<RemoteShell | null> => {
    count++;
    try {
      return await openPatiently(open, () => count === 1);
    } catch (error) {
      count--;
      if (isChannelRefusal(error) && count > 0) {
        most = count;
        return null;
      }
      waiting.shift()?.(null);
      throw error;
    }
  };
  const takeFree = (): RemoteShell | null => {
    for (let shell = free.pop(); shell !== undefined; shell = free.pop()) {
      if (shell.isOpen()) return shell;
      count--;
    }
    return null;
  };
  const takeOnce = (): Promise<RemoteShell | null> =>
    count < most ? start() : new Promise((resolve) => waiting.push(resolve));
  return {
    closeFree: () => {
      for (const shell of free.splice(0)) {
        shell.close();
        count--;
      }
    },
    take: async () => {
      for (;;) {
        const shell = takeFree() ?? (await takeOnce());
        if (shell !== null) return shell;
      }
    },
    giveBack: (shell) => {
      const next = waiting.shift();
      if (!shell.isOpen()) count--;
      if (next) next(shell.isOpen() ? shell : null);
      else if (shell.isOpen()) free.push(shell);
    },
  };
};
