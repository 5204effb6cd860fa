import { testTransactionIndex } from '../index-store/index-contract.ts';
import { testStateStore } from '../state/state-contract.ts';
import { memoryIndex, memoryStateStore } from './memory-stores.ts';

testStateStore('memory', { open: async () => memoryStateStore(), reopen: null, remove: async () => {} });
testTransactionIndex('memory', { open: async () => memoryIndex(), reopen: null, remove: async () => {} });
