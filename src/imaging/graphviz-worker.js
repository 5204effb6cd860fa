// @ts-check
// Graphviz in a thread: a layout cannot be interrupted, and the bot must answer Slack meanwhile. Plain JavaScript, because
// a thread is started from a file that Node itself can read, in the source tree as in dist/.
import { parentPort } from 'node:worker_threads';
import { instance } from '@viz-js/viz';

const viz = instance();

/** @param {string} dot @returns {Promise<{ svg: string } | { error: string }>} */
const draw = async (dot) => {
  const { status, output, errors } = (await viz).render(dot, { format: 'svg', engine: 'dot' });
  if (status === 'success' && output !== undefined) return { svg: output };
  return { error: errors.map(({ message }) => message).join('; ') || 'no reason given' };
};

// What is thrown here (out of memory, stack overflow in the WebAssembly code) leaves Graphviz in an unknown state: it ends the thread.
parentPort?.on('message', async (dot) => parentPort?.postMessage(await draw(dot)));
