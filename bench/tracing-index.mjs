// The index alone: how many transactions are written a second, durably, and how long open ones take to be found.
import { join } from 'node:path';
import { createLines } from './mailbed-lines.mjs';
import { median } from './tracing-rig.mjs';

/** A round's worth of lines. */
const ROUND = 10_000;
const ROUNDS = 15;
/** Looked up at once, as a round does it; and how often. */
const PAIRS = 500;
const LOOKUPS = 200;

/** Rounds of records, as following makes them of real lines. */
const readRounds = async (load, density) => {
  const [{ createLiveFold }, { LIVE_SETTINGS }, { parseRecord }, { buildHostDirectory }] = await Promise.all(
    ['trace/live-fold.js', 'app/follow-deps.js', 'parsers/registry.js', 'domain/host-names.js'].map(load),
  );
  const options = { load, count: ROUND * ROUNDS, endMs: Date.now(), perSecond: density };
  const { hosts, lines } = await createLines(options);
  const { canonical } = buildHostDirectory({ hosts, clusters: {}, domain: '' });
  const fold = createLiveFold({ ...LIVE_SETTINGS, giveUpMs: 6 * 86_400_000 });
  const rounds = [];
  let sequence = 0;
  for (const { host, timeMs, program, pid, text, line } of lines()) {
    const record = { host: canonical(host), timeMs, program, pid, text, raw: line, sequence: sequence++ };
    const outcome = parseRecord(record);
    if (outcome.kind === 'events') fold.add({ record, events: outcome.events }, timeMs);
    if (sequence % ROUND > 0) continue;
    fold.review();
    rounds.push(fold.finish(new Map(), () => timeMs, timeMs));
  }
  return rounds;
};

export const benchIndexStore = async ({ load, folder, show, many, two, density }) => {
  const { openEmbeddedIndex } = await load('index-store/embedded.js');
  const rounds = await readRounds(load, density);
  const index = await openEmbeddedIndex({ dataDir: join(folder, 'index') });
  try {
    const rates = [];
    for (const changes of rounds) {
      const beganMs = performance.now();
      await index.write(changes);
      rates.push((changes.put.length / (performance.now() - beganMs)) * 1000);
    }
    const pairs = rounds.flatMap(({ put }) => put.map(({ transaction: { host, queueId } }) => ({ host, queueId })));
    const [latencies, single] = [[], []];
    for (let at = 0; at < LOOKUPS; at++) {
      const begin = (at * 7919) % (pairs.length - PAIRS);
      const beganMs = performance.now();
      const found = await index.findOpen(pairs.slice(begin, begin + PAIRS));
      const betweenMs = performance.now();
      if (found.length === 0) throw new Error('The index has lost what it was given.');
      await index.findOpen(pairs.slice(begin, begin + 1));
      latencies.push(betweenMs - beganMs);
      single.push(performance.now() - betweenMs);
    }
    show('index, synchronous=FULL', 'transactions', 'written/s', `find ${PAIRS} ms`, 'find 1 ms');
    show('median', many(pairs.length), many(median(rates)), two(median(latencies)), two(median(single)));
  } finally {
    await index.close();
  }
};
