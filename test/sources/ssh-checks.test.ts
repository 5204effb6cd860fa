import { describe, expect, it } from 'vitest';
import { hostName } from '../../src/domain/ids.ts';
import { sudoCheck, type ZoneFacts, zoneCheck } from '../../src/sources/ssh-checks.ts';
import type { ShellInfo } from '../../src/sources/ssh-shell.ts';
import { createZone } from '../../src/zone.ts';

const HOST = hostName('mx1');
const NOW = Date.parse('2026-11-20T12:00:00Z');

const said = ({ status, text, remedy }: Readonly<{ status: string; text: string; remedy: string | null }>): string =>
  `${status}: ${text}${remedy === null ? '' : ` → ${remedy}`}`;

describe('zone', () => {
  const zone = (machine: string, own: string | null, more: Partial<ZoneFacts> = {}): string =>
    said(
      zoneCheck(HOST, {
        machine: createZone(machine),
        own: own === null ? null : createZone(own),
        isLocal: true,
        isProven: false,
        isLoghost: false,
        nowMs: NOW,
        ...more,
      }),
    );

  it('is that of the machine, by name', () => {
    expect(zone('Europe/Berlin', null)).toBe(
      "ok: stamps without an offset are read in the machine's own zone; the machine calls its zone Europe/Berlin (UTC+01:00 now)",
    );
    expect(zone('+0100', null)).toMatch(
      /^warning: .* the machine does not name its zone, its clock shows UTC\+01:00 → Set time_zone of this host/,
    );
  });

  it('may be the same by another name', () => {
    expect(zone('Europe/Berlin', 'Europe/Vienna')).toMatch(
      /^ok: .*Europe\/Vienna \(time_zone of the host\); the machine/,
    );
    // The same today, another in July.
    expect(zone('Europe/Berlin', 'Africa/Lagos')).toMatch(/^warning: .*Africa\/Lagos .*, but the machine calls/);
    expect(zone('+0100', 'Europe/Berlin')).toMatch(/^ok/);
    expect(zone('+0200', 'Europe/Berlin')).toMatch(/^warning/);
  });

  it('may be wrong by the configuration', () => {
    expect(zone('Europe/Berlin', 'Asia/Taipei')).toBe(
      'warning: stamps without an offset are read in Asia/Taipei (time_zone of the host), but the machine calls its zone Europe/Berlin (UTC+01:00 now) → Take time_zone out of this host, unless its log is written in another zone than the machine has.',
    );
    expect(zone('Europe/Berlin', 'Asia/Taipei', { isLoghost: true })).toMatch(/^ok: .*, as a loghost may$/);
    expect(zone('Europe/Berlin', 'Asia/Taipei', { isProven: true })).toMatch(/^ok: .*the last stamp fits time_zone$/);
  });

  it('does not count where stamps carry their offset, and is told where there are none', () => {
    expect(zone('Europe/Berlin', 'Asia/Taipei', { isLocal: false })).toMatch(/^ok: stamps carry their offset/);
    expect(zone('UTC', null, { isLocal: null })).toBe('ok: the machine calls its zone UTC');
    expect(zone('+0100', null, { isLocal: null })).toMatch(/^ok: the machine does not name its zone/);
  });
});

describe('sudo', () => {
  const sudo = (state: ShellInfo['sudo'], use: Parameters<typeof sudoCheck>[2]): string =>
    said(
      sudoCheck(
        HOST,
        { home: '/home/trace', user: 'trace', offset: '+0000', clockMs: NOW, zones: [], sudo: state },
        use,
      ),
    );
  const refused = (why: string): ShellInfo['sudo'] => ({ isRoot: false, why, way: 'refused' });

  it('says when it is not needed', () => {
    const free = { isRoot: true, why: null, way: 'free' } as const;
    expect(sudo(free, { isNeeded: true, isLacking: false })).toBe('ok: gives root without a password');
    expect(sudo(free, { isNeeded: null, isLacking: false })).toBe('ok: gives root without a password');
    expect(sudo(free, { isNeeded: false, isLacking: false })).toMatch(/not needed: trace may read every file itself/);
    expect(sudo(refused('trace is not in the sudoers file; allow it'), { isNeeded: null, isLacking: false })).toBe(
      'warning: trace is not in the sudoers file; not needed: trace may read every file itself → set sudo: false in ssh_config: sudo logs each refusal',
    );
  });

  it('says what to put into sudoers', () => {
    const lacking = { isNeeded: null, isLacking: true };
    expect(sudo(refused('trace is not in the sudoers file; allow it'), lacking)).toBe(
      'failed: trace is not in the sudoers file → add to sudoers (visudo -f /etc/sudoers.d/mailtrace): trace ALL=(root) NOPASSWD: /bin/sh -s; or let trace join the group of the log and set sudo: false',
    );
    expect(sudo(refused('sudo: a password is required; give one'), lacking)).toMatch(
      /→ give its password with --ask-sudo-pass or MAILTRACE_SUDO_PASSWORD; or add to sudoers/,
    );
    expect(sudo(refused('sudo: sorry, you must have a tty to run sudo; allow it'), lacking)).toMatch(
      /→ add to sudoers: Defaults:trace !requiretty$/,
    );
    expect(sudo({ isRoot: false, why: 'there is no sudo', way: 'missing' }, lacking)).toMatch(
      /^failed: there is no sudo → install sudo there, or let trace join/,
    );
  });
});
