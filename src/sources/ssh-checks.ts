/** What is known of a machine and its hosts, as the checks of a doctor. */
import type { Check } from '../app/ports.js';
import type { HostName } from '../domain/ids.js';
import type { MailtraceError } from '../errors.js';
import { formatOffset, type Zone } from '../zone.js';
import { describeRoute, HostKeyFault, scanCommand } from './ssh-faults.js';
import type { Connection } from './ssh-handshake.js';
import { judgeHostKey, type TrustedKeys } from './ssh-host-keys.js';
import { checkHostKey, fingerprintOf, keyTypeOf, loadKnownHosts } from './ssh-known-hosts.js';
import { machineKey, type Route } from './ssh-route.js';
import type { ShellInfo } from './ssh-shell.js';

/** `fault; remedy`, as faults are written. */
const splitRemedy = (text: string): readonly [string, string | null] => {
  const [what = '', ...remedy] = text.split('; ');
  return [what, remedy.length === 0 ? null : remedy.join('; ')];
};

export const reachedCheck = (host: HostName, route: Route, { login }: Connection): Check => {
  const address = route.address === null || route.address === route.host ? '' : ` (${route.address})`;
  const text = `${describeRoute(route)}${address}, logged in by ${login}`;
  return { name: 'reachability', host, status: 'ok', text, remedy: null };
};

export const unreachedCheck = (host: HostName, { code, message, hint }: MailtraceError): Check => ({
  name: code === 'config' ? 'configuration' : 'reachability',
  host,
  status: 'failed',
  text: message,
  remedy: hint,
});

export const hostKeyCheck = async (host: HostName, route: Route, key: Buffer, trusted: TrustedKeys): Promise<Check> => {
  const check = { name: 'host-key', host } as const;
  const fault = await judgeHostKey(route, key, trusted);
  if (fault !== null) return { ...check, status: 'failed', text: fault.message, remedy: fault.hint };
  const shown = `${keyTypeOf(key)} ${fingerprintOf(key)}`;
  const found = checkHostKey(await loadKnownHosts(route.knownHostsFiles), route.hostKeyName, key);
  const add = `compare the fingerprint and add the key: ${scanCommand(route)}`;
  if (route.strictness === 'off') {
    const text = `any key is trusted; this one is ${shown}${found.kind === 'known' ? `, and is in ${found.place}` : ''}`;
    const begin = found.kind === 'known' ? '' : `${add}; then `;
    const remedy = `${begin}take StrictHostKeyChecking no out of ssh_config_file, or set strict_host_key_checking: true`;
    return { ...check, status: 'warning', text, remedy };
  }
  if (found.kind === 'known') return { ...check, status: 'ok', text: `${shown}, as in ${found.place}`, remedy: null };
  return { ...check, status: 'warning', text: `${shown}, taken on trust (accept-new)`, remedy: add };
};

/** `names`: what is known of each host of the machine when there is no connection to it. */
export const refusedChecks = async (
  error: MailtraceError,
  names: readonly Readonly<{ host: HostName; route: Route }>[],
  trusted: TrustedKeys,
): Promise<readonly Check[]> => {
  if (!(error instanceof HostKeyFault)) return names.map(({ host }) => unreachedCheck(host, error));
  const checks = names.map(async ({ host, route }): Promise<readonly Check[]> => {
    const text = `${describeRoute(route)}: no login was tried, as the host key is not good`;
    const isOwn = machineKey(error.route) === machineKey(route);
    const key: Check = isOwn
      ? await hostKeyCheck(host, route, error.key, trusted)
      : { name: 'host-key', host, status: 'failed', text: error.message, remedy: error.hint };
    return [{ name: 'reachability', host, status: 'unknown', text, remedy: null }, key];
  });
  return (await Promise.all(checks)).flat();
};

/** `isNeeded`: some file cannot be read without it; null: that is not known. `isLacking`: some file could not be read. */
export type SudoUse = Readonly<{ isNeeded: boolean | null; isLacking: boolean }>;

const grantedText = (way: 'free' | 'password', { isNeeded }: SudoUse, user: string): string => {
  const how = way === 'free' ? 'gives root without a password' : 'gives root for the password';
  return isNeeded === false ? `${how}; not needed: ${user} may read every file itself (sudo: false would do)` : how;
};

const sudoersRemedy = (user: string): string =>
  `add to sudoers (visudo -f /etc/sudoers.d/mailtrace): ${user} ALL=(root) NOPASSWD: /bin/sh -s`;

const refusalRemedy = (said: string, remedy: string | null, user: string): string => {
  if (/must have a tty/i.test(said)) return `add to sudoers: Defaults:${user} !requiretty`;
  if (/refuses the password/.test(said)) return remedy ?? '';
  const password = /password is required|terminal/i.test(said)
    ? 'give its password with --ask-sudo-pass or MAILTRACE_SUDO_PASSWORD; or '
    : '';
  return `${password}${sudoersRemedy(user)}; or let ${user} join the group of the log and set sudo: false`;
};

export const sudoCheck = (host: HostName, { user, sudo }: ShellInfo, use: SudoUse): Check => {
  const check = { name: 'sudo', host } as const;
  switch (sudo.way) {
    case 'root':
      return { ...check, status: 'ok', text: 'not needed: the login is root', remedy: null };
    case 'unwanted':
      return { ...check, status: 'ok', text: `not used (sudo: false): files are read as ${user}`, remedy: null };
    case 'free':
    case 'password':
      return { ...check, status: 'ok', text: grantedText(sudo.way, use, user), remedy: null };
    case 'missing':
    case 'refused': {
      const [said, advice] = splitRemedy(sudo.why ?? '');
      if (!use.isLacking) {
        const text = `${said}; not needed: ${user} may read every file itself`;
        return { ...check, status: 'warning', text, remedy: 'set sudo: false in ssh_config: sudo logs each refusal' };
      }
      const remedy =
        sudo.way === 'missing'
          ? `install sudo there, or let ${user} join the group of the log and set sudo: false`
          : refusalRemedy(said, advice, user);
      return { ...check, status: 'failed', text: said, remedy };
    }
  }
};

/** `own`: of the host by the configuration; null: the machine's counts. `isLocal`: stamps without an offset; null: no stamps. */
export type ZoneFacts = Readonly<{
  machine: Zone;
  own: Zone | null;
  isLocal: boolean | null;
  /** The time of the last stamp, read in the zone that counts, is that at which the file was written. */
  isProven: boolean;
  /** Logs of several hosts lie on the machine. */
  isLoghost: boolean;
  nowMs: number;
}>;

const HALF_MONTH_MS = 15 * 86_400_000;
const HALF_MONTHS = 25;

/** A year around now shows the rules of a zone. */
const isSameZone = (one: Zone, other: Zone, nowMs: number): boolean =>
  Array.from({ length: HALF_MONTHS }, (_, index) => nowMs + (index - HALF_MONTHS / 2) * HALF_MONTH_MS).every(
    (ms) => one.offsetMsAt(ms) === other.offsetMsAt(ms),
  );

const isNamed = ({ name }: Zone): boolean => /^[A-Za-z]/.test(name);

const machineText = (machine: Zone, nowMs: number): string => {
  const clock = formatOffset(machine.offsetMsAt(nowMs));
  if (!isNamed(machine)) return `the machine does not name its zone, its clock shows ${clock}`;
  return `the machine calls its zone ${machine.name}${machine.name === clock ? '' : ` (${clock} now)`}`;
};

const ownZoneFits = (own: Zone, machine: Zone, nowMs: number): boolean =>
  isNamed(machine) ? isSameZone(own, machine, nowMs) : own.offsetMsAt(nowMs) === machine.offsetMsAt(nowMs);

const ownZoneCheck = (host: HostName, own: Zone, facts: ZoneFacts): Check => {
  const { machine, isLocal, isProven, isLoghost, nowMs } = facts;
  const check = { name: 'zone', host, status: 'ok', remedy: null } as const;
  const prefix = isLocal === null ? '' : 'stamps without an offset are read in ';
  const configured = `${prefix}${own.name} (time_zone of the host)`;
  const said = machineText(machine, nowMs);
  if (ownZoneFits(own, machine, nowMs)) return { ...check, text: `${configured}; ${said}` };
  const text = `${configured}, but ${said}`;
  if (isProven) return { ...check, text: `${text}; the last stamp fits time_zone` };
  // A loghost keeps the stamps of machines that live elsewhere.
  if (isLoghost) return { ...check, text: `${text}, as a loghost may` };
  const remedy = 'Take time_zone out of this host, unless its log is written in another zone than the machine has.';
  return { ...check, status: 'warning', text, remedy };
};

export const zoneCheck = (host: HostName, facts: ZoneFacts): Check => {
  const { machine, own, isLocal, nowMs } = facts;
  const check = { name: 'zone', host, status: 'ok', remedy: null } as const;
  const said = machineText(machine, nowMs);
  if (isLocal === false) return { ...check, text: `stamps carry their offset; ${said}` };
  if (own !== null) return ownZoneCheck(host, own, facts);
  if (isLocal === null) return { ...check, text: said };
  const text = `stamps without an offset are read in the machine's own zone; ${said}`;
  if (isNamed(machine)) return { ...check, text };
  const remedy = 'Set time_zone of this host: else lines from the other half of the year are an hour off.';
  return { ...check, status: 'warning', text, remedy };
};
