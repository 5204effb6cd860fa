/** Global set-up of the `e2e` project: what it runs is built from what stands here, not from an earlier build. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { closeServices, openServices } from './opensearch.ts';

export const setup = (): void => {
  openServices();
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
  if (status !== 0) throw new Error('The build failed; see above.');
};

export const teardown = closeServices;
