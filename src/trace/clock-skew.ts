/** Hosts whose clocks disagree, told from hops: the receiving host logs a message while the sending one hands it over. */
import type { HostName } from '../domain/ids.js';
import type { Link } from './link.js';

/** Clocks that differ by less cannot be told from the time that logging takes. */
const SKEW_NOTICED_MS = 5000;

/** How far the receiving clock is ahead (behind: negative) of what the sending host logged; 0 when that cannot be told. */
export const skewOf = ({ from, to, recipients }: Link): number => {
  if (from.host === to.host || !to.hasArrival) return 0;
  const attempt = from.recipients.find(({ address }) => recipients.includes(address))?.attempts.at(-1);
  if (attempt === undefined) return 0;
  const sending = attempt.delaysMs === null ? (attempt.delayMs ?? 0) : attempt.delaysMs[2] + attempt.delaysMs[3];
  const ahead = to.arrivedAtMs - attempt.timeMs;
  const behind = attempt.timeMs - sending - to.arrivedAtMs;
  if (ahead > SKEW_NOTICED_MS) return ahead;
  return behind > SKEW_NOTICED_MS ? -behind : 0;
};

type PairSkew = Readonly<{ host: HostName; other: HostName; skewMs: number }>;

/** The worst skew of each pair of hosts, said of both sides. */
const skewsOf = (links: readonly Link[]): readonly PairSkew[] => {
  const worst = new Map<string, PairSkew>();
  for (const link of links) {
    const skewMs = skewOf(link);
    const pair = [link.from.host, link.to.host].sort().join('\0');
    if (Math.abs(skewMs) <= Math.abs(worst.get(pair)?.skewMs ?? 0)) continue;
    worst.set(pair, { host: link.to.host, other: link.from.host, skewMs });
  }
  return [...worst.values()].flatMap((skew) => [skew, { host: skew.other, other: skew.host, skewMs: -skew.skewMs }]);
};

/** `differences`: how far the clock of `host` is ahead of (behind: negative) that of each other host it differs from. */
export type ClockSkew = Readonly<{
  host: HostName;
  differences: readonly Readonly<{ other: HostName; skewMs: number }>[];
}>;

/** The host that most others differ from is the one whose clock is wrong; each pair is told once. */
export const findClockSkews = (links: readonly Link[]): readonly ClockSkew[] => {
  let skews = skewsOf(links);
  const found: ClockSkew[] = [];
  while (skews.length > 0) {
    const of = (host: HostName): readonly PairSkew[] => skews.filter((skew) => skew.host === host);
    const host = skews
      .map((skew) => skew.host)
      .reduce((most, next) => (of(next).length > of(most).length ? next : most));
    found.push({ host, differences: of(host) });
    skews = skews.filter((skew) => skew.host !== host && skew.other !== host);
  }
  return found;
};
