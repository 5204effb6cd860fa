import { describe, expect, it } from 'vitest';
import { compareAge, isPieceOf, readRotatedName } from '../../src/sources/rotated-files.ts';

describe('the pieces of mail.log', () => {
  it.each([
    'mail.log.1',
    'mail.log.2.gz',
    'mail.log.12.xz',
    'mail.log.0.bz2',
    'mail.log.3.zst',
    'mail.log.old',
    'mail.log.gz',
    'mail.log-20261121',
    'mail.log-20261121.gz',
    'mail.log-2026-11-21',
    'mail.log-2026112107.gz',
    'mail.log-20261121-072344',
    'mail.log-1795245862',
    'mail.log.20261121-072344.gz',
    'mail.log.20261121',
    'mail-20261121.log',
    'mail-20261121.log.gz',
    'mail.1.log',
  ])('include %s', (name) => {
    expect(isPieceOf(name, 'mail.log')).toBe(true);
  });

  it.each([
    'mail.log',
    'mail.logs',
    'mail.log.bak',
    'mail.log.swp',
    'mail.log~',
    'mail.log.1234',
    'mail.err.1',
    'xmail.log.1',
    'mail.log2',
    'mail.log.1.offset',
    'mail-old.log',
    'mail',
  ])('do not include %s', (name) => {
    expect(isPieceOf(name, 'mail.log')).toBe(false);
  });

  it('of a piece are only its packed copies', () => {
    expect(isPieceOf('mail.log.1.gz', 'mail.log.1')).toBe(true);
    expect(isPieceOf('mail.log.10', 'mail.log.1')).toBe(false);
    expect(isPieceOf('mail.log', 'mail.log.1')).toBe(false);
  });
});

describe('the age of pieces', () => {
  const age = (a: string, b: string): number | null => {
    const sign = compareAge(readRotatedName(a).rotation, readRotatedName(b).rotation);
    return sign === null ? null : Math.sign(sign);
  };

  it.each([
    ['mail.log', 'mail.log.1', -1],
    ['mail.log.2.gz', 'mail.log.1', 1],
    ['mail.log.2.gz', 'mail.log.10.gz', -1],
    ['mail.log.0', 'mail.log.1', -1],
    ['mail.log', 'mail.log.gz', -1],
    ['mail.log-20261121', 'mail.log-20261120.gz', -1],
    ['mail.log-2026-11-20', 'mail.log-2026-11-21', 1],
    ['mail.log.20261121-072344.gz', 'mail.log.20261121-072416.gz', 1],
    ['mail.log-20261121', 'mail.log-20261121.gz', 0],
    // A number and a date say nothing about each other.
    ['mail.log.1', 'mail.log-20261121', null],
    ['mail.log-20261121', 'mail.log-1795245862', null],
  ])('%s and %s', (a, b, expected) => {
    expect(age(a, b)).toBe(expected);
  });
});
