/** Sources over the servers of a lab. */
import { writeFile } from 'node:fs/promises';
import type { LogSource } from '../../src/app/ports.ts';
import { hostName } from '../../src/domain/ids.ts';
import { openSsh, type SshOptions } from '../../src/sources/ssh.ts';
import type { Sshd, SshdLab } from '../services/sshd.ts';

/** `settings`: further lines for the host in the client's configuration. */
export type LabHost = Readonly<{
  host: string;
  server: Sshd;
  logFiles: readonly string[];
  timeZone?: string;
  settings?: readonly string[];
}>;

export type LabOptions = Partial<SshOptions> & Readonly<{ common?: readonly string[] }>;

/** An ssh_config that leads each host to its server. */
export const writeSshConfig = async (
  lab: SshdLab,
  hosts: readonly LabHost[],
  common: readonly string[] = [],
): Promise<string> => {
  const known = await lab.writeKnownHosts([...new Set(hosts.map(({ server }) => server))]);
  const blocks = hosts.map(({ host, server, settings = [] }) =>
    [`Host ${host}`, ...settings, 'HostName 127.0.0.1', `Port ${server.port}`].join('\n  '),
  );
  const file = lab.path(`ssh_config-${blocks.length}-${Math.random().toString(36).slice(2)}`);
  const usual = ['IdentityAgent none', `IdentityFile ${lab.keyFile}`, `UserKnownHostsFile ${known}`];
  await writeFile(file, [...blocks, 'Host *', ...common, ...usual, ''].join('\n'));
  return file;
};

export const openLab = async (
  lab: SshdLab,
  hosts: readonly LabHost[],
  { common = [], ...options }: LabOptions = {},
): Promise<LogSource> =>
  openSsh({
    hosts: hosts.map(({ host, logFiles, timeZone }) => ({
      host: hostName(host),
      logFiles,
      timeZone: timeZone ?? null,
    })),
    timeZone: 'UTC',
    canonical: hostName,
    username: lab.user,
    privateKey: '',
    configFile: await writeSshConfig(lab, hosts, common),
    isHostKeyChecked: true,
    timeoutMs: 10_000,
    secrets: { password: null, passphrase: null },
    sudo: { isWanted: false, password: null },
    env: { HOME: lab.folder, PATH: '/usr/bin:/bin' },
    ...options,
  });
