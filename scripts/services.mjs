// What the tests need and npm does not bring: one row each.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} Service
 * @property {string} name
 * @property {string} neededFor
 * @property {string} env  Variable that names the program when it lies elsewhere.
 * @property {readonly string[]} programs  Names or absolute paths; the first that can be run is taken.
 * @property {string} debianPackage
 */

/** @type {readonly Service[]} */
export const services = [
  {
    name: 'Chromium',
    neededFor: 'the playground page in a real browser',
    env: 'CHROMIUM_PATH',
    programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    debianPackage: 'chromium',
  },
  {
    name: 'OpenSSH server',
    neededFor: 'logs read over SSH',
    env: 'SSHD_PATH',
    programs: ['sshd'],
    debianPackage: 'openssh-server',
  },
  {
    name: 'OpenSSH client',
    neededFor: 'keys and agents of the SSH tests',
    env: 'SSH_KEYGEN_PATH',
    programs: ['ssh-keygen'],
    debianPackage: 'openssh-client',
  },
  {
    name: 'sudo',
    neededFor: 'logs read over SSH as root',
    env: 'SUDO_PATH',
    programs: ['sudo'],
    debianPackage: 'sudo',
  },
  { name: 'dash', neededFor: 'the remote search script', env: 'DASH_PATH', programs: ['dash'], debianPackage: 'dash' },
  { name: 'bash', neededFor: 'the remote search script', env: 'BASH_PATH', programs: ['bash'], debianPackage: 'bash' },
  { name: 'mksh', neededFor: 'the remote search script', env: 'MKSH_PATH', programs: ['mksh'], debianPackage: 'mksh' },
  {
    name: 'BusyBox',
    neededFor: 'the remote search script',
    env: 'BUSYBOX_PATH',
    programs: ['busybox'],
    debianPackage: 'busybox',
  },
  { name: 'zstd', neededFor: 'packed logs', env: 'ZSTD_PATH', programs: ['zstd'], debianPackage: 'zstd' },
  { name: 'xz', neededFor: 'packed logs', env: 'XZ_PATH', programs: ['xz'], debianPackage: 'xz-utils' },
  { name: 'bzip2', neededFor: 'packed logs', env: 'BZIP2_PATH', programs: ['bzip2'], debianPackage: 'bzip2' },
  {
    name: 'OpenSSL',
    neededFor: 'the certificate of an OTLP receiver',
    env: 'OPENSSL_PATH',
    programs: ['openssl'],
    debianPackage: 'openssl',
  },
  {
    name: 'Maven',
    neededFor: 'the OpenSearch servers that the tests run against',
    env: 'MAVEN_PATH',
    programs: ['mvn'],
    debianPackage: 'maven',
  },
  {
    name: 'JDK',
    neededFor: 'the OpenSearch servers: Java 17 or newer, with a compiler',
    env: 'JAVAC_PATH',
    programs: ['javac'],
    debianPackage: 'default-jdk-headless',
  },
  {
    name: 'pip',
    neededFor: 'the Java 25 of the newer OpenSearch server, and the OTLP receiver',
    env: 'PIP_PATH',
    programs: ['pip3'],
    debianPackage: 'python3-pip',
  },
];

/** Daemons live outside the PATH of ordinary users. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/** @param {string} path */
const canRun = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/**
 * Path of a service's program.
 * @param {Service} service
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | null} null when none of its names can be run.
 */
export const findService = (service, env) => {
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...SYSTEM_FOLDERS];
  const named = env[service.env];
  const paths = service.programs.flatMap((program) =>
    program.startsWith('/') ? [program] : folders.map((folder) => join(folder, program)),
  );
  return (named === undefined ? paths : [named]).find(canRun) ?? null;
};

/**
 * @param {string} name  A row's name.
 * @returns {string} path of its program
 * @throws when the row is unknown or its program is missing; the text says how to get it.
 */
export const getService = (name) => {
  const service = services.find((row) => row.name === name);
  if (service === undefined) throw new Error(`scripts/services.mjs has no row "${name}".`);
  const path = findService(service, process.env);
  if (path === null) throw new Error(describeMissing(service, process.env));
  return path;
};

/**
 * @param {Service} service
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} what is missing, what for, and how to get it
 */
export const describeMissing = (service, env) => {
  const named = env[service.env];
  const lookedFor =
    named === undefined ? `looked for ${service.programs.join(', ')}` : `${service.env}=${named} cannot be run`;
  return (
    `${service.name} is missing (needed for ${service.neededFor}; ${lookedFor}). ` +
    `Install it, on Debian with "apt-get install ${service.debianPackage}", or name its path in ${service.env}.`
  );
};
