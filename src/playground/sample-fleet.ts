/** The sample fleet: real logs of ten simulated mail hosts, moved in time so that they lie around yesterday 10:00. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Proposal } from './page-view.js';
import { restampLine } from './restamp.js';

export type SampleHost = Readonly<{
  /** Full name. */
  name: string;
  /** Absolute paths. */
  files: readonly string[];
  /** IANA name of the zone the host's clock shows. */
  zone: string;
}>;

export type SampleFleet = Readonly<{
  hosts: readonly SampleHost[];
  /** Cluster name → host names. */
  clusters: Readonly<Record<string, readonly string[]>>;
  domain: string;
  /** Five commands for a reader in the fleet's zone, today. */
  proposals: readonly Proposal[];
  /** The same for a reader elsewhere or later: the time is said so that they mean the same hour. */
  proposalsFor: (timeZone: string, nowMs: number) => readonly Proposal[];
}>;

const DOMAIN = 'campus.example';
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The hour that becomes yesterday 10:00. The first mails are 16 s later, the last lines four minutes. */
const ORIGIN_MS = Date.UTC(2026, 10, 21, 7, 23, 0);

const hosts: readonly Readonly<{ name: string; zone: string }>[] = [
  { name: 'mx1', zone: 'UTC' },
  { name: 'mx2', zone: 'UTC' },
  { name: 'gw', zone: 'UTC' },
  { name: 'lists1', zone: 'Asia/Taipei' },
  { name: 'mailbox1', zone: 'America/New_York' },
  { name: 'mailbox2', zone: 'UTC' },
  { name: 'smtp1', zone: 'UTC' },
  { name: 'out1', zone: 'UTC' },
  { name: 'sm1', zone: 'UTC' },
  { name: 'ex1', zone: 'UTC' },
];

/** Each address is that of one message only. */
const cases: readonly Readonly<{ title: string; keyword: string; note: string }>[] = [
  {
    title: 'Delivered over many hops',
    keyword: 'sales@campus.example',
    note: 'An alias, the spam filter, the list host twice, a mailbox',
  },
  { title: 'Deferred, then sent', keyword: 'gina@greywall.example', note: 'Greylisted by the recipient’s server' },
  {
    title: 'Bounced',
    keyword: 'ghost@campus.example',
    note: 'No such mailbox, found out at the last hop; with its bounce',
  },
  { title: 'Rejected', keyword: 'nobody9@campus.example', note: 'Refused at the door: no such recipient' },
  { title: 'List expansion', keyword: 'announce@lists.campus.example', note: 'One message to a list, many recipients' },
];

type Wall = Readonly<{ year: number; month: number; day: number; hour: number; minute: number }>;

const wallAt = (ms: number, timeZone: string): Wall => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  return {
    year: part['year']!,
    month: part['month']!,
    day: part['day']!,
    hour: part['hour']!,
    minute: part['minute']!,
  };
};

const asUtc = ({ year, month, day, hour, minute }: Wall): number => Date.UTC(year, month - 1, day, hour, minute);

/** Midnight of the local day, as a number of days since 1970: to compare and count days with. */
const dayNumber = (ms: number, timeZone: string): number => Math.floor(asUtc(wallAt(ms, timeZone)) / DAY_MS);

/** The instant of 10:00 on the day before `nowMs` in this zone. No zone changes its clocks at ten in the morning. */
const yesterdayAtTen = (nowMs: number, timeZone: string): number => {
  const wanted = (dayNumber(nowMs, timeZone) - 1) * DAY_MS + 10 * HOUR_MS;
  // Twice: the first guess may lie on the other side of a change of clocks.
  let instant = wanted;
  for (let round = 0; round < 2; round++) instant -= asUtc(wallAt(instant, timeZone)) - wanted;
  return instant;
};

const two = (value: number): string => String(value).padStart(2, '0');

const clockText = ({ hour, minute }: Wall): string => {
  if (minute !== 0 || hour === 0 || hour === 12) return `${two(hour)}:${two(minute)}`;
  return hour < 12 ? `${hour}am` : `${hour - 12}pm`;
};

/** How a reader in `timeZone` says the hour of `instantMs`: CONTRACT's phrases for a point, an hour around it. */
const phraseFor = (instantMs: number, timeZone: string, nowMs: number): string => {
  const wall = wallAt(instantMs, timeZone);
  const age = dayNumber(nowMs, timeZone) - dayNumber(instantMs, timeZone);
  if (age === 1) return `yesterday ${clockText(wall)} 1h`;
  if (age === 0) return `today ${two(wall.hour)}:${two(wall.minute)} 1h`;
  return `${wall.year}-${two(wall.month)}-${two(wall.day)} ${two(wall.hour)}:${two(wall.minute)} 1h`;
};

const writeHost = async (name: string, dir: string, shiftMs: number): Promise<string> => {
  const packed = await readFile(new URL(`./sample-data/${name}.log.gz`, import.meta.url));
  const lines = gunzipSync(packed).toString('utf8').split('\n');
  const folder = join(dir, `${name}.${DOMAIN}`);
  const file = join(folder, 'mail.log');
  await mkdir(folder, { recursive: true });
  await writeFile(file, lines.map((line) => restampLine(line, shiftMs)).join('\n'));
  return file;
};

/** Writes the logs below `dir`, one folder per host, and says what is there. `timeZone`: whose "yesterday 10am" it is. */
export const materializeSampleFleet = async ({
  dir,
  nowMs,
  timeZone,
}: Readonly<{ dir: string; nowMs: number; timeZone: string }>): Promise<SampleFleet> => {
  const targetMs = yesterdayAtTen(nowMs, timeZone);
  const shiftMs = targetMs - ORIGIN_MS;
  const written: SampleHost[] = [];
  for (const { name, zone } of hosts) {
    written.push({ name: `${name}.${DOMAIN}`, files: [await writeHost(name, dir, shiftMs)], zone });
  }
  const proposalsFor: SampleFleet['proposalsFor'] = (zone, atMs) =>
    cases.map(({ title, keyword, note }) => ({
      title,
      note,
      command: `/mailtrace ${keyword} ${phraseFor(targetMs, zone, atMs)}`,
    }));
  return {
    hosts: written,
    clusters: { 'mx-cluster': [`mx1.${DOMAIN}`, `mx2.${DOMAIN}`] },
    domain: DOMAIN,
    proposals: proposalsFor(timeZone, nowMs),
    proposalsFor,
  };
};
