// @ts-nocheck Plain JSON in, plain JSON out: the shapes are those of truth.json.
// The same corpus at another time: every stamp of every log and of the truth is moved, each local one in the zone of its host.
// Nothing here uses the program under test. `node scripts/corpus/shift.mjs --to 2027-01-01T00:00:00Z --out DIR`
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';

/** In the middle of the corpus's traffic: this instant becomes the one that is asked for. */
export const CORPUS_MIDDLE = '2026-11-21T07:23:50Z';
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Offset of an IANA zone at an instant, in milliseconds. */
const offsetAt = (formats, zone, ms) => {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  formats.set(zone, format);
  const second = Math.floor(ms / 1000) * 1000;
  const part = Object.fromEntries(format.formatToParts(second).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - second;
};

const two = (value) => String(value).padStart(2, '0');
const isoWall = (wall, between) => new Date(wall).toISOString().slice(0, 19).replace('T', between);
const offsetText = (ms, colon) => {
  const minutes = Math.abs(ms) / 60_000;
  return `${ms < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${colon}${two(minutes % 60)}`;
};
const bsdWall = (wall) => {
  const date = new Date(wall);
  return `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(11, 19)}`;
};

/** Moves the stamps of a text. Zones have whole hours between the corpus's time and the new one: none of them changes in the corpus. */
export const createShift = (toIso, corpusYear = 2026) => {
  const deltaMs = Date.parse(toIso) - Date.parse(CORPUS_MIDDLE);
  const formats = new Map();
  const movedWall = (wall, oldZone, newZone) => {
    const ms = wall - offsetAt(formats, oldZone, wall - offsetAt(formats, oldZone, wall));
    return ms + deltaMs + offsetAt(formats, newZone, ms + deltaMs);
  };
  const withOffset = (text, newZone) =>
    text.replace(
      /(?<!\d)(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)/g,
      (_, wall, fraction = '', offset) => {
        const ms = Date.parse(`${wall}${offset}`) + deltaMs;
        if (offset === 'Z' || newZone === null) {
          const own = offset === 'Z' ? 0 : Date.parse(`${wall}Z`) - Date.parse(`${wall}${offset}`);
          return `${isoWall(ms + own, 'T')}${fraction}${offset}`;
        }
        // A loghost's own stamps (event.ingested) keep their zone, a host's follow its daylight saving.
        if (offset.startsWith('+00')) return `${isoWall(ms, 'T')}${fraction}${offset}`;
        const own = offsetAt(formats, newZone, ms);
        return `${isoWall(ms + own, 'T')}${fraction}${offsetText(own, offset.includes(':') ? ':' : '')}`;
      },
    );
  const local = (text, oldZone, newZone) =>
    text
      .replace(/(?<!\d)(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?! ?[+-]\d\d)/g, (_, day, clock) =>
        isoWall(movedWall(Date.parse(`${day}T${clock}Z`), oldZone, newZone), ' '),
      )
      .replace(
        /\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([ \d]\d) (\d\d:\d\d:\d\d)\b/g,
        (_, month, day, clock) => {
          const date = `${corpusYear}-${two(MONTHS.indexOf(month) + 1)}-${day.replace(' ', '0')}`;
          return bsdWall(movedWall(Date.parse(`${date}T${clock}Z`), oldZone, newZone));
        },
      );
  return { deltaMs, withOffset, local };
};

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const NAME_IN_LINE = /^(?:<\d+>1 )?\S+ (\S+) |^[A-Z][a-z]{2} [ \d]\d \S+ (\S+) |"host\.name":"([^"]+)"/;

/**
 * Writes a copy of the corpus of `truth` (readTruth) with all its logs but OpenSearch's.
 * @param {Readonly<Record<string, string>>} zones host → the zone it shall have instead of its own
 */
export const writeShifted = (truth, { toIso, out, zones = {} }) => {
  const { withOffset, local } = createShift(toIso);
  const oldZones = new Map([...truth.hosts.values()].map((host) => [host.host, host.tz]));
  const newZone = (host) => zones[host] ?? oldZones.get(host) ?? 'UTC';
  const shiftLine = (line, owner) => {
    const name = owner ?? NAME_IN_LINE.exec(line)?.slice(1).find(Boolean);
    const host = truth.canonical(name ?? '');
    return local(withOffset(line, newZone(host)), oldZones.get(host) ?? 'UTC', newZone(host));
  };
  for (const part of ['hosts', 'loghost']) {
    for (const path of filesIn(join(truth.directory, part))) {
      const [owner] = relative(join(truth.directory, part), path).split('/');
      const isPacked = path.endsWith('.gz');
      const bytes = readFileSync(path);
      // latin1: what is not UTF-8 stays as it is.
      const text = (isPacked ? gunzipSync(bytes) : bytes).toString('latin1');
      const lines = text.split('\n').map((line) => shiftLine(line, owner === '_all' ? null : owner));
      const moved = Buffer.from(lines.join('\n'), 'latin1');
      const target = join(out, relative(truth.directory, path));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, isPacked ? gzipSync(moved) : moved);
    }
  }
  const moved = JSON.parse(withOffset(readFileSync(join(truth.directory, 'truth.json'), 'utf8'), null));
  for (const host of moved.hosts) host.tz = newZone(host.host);
  writeFileSync(join(out, 'truth.json'), JSON.stringify(moved));
  for (const name of ['counts.json', 'README.md']) cpSync(join(truth.directory, name), join(out, name));
};

const main = async () => {
  const { values } = parseArgs({
    options: {
      corpus: { type: 'string', default: 'test/fixtures/mailbed' },
      to: { type: 'string' },
      out: { type: 'string' },
      zone: { type: 'string', multiple: true, default: [] },
    },
  });
  if (values.to === undefined || values.out === undefined)
    throw new Error('--to INSTANT --out DIR [--corpus DIR] [--zone HOST=ZONE …]');
  const { readTruth } = await import('./truth.mjs');
  const zones = Object.fromEntries(values.zone.map((each) => each.split('=', 2)));
  writeShifted(readTruth(resolve(values.corpus)), { toIso: values.to, out: resolve(values.out), zones });
};

if (import.meta.url === new URL(`file://${process.argv[1]}`).href) await main();
