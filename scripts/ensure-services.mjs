#!/usr/bin/env node
// Sees to what the tests need: installs what is missing where it may (Debian, root), else fails at once and names it.
// Instant when everything is present.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describeMissing, findService, services } from './services.mjs';

const findMissing = () => services.filter((service) => findService(service, process.env) === null);

const mayInstall = () => existsSync('/etc/debian_version') && process.getuid?.() === 0;

/** @param {readonly string[]} args */
const apt = (args) => {
  // No stdin and no questions; another apt run (unattended upgrades) is waited for.
  const done = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-qq', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return done.status === 0;
};

/** @param {readonly string[]} packages */
const install = (packages) => {
  process.stderr.write(`Installing for the tests: ${packages.join(', ')}\n`);
  return apt(['update']) && apt(['install', '--yes', '--no-install-recommends', ...packages]);
};

const wanting = findMissing();
// A variable that names a wrong path is not mended by a package.
const packages = [
  ...new Set(wanting.filter(({ env }) => process.env[env] === undefined).map((row) => row.debianPackage)),
];
if (packages.length > 0 && mayInstall()) install(packages);
const missing = wanting.length > 0 ? findMissing() : [];
for (const service of missing) process.stderr.write(`${describeMissing(service, process.env)}\n`);
if (missing.length > 0) process.exit(1);
