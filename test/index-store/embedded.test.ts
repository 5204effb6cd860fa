import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedIndex } from '../../src/index-store/embedded.ts';
import { testTransactionIndex } from './index-contract.ts';

let dataDir = '';
testTransactionIndex('libSQL', {
  open: async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'mailtrace index?#%20-'));
    return openEmbeddedIndex({ dataDir });
  },
  reopen: async (index) => {
    await index.close();
    return openEmbeddedIndex({ dataDir });
  },
  remove: () => rm(dataDir, { recursive: true }),
});
