// Endless logs out of real ones: the lines of the sample fleet again and again, with other queue IDs, message-ids, addresses and
// times. Copies overlap, so that as many lines fall into a second as on a busy fleet.
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const SAMPLES = new URL('../src/playground/sample-data/', import.meta.url);
const DOMAIN = 'campus.example';
/** Their clock, minus the true one: a copy is written in true order. */
const SKEW_MS = { 'lists1.campus.example': -42_000 };
/** Of what the parsers say of a line, the names that must be new in each copy. */
const NAME_KEYS = /queueId|messageId/i;
/** An id of amavis may have `_` and `-` anywhere (RFC 4648 §5). */
const WORD = /[0-9A-Za-z_-]{5,}/g;
const ADDRESS = /(?<=<)([a-z][a-z0-9]*)(?=@[a-z.]+\.example>)/g;

/** @typedef {Readonly<{ host: string, timeMs: number, program: string, pid: number, line: string, text: string }>} Line */

/** @param {number} seed  @returns {(below: number) => number}  Numerical Recipes' generator: the same on every run. */
const createRandom = (seed) => {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

const CLASSES = ['0123456789', 'BCDFGHJKLMNPQRSTVWXY', 'bcdfghjklmnpqrstvwxy', '0123456789ABCDEF'];

/** The same shape with other characters; the `z` of a long queue ID parts time and inode (Postfix, mail_queue.h). */
const renew = (name, random) => {
  const isHex = /^[0-9A-F]+$/.test(name);
  return name.replace(/[0-9A-Ya-y]/g, (c) => {
    const letters = isHex ? CLASSES[3] : /\d/.test(c) ? CLASSES[0] : /[A-Z]/.test(c) ? CLASSES[1] : CLASSES[2];
    return letters[random(letters.length)];
  });
};

const namesIn = (value, key = '') => {
  if (typeof value === 'string') return NAME_KEYS.test(key) ? [value.split('@')[0]] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => namesIn(inner, Array.isArray(value) ? key : name));
};

/** A line in parts: what stays, and numbers of names to put between. */
const cutLine = (line, numbers) => {
  const parts = [];
  let at = 0;
  for (const { 0: word, index } of line.matchAll(WORD)) {
    const number = numbers.get(word);
    if (number === undefined) continue;
    parts.push(line.slice(at, index), number);
    at = index + word.length;
  }
  return [...parts, line.slice(at)];
};

/** @param {(path: string) => Promise<any>} load  a module of the built program */
const readSamples = async (load) => {
  const [{ createHeaderParser }, { createZone }, { parseRecord }] = await Promise.all(
    ['parsers/syslog-header.js', 'zone.js', 'parsers/registry.js'].map(load),
  );
  const zone = createZone('UTC');
  const parse = createHeaderParser({ zoneOf: () => zone, nearMs: Date.UTC(2026, 10, 21) });
  const records = readdirSync(SAMPLES).flatMap((file) => {
    const host = `${file.slice(0, file.indexOf('.'))}.${DOMAIN}`;
    const lines = gunzipSync(readFileSync(new URL(file, SAMPLES)))
      .toString('utf8')
      .split('\n');
    return lines.flatMap((raw) => {
      const header = parse(raw);
      return header === null ? [] : [{ raw, ...header, host, trueMs: header.timeMs - (SKEW_MS[host] ?? 0) }];
    });
  });
  records.sort((a, b) => a.trueMs - b.trueMs);
  const names = new Set(
    records.flatMap((record, sequence) => {
      const outcome = parseRecord({ ...record, sequence });
      return outcome.kind === 'events' ? namesIn(outcome.events) : [];
    }),
  );
  return { records, names: [...names].filter((name) => (/\d/.test(name) ? name.length >= 5 : name.length >= 12)) };
};

/**
 * @param {{ load: (path: string) => Promise<any>, count: number, endMs: number, perSecond: number }} options
 *   `perSecond`: lines in one second of the logs; the last line is stamped about `endMs`.
 * @returns {Promise<{ hosts: readonly string[], lines: () => Generator<Line> }>}
 */
export const createLines = async ({ load, count, endMs, perSecond }) => {
  const { records, names } = await readSamples(load);
  const { restampLine } = await load('playground/restamp.js');
  const numbers = new Map(names.map((name, number) => [name, number]));
  const cut = records.map((record) => ({ ...record, parts: cutLine(record.raw, numbers) }));
  const originMs = records[0].trueMs;
  const copies = Math.ceil(count / records.length) + 1;
  const stepMs = (records.length / perSecond) * 1000;
  const lengthMs = records.at(-1).trueMs - originMs;
  const firstMs = Math.floor((endMs - copies * stepMs - lengthMs) / 1000) * 1000;

  /** One copy of one line. */
  const play = ({ host, parts, timeMs, program, pid }, { number, shiftMs, renewed }) => {
    const named = parts.map((part) => (typeof part === 'number' ? renewed[part] : part)).join('');
    const line = restampLine(named.replace(ADDRESS, `$1${number}`), shiftMs);
    // The server processes of two copies are not the same ones.
    const ownPid = pid === null ? null : pid + (number % 50) * 400;
    const header = pid === null ? line : line.replace(`[${pid}]: `, `[${ownPid}]: `);
    const text = header.slice(header.indexOf(': ') + 2);
    return { host, timeMs: timeMs + shiftMs, program, pid: ownPid, line: header, text };
  };

  function* lines() {
    const active = [];
    let [begun, given] = [0, 0];
    while (given < count) {
      const next = active.reduce((best, each) => (best === null || each.nextMs < best.nextMs ? each : best), null);
      const beginMs = firstMs + begun * stepMs;
      if (begun < copies && (next === null || beginMs <= next.nextMs)) {
        const random = createRandom(begun * 7919 + 1);
        const shiftMs = Math.round((beginMs - originMs) / 1000) * 1000;
        const renewed = names.map((name) => renew(name, random));
        active.push({ number: begun, shiftMs, renewed, at: 0, nextMs: originMs + shiftMs });
        begun++;
        continue;
      }
      yield play(cut[next.at], next);
      given++;
      next.at++;
      if (next.at >= cut.length) active.splice(active.indexOf(next), 1);
      else next.nextMs = cut[next.at].trueMs + next.shiftMs;
    }
  }
  return { hosts: [...new Set(records.map(({ host }) => host))], lines };
};
