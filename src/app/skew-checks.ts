/** Whose clock or zone is wrong, told from mail that one host handed to another. */
import type { HostDirectory } from '../domain/host-names.js';
import type { HostName } from '../domain/ids.js';
import type { DeliveryAttempt, Transaction } from '../domain/transaction.js';
import { MailtraceError } from '../errors.js';
import { parseRecord } from '../parsers/registry.js';
import { type ClockSkew, findClockSkews, skewOf } from '../trace/clock-skew.js';
import { createFold, type Fold } from '../trace/fold.js';
import type { Link } from '../trace/link.js';
import type { Machines } from '../trace/machines.js';
import { spanText } from './host-checks.js';
import type { Check, LogSource } from './ports.js';
import { type RecentLines, ZONES_APART_MS } from './recent-lines.js';
import { machinesOf } from './trace-deps.js';

/** A hand-over that named the queue ID on the other host. */
type Handover = Readonly<{ from: Transaction; attempt: DeliveryAttempt; address: string; to: HostName }>;

export type SkewDeps = Readonly<{ directory: HostDirectory; sourceOf: (host: HostName) => LogSource | undefined }>;

/** Bounds of the transactions that are built and of the mail that is looked for on the other side. */
const MAX_TRANSACTIONS = 20_000;
const PER_PAIR = 3;
const MAX_HANDOVERS = 300;
const BUDGET = { maxLines: 5000, maxBytes: 16 * 1024 * 1024 };
/** Linking allows so much between two hosts (trace/handover.ts): beyond it their mail is not joined. */
const JOINED_MS = 10 * 60_000;

/** From here on a difference is a zone, not a clock: zones lie quarters of an hour apart. */
const ZONE_STEP_MS = 25 * 60_000;
const QUARTER_MS = 15 * 60_000;

/** Null: a clock. What is left over is the error of the clock. */
const zoneStepOf = (differenceMs: number): number | null =>
  Math.abs(differenceMs) < ZONE_STEP_MS ? null : Math.round(differenceMs / QUARTER_MS) * QUARTER_MS;

const addRecords = (fold: Fold, { records }: Pick<RecentLines, 'records'>): void => {
  for (const record of records) {
    const outcome = parseRecord(record);
    if (outcome.kind === 'events') fold.add(record, outcome.events);
  }
};

const relayOf = ({ relay }: DeliveryAttempt, { canonical, isConfigured }: Machines): HostName | null =>
  [relay?.host, relay?.ip]
    .filter((name) => name != null)
    .map(canonical)
    .find(isConfigured) ?? null;

const handoversOf = (from: Transaction, machines: Machines): readonly Handover[] =>
  from.recipients.flatMap(({ address, attempts }) => {
    const attempt = attempts.at(-1);
    if (from.messageId === null || attempt?.status !== 'sent' || attempt.nextQueueId === null) return [];
    if (attempt.nextIs !== 'relay') return [];
    const to = relayOf(attempt, machines);
    return to === null || to === from.host ? [] : [{ from, attempt, address, to }];
  });

/** A few of each pair of hosts, the newest. */
const chooseHandovers = (recent: readonly RecentLines[], directory: HostDirectory): readonly Handover[] => {
  const fold = createFold(MAX_TRANSACTIONS);
  for (const each of recent) addRecords(fold, each);
  const folded = fold.result();
  const machines = machinesOf({ directory }, folded);
  const asked = new Set(recent.map(({ host }) => host));
  const all = folded.transactions
    .flatMap((transaction) => handoversOf(transaction, machines))
    .filter(({ to }) => asked.has(to))
    .sort((a, b) => b.attempt.timeMs - a.attempt.timeMs);
  const counts = new Map<string, number>();
  return all
    .filter(({ from, to }) => {
      const pair = `${from.host}\0${to}`;
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
      return counts.get(pair)! <= PER_PAIR;
    })
    .slice(0, MAX_HANDOVERS);
};

/** The lines of these queue IDs on the host that took the mail, wherever its clock or zone put them. */
const findArrivals = async (
  source: LogSource,
  host: HostName,
  handovers: readonly Handover[],
  signal: AbortSignal,
): Promise<readonly Transaction[]> => {
  const times = handovers.map(({ attempt }) => attempt.timeMs);
  const window = { fromMs: Math.min(...times) - ZONES_APART_MS, toMs: Math.max(...times) + ZONES_APART_MS };
  const ids = new Set(handovers.flatMap(({ attempt }) => attempt.nextQueueId ?? []));
  const needles = [...ids].map((text) => ({ text, ignoreCase: false, isWhole: true }));
  const lookups = [{ window, needles, relatedWindow: window, related: null }];
  try {
    const fold = createFold(MAX_TRANSACTIONS);
    addRecords(fold, await source.search({ hosts: [host], lookups, budget: BUDGET }, signal));
    return fold.result().transactions.filter((transaction) => transaction.host === host);
  } catch (error) {
    // Its own checks say what is wrong with it.
    if (!(error instanceof MailtraceError)) throw error;
    return [];
  }
};

const linkOf = ({ from, attempt, address }: Handover, arrivals: readonly Transaction[]): Link | null => {
  // Queue IDs are used again within a day; the message-id says whether it is the same mail.
  const to = arrivals.find(
    ({ queueId, messageId, hasArrival }) =>
      hasArrival && queueId === attempt.nextQueueId && messageId === from.messageId,
  );
  return to === undefined ? null : { from, to, recipients: [address], evidence: 'queued-as' };
};

/** A clock is wrong for all mail alike: of each pair the smallest difference is the one that mail alone cannot explain. */
const leastOfEachPair = (links: readonly Link[]): readonly Link[] => {
  const least = new Map<string, Link>();
  for (const link of links) {
    const pair = [link.from.host, link.to.host].sort().join('\0');
    const known = least.get(pair);
    if (known === undefined || Math.abs(skewOf(link)) < Math.abs(skewOf(known))) least.set(pair, link);
  }
  return [...least.values()];
};

const OTHERS_SHOWN = 5;
/** Clocks that agree with each other. */
const NEAR_MS = 15 * 60_000;

/** Other hosts may be wrong themselves: the middle difference counts, and those near it. */
const middleOf = ({ differences }: ClockSkew): Readonly<{ skewMs: number; others: readonly HostName[] }> => {
  const sorted = [...differences].sort((a, b) => a.skewMs - b.skewMs);
  const { skewMs } = sorted[Math.floor((sorted.length - 1) / 2)]!;
  const near = sorted.filter((each) => Math.abs(each.skewMs - skewMs) < NEAR_MS);
  return { skewMs, others: near.map(({ other }) => other) };
};

const skewCheck = (skew: ClockSkew): Check => {
  const { host } = skew;
  const { skewMs, others } = middleOf(skew);
  const shown = others.slice(0, OTHERS_SHOWN).join(', ');
  const more = others.length > OTHERS_SHOWN ? ` and ${others.length - OTHERS_SHOWN} more` : '';
  const way = skewMs > 0 ? 'ahead of' : 'behind';
  const stepMs = zoneStepOf(skewMs);
  if (stepMs !== null) {
    const text = `mail shows the stamps of this host ${spanText(Math.abs(stepMs))} ${way} those of ${shown}${more}`;
    const remedy = 'Set time_zone of this host to the zone its log is written in; else look at its clock.';
    return { name: 'zone', host, status: 'failed', text, remedy };
  }
  const text = `the clock is about ${spanText(Math.abs(skewMs))} ${way} ${shown}${more}`;
  const isJoined = Math.abs(skewMs) <= JOINED_MS;
  const remedy = isJoined
    ? 'Set the clock of this host right: run NTP.'
    : 'Set the clock of this host right: run NTP. Until then its mail is not joined with that of others.';
  return { name: 'clock-skew', host, status: isJoined ? 'warning' : 'failed', text, remedy };
};

const summaryCheck = (hosts: number, links: readonly Link[], skews: number): readonly Check[] => {
  const check = { name: 'clock-skew', host: null, remedy: null } as const;
  if (hosts < 2) return [{ ...check, status: 'unknown', text: 'one host alone cannot be compared' }];
  if (links.length === 0) {
    return [{ ...check, status: 'unknown', text: 'no mail that passed from one of the hosts to another was found' }];
  }
  const compared = new Set(links.flatMap(({ from, to }) => [from.host, to.host])).size;
  const text = `the clocks of ${compared} hosts agree, by ${links.length} hand-overs of mail`;
  return skews === 0 ? [{ ...check, status: 'ok', text }] : [];
};

/** Hosts are compared where mail passed between them; a host that handed over or took none is in no check. */
export const checkSkew = async (
  recent: readonly RecentLines[],
  { directory, sourceOf }: SkewDeps,
  signal: AbortSignal,
): Promise<readonly Check[]> => {
  const handovers = chooseHandovers(recent, directory);
  const targets = [...new Set(handovers.map(({ to }) => to))];
  const found = await Promise.all(
    targets.map(async (host): Promise<readonly Link[]> => {
      const own = handovers.filter(({ to }) => to === host);
      const source = sourceOf(host);
      if (source === undefined) return [];
      const arrivals = await findArrivals(source, host, own, signal);
      return own.map((handover) => linkOf(handover, arrivals)).filter((link) => link !== null);
    }),
  );
  const links = found.flat();
  const skews = findClockSkews(leastOfEachPair(links));
  return [...skews.map(skewCheck), ...summaryCheck(recent.length, links, skews.length)];
};
