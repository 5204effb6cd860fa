import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStateStore } from '../../src/state/open-state-store.ts';
import { testStateStore } from './state-contract.ts';

let dataDir = '';
testStateStore('libSQL', {
  open: async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'mailtrace state?#%20-'));
    return openStateStore({ dataDir });
  },
  reopen: async (store) => {
    await store.close();
    return openStateStore({ dataDir });
  },
  remove: () => rm(dataDir, { recursive: true }),
});
