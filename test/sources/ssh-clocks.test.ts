import { describe, expect, it } from 'vitest';
import { hostName } from '../../src/domain/ids.ts';
import { checkClocks } from '../../src/sources/ssh-clocks.ts';

/** Host → how far its clock is ahead, in seconds. */
const check = (ahead: Readonly<Record<string, number>>, errorMs = 20): readonly string[] =>
  checkClocks(
    Object.entries(ahead).map(([host, seconds]) => ({
      hosts: [hostName(host)],
      reading: { aheadMs: seconds * 1000, errorMs },
    })),
  ).map(({ status, host, text }) => `${status} ${host ?? '-'}: ${text}`);

describe('clocks', () => {
  it('are told in seconds, with what the way there may hide', () => {
    expect(check({ mx1: 0.1 })).toEqual(['ok mx1: the clock agrees with ours to 0.12 s']);
    expect(check({ mx1: 42 })).toEqual(['warning mx1: the clock is 42 s ahead of ours, give or take 0.02 s']);
    expect(check({ mx1: -7.25 })).toEqual(['warning mx1: the clock is 7.3 s behind ours, give or take 0.02 s']);
    expect(check({ mx1: 601 })).toEqual(['failed mx1: the clock is 601 s ahead of ours, give or take 0.02 s']);
  });

  it('may be as wrong as the answer is slow', () => {
    expect(check({ mx1: 6 }, 1500)).toEqual(['ok mx1: the clock agrees with ours to 7.5 s']);
  });

  it('are compared with each other: ours may be the wrong one', () => {
    expect(check({ mx1: 42, mx2: 42.3, mx3: 0 })).toEqual([
      'warning -: the clock of this machine is 42 s behind those of the hosts, which agree',
      'ok mx1: the clock agrees with those of the other machines to 0.02 s',
      'ok mx2: the clock agrees with those of the other machines to 0.32 s',
      'warning mx3: the clock is 42 s behind those of the other machines, give or take 0.02 s',
    ]);
    // Two that are wrong in their own ways say nothing about ours.
    expect(check({ mx1: 42, mx2: -900, mx3: 0.1, mx4: 0 })[0]).toMatch(/^warning mx1/);
    expect(check({ mx1: 42, mx2: -900 })[0]).toMatch(/^warning mx1/);
    expect(check({})).toEqual([]);
  });
});
