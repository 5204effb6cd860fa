// Puts rotel, an OTLP receiver in Rust, into the cache folder of the tests: once, from PyPI.
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { getService } from '../../scripts/services.mjs';
import { cacheFolder, run } from './opensearch-dist.mjs';

/** Later ones need a newer C library than Debian 12 has. */
const ROTEL = 'rotel==0.0.1a8';
const FOLDER = 'rotel-0.0.1a8';

/**
 * Path of the program; seconds the first time, instant afterwards.
 * @returns {Promise<string>}
 */
export const assembleRotel = async () => {
  const cache = cacheFolder();
  const folder = join(cache, FOLDER);
  const program = join(folder, 'rotel/rotel-agent');
  if (existsSync(folder)) return program;
  mkdirSync(cache, { recursive: true, mode: 0o755 });
  const draft = mkdtempSync(join(cache, 'draft-'));
  try {
    const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--no-compile'];
    await run(getService('pip'), ['install', ...options, `--target=${draft}`, ROTEL]);
    await run('chmod', ['-R', 'a+rX', draft]);
    // Whole or not at all. Somebody else may have been faster: his is as good.
    await rename(draft, folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return program;
};
