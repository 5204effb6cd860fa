/** Which clock is wrong: that of a machine, or ours? */
import type { Check } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import type { ClockReading } from './ssh-examination.js';

/** The clock of one machine, and the hosts whose logs lie there. */
export type MachineClock = Readonly<{ hosts: readonly HostName[]; reading: ClockReading }>;

/** Logs tell seconds; mail needs some to pass (trace/clock-skew.ts). */
const NOTICED_MS = 5000;
/** Beyond it mail is not joined between two hosts (trace/handover.ts). */
const JOINED_MS = 10 * 60_000;

/** `42 s`, `4.2 s`, `0.02 s`; never nothing at all. */
const secondsText = (ms: number): string => {
  const seconds = Math.max(0.01, Math.abs(ms) / 1000);
  return `${seconds.toFixed(seconds < 1 ? 2 : seconds < 10 ? 1 : 0)} s`;
};

const isOff = (aheadMs: number, errorMs: number): boolean => Math.abs(aheadMs) - errorMs > NOTICED_MS;

/** If most machines agree with each other and not with us, by how much they are ahead; else 0. */
const ownErrorOf = (clocks: readonly MachineClock[]): number => {
  const sorted = clocks.map(({ reading }) => reading).sort((a, b) => a.aheadMs - b.aheadMs);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined || !isOff(middle.aheadMs, middle.errorMs)) return 0;
  const near = sorted.filter(({ aheadMs, errorMs }) => !isOff(aheadMs - middle.aheadMs, errorMs + middle.errorMs));
  return near.length > 1 && near.length * 2 > sorted.length ? middle.aheadMs : 0;
};

const hostCheck = (host: HostName, { aheadMs, errorMs }: ClockReading, ownErrorMs: number): Check => {
  const check = { name: 'clock-skew', host } as const;
  const relativeMs = aheadMs - ownErrorMs;
  const whose = ownErrorMs === 0 ? 'ours' : 'those of the other machines';
  if (!isOff(relativeMs, errorMs)) {
    const text = `the clock agrees with ${whose} to ${secondsText(Math.abs(relativeMs) + errorMs)}`;
    return { ...check, status: 'ok', text, remedy: null };
  }
  const text = `the clock is ${secondsText(relativeMs)} ${relativeMs > 0 ? 'ahead of' : 'behind'} ${whose}, give or take ${secondsText(errorMs)}`;
  const remedy = 'Set the clock of this host right: run NTP.';
  return Math.abs(relativeMs) <= JOINED_MS
    ? { ...check, status: 'warning', text, remedy }
    : { ...check, status: 'failed', text, remedy: `${remedy} Until then its mail is not joined with that of others.` };
};

export const checkClocks = (clocks: readonly MachineClock[]): readonly Check[] => {
  const ownErrorMs = ownErrorOf(clocks);
  const own: readonly Check[] =
    ownErrorMs === 0
      ? []
      : [
          {
            name: 'clock-skew',
            host: null,
            status: 'warning',
            text: `the clock of this machine is ${secondsText(ownErrorMs)} ${ownErrorMs > 0 ? 'behind' : 'ahead of'} those of the hosts, which agree`,
            remedy: 'Set the clock of the machine right that runs mailtrace: "last 30m" means its time.',
          },
        ];
  return [...own, ...clocks.flatMap(({ hosts, reading }) => hosts.map((host) => hostCheck(host, reading, ownErrorMs)))];
};
