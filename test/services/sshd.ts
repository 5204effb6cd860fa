/** Real OpenSSH servers on loopback ports, each with its own configuration, keys and log in a folder of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { getService } from '../../scripts/services.mjs';

export type Shell = 'dash' | 'bash' | 'mksh' | 'busybox';

export type SshdOptions = Readonly<{
  /** What `sh` is there, with its tools. */
  shell?: Shell;
  /** Lines of sshd_config, before the usual ones: the first of each keyword counts. */
  config?: readonly string[];
  /** The environment of logins. */
  env?: Readonly<Record<string, string>>;
  /** Of the host key. */
  keyType?: 'ed25519' | 'rsa' | 'ecdsa';
  /** Where it listens. */
  address?: '127.0.0.1' | '::1';
}>;

export type Sshd = Readonly<{
  port: number;
  /** Of the process that listens. */
  pid: number;
  /** Line for known_hosts without the host: type and key. */
  hostKey: string;
  /** What sshd logged. */
  log: () => Promise<string>;
  /** Requests that its shells were asked. */
  countRequests: () => Promise<number>;
  countConnections: () => Promise<number>;
  /** Sessions: one for each remote command. */
  countCommands: () => Promise<number>;
  stop: () => Promise<void>;
}>;

/** Folder of one test: keys of the user, and what its servers need. */
export type SshdLab = Readonly<{
  folder: string;
  user: string;
  /** Private key that every server of the lab takes. */
  keyFile: string;
  path: (name: string) => string;
  start: (options?: SshdOptions) => Promise<Sshd>;
  /** known_hosts with the key of these servers at 127.0.0.1. */
  writeKnownHosts: (servers: readonly Sshd[]) => Promise<string>;
  remove: () => Promise<void>;
}>;

const START_MS = 10_000;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });

const canConnect = (port: number, address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

const until = async (test: () => Promise<boolean>, what: () => Promise<string>): Promise<void> => {
  const end = Date.now() + START_MS;
  while (!(await test())) {
    if (Date.now() > end) throw new Error(await what());
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
};

export const makeKey = (file: string, more: readonly string[] = []): void => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file, ...more]);
};

const SHELL_SERVICE: Readonly<Record<Shell, string>> = {
  dash: 'dash',
  bash: 'bash',
  mksh: 'mksh',
  busybox: 'BusyBox',
};

/** Tools that the script needs; on a BusyBox machine all of them are BusyBox's. */
const APPLETS =
  'awk bzip2 cat date dd echo find grep gunzip gzip head id ls printf sed sort tail tee test touch true xz zcat'.split(
    ' ',
  );

/** A folder for PATH whose `sh` is the wanted shell and notes what it reads. */
const makeShellFolder = async (folder: string, shell: Shell, seen: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const program = getService(SHELL_SERVICE[shell]);
  const isBusybox = shell === 'busybox';
  if (isBusybox) await Promise.all(APPLETS.map((name) => symlink(program, join(folder, name))));
  // Where bash is `sh`, it runs in its POSIX mode.
  const run = isBusybox ? `${program} sh` : shell === 'bash' ? `${program} --posix` : program;
  await writeFile(join(folder, 'sh'), `#!/bin/bash\n/usr/bin/tee -a '${seen}' | ${run} "$@"\n`);
  await chmod(join(folder, 'sh'), 0o755);
};

const countIn = (text: string, part: string): number => text.split(part).length - 1;

const stopChild = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    child.on('exit', () => resolve());
    child.kill('SIGTERM');
    // A test may have stopped it.
    child.kill('SIGCONT');
  });

export const createSshdLab = async (): Promise<SshdLab> => {
  const folder = await mkdtemp(join(tmpdir(), 'sshd-'));
  // Users other than root have to come through.
  await chmod(folder, 0o755);
  const path = (name: string): string => join(folder, name);
  const keyFile = path('id_ed25519');
  makeKey(keyFile);
  await writeFile(path('authorized_keys'), await readFile(`${keyFile}.pub`));
  await chmod(path('authorized_keys'), 0o644);
  const running: Sshd[] = [];
  // Compiled into Debian's sshd; its package makes it when the system starts.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });

  const start = async (options: SshdOptions = {}): Promise<Sshd> => {
    const { shell = 'dash', config = [], env = {}, keyType = 'ed25519', address = '127.0.0.1' } = options;
    const port = await freePort();
    const hostKeyFile = path(`host-${port}`);
    makeKey(hostKeyFile, ['-t', keyType, ...(keyType === 'rsa' ? ['-b', '2048'] : [])]);
    const seen = path(`seen-${port}`);
    await writeFile(seen, '');
    await chmod(seen, 0o666);
    await makeShellFolder(path(`bin-${port}`), shell, seen);
    const logFile = path(`sshd-${port}.log`);
    await writeFile(logFile, '');
    const searchPath = shell === 'busybox' ? path(`bin-${port}`) : `${path(`bin-${port}`)}:/usr/bin:/bin`;
    const variables = { PATH: searchPath, ...env };
    const lines = [
      ...config,
      `Port ${port}`,
      `ListenAddress ${address}`,
      `HostKey ${hostKeyFile}`,
      `AuthorizedKeysFile ${path('authorized_keys')}`,
      `PidFile ${path(`pid-${port}`)}`,
      `SetEnv ${Object.entries(variables)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ')}`,
      'StrictModes no',
      'PermitRootLogin yes',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'LogLevel VERBOSE',
      'PrintMotd no',
      'PerSourcePenalties no',
    ].filter((line) => line !== 'PerSourcePenalties no');
    const configFile = path(`sshd_config-${port}`);
    await writeFile(configFile, `${lines.join('\n')}\n`);
    const child = spawn(getService('OpenSSH server'), ['-D', '-f', configFile, '-E', logFile], { stdio: 'ignore' });
    const log = (): Promise<string> => readFile(logFile, 'utf8');
    await until(
      () => canConnect(port, address),
      async () => `sshd did not start: ${await log()}`,
    );
    const sshd: Sshd = {
      port,
      pid: child.pid!,
      hostKey: (await readFile(`${hostKeyFile}.pub`, 'utf8')).split(' ').slice(0, 2).join(' '),
      log,
      countRequests: async () => countIn(await readFile(seen, 'utf8'), '\nmt_begin '),
      countConnections: async () =>
        countIn(await log(), 'Accepted publickey for ') + countIn(await log(), 'Accepted password for '),
      countCommands: async () => countIn(await log(), 'Starting session: '),
      stop: () => stopChild(child),
    };
    running.push(sshd);
    return sshd;
  };
  return {
    folder,
    user: userInfo().username,
    keyFile,
    path,
    start,
    writeKnownHosts: async (servers) => {
      const file = path(`known_hosts-${servers.map(({ port }) => port).join('-')}`);
      await writeFile(file, servers.map(({ port, hostKey }) => `[127.0.0.1]:${port} ${hostKey}\n`).join(''));
      return file;
    },
    remove: async () => {
      await Promise.all(running.map((sshd) => sshd.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
};
