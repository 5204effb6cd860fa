#!/usr/bin/env node
// Builds dist/: tsc, then every file under src that is not TypeScript (fonts, pages, scripts, sample data) at the same path.
// The tree is made beside dist/ and swapped in whole: a failed build leaves the old one, and no stale file survives.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const next = join(root, `.build-${process.pid}`);
const dist = join(root, 'dist');

/** @param {string} message @returns {never} */
const fail = (message) => {
  rmSync(next, { recursive: true, force: true });
  process.stderr.write(`build: ${message}\n`);
  process.exit(1);
};

const findCompiler = () => {
  try {
    return createRequire(import.meta.url).resolve('typescript/bin/tsc');
  } catch {
    return fail('typescript is missing; it is a development dependency. Install with "npm ci", not with --omit=dev.');
  }
};

const compile = () => {
  const tsc = spawnSync(process.execPath, [findCompiler(), '-p', root, '--outDir', next], { stdio: 'inherit' });
  if (tsc.status !== 0) fail('tsc found errors; dist/ is unchanged.');
};

const copyAssets = () => {
  const src = join(root, 'src');
  for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /\.[cm]?tsx?$/.test(entry.name)) continue;
    const from = join(entry.parentPath, entry.name);
    cpSync(from, join(next, relative(src, from)));
  }
};

/** npm marks the files named in `bin` on installation; a checkout runs them in place. */
const markExecutables = () => {
  const bin = join(next, 'bin');
  if (!existsSync(bin)) return;
  for (const name of readdirSync(bin).filter((file) => file.endsWith('.js'))) {
    if (!readFileSync(join(bin, name), 'utf8').startsWith('#!')) fail(`src/bin/${name} has no #! line.`);
    chmodSync(join(bin, name), 0o755);
  }
};

const swapIn = () => {
  const old = join(root, `.build-old-${process.pid}`);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(next, dist);
  rmSync(old, { recursive: true, force: true });
};

compile();
copyAssets();
markExecutables();
swapIn();
