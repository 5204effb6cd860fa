import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unpackZstd, zstdFaultOf } from '../../src/sources/zstd-bytes.ts';

/** Made by `zstd` out of lines of a log: one with a checksum at its end, one without. */
const FIRST = Buffer.from(
  'KLUv/WRoBe0FANKGFBqASY0BQB8ijhkRfTyMju4SbolN8SztANvKCIn9/////6uqqqrqyVjTMMxay6IoSfKaThUUDkK1gQLCEyUgQMMxRNDiUYyDOu7aXdvAjSiyvgM7IKCTguIBjiTXYYk4N2GOJNdhiTg3YY4k12GJODdhOJJCcjgMhURw7oSE4YgJyeGwEhLBORIShiMjJIfDREgE50JIAuSBkLCxeXK8hI0yuZElcryEjTK5kSVyvISNMjkwsrL1LO2/A5RzEYQ=',
  'base64',
);
const SECOND = Buffer.from(
  'KLUv/WByBaUFAGJHFxmAOW2AvBaIxsDo2TEblEhkd/fON+HcHGAhB0K7qpmId2ZVv9GI0K5qJuKdWdXv8yG0q5qJeGdW9R+2U1AoiJMGFxCWJsEAGoqhYRbLYRyOnWzEluxUD7iSP8lyBTog4DcDjiTnsEScS5gjyTksEecS5khyDkvEuQkekcccSc5hiTiXMEeSc1giziXMkeQclohzEzwijzmSnMMScS5hjiTnsEScS5gjyTksEezc016CAg==',
  'base64',
);
/** RFC 8878 §3.1.2: a frame to be passed over. */
const SKIPPABLE = Buffer.from('UCpNGAQAAABhYmNk', 'base64');
/** A megabyte of zeros in a few bytes. */
const ZEROS = Buffer.from('KLUv/aTgyBAAVAAAEAAAAQD7/znAAgIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAADRwYA5X1B4w==', 'base64');

const line = (number: number): string =>
  `2026-11-20T12:00:${String(number).padStart(2, '0')}+00:00 gw postfix/smtpd[1]: line ${number}\n`;
const LINES = Array.from({ length: 60 }, (_, index) => line(index));
const ALL = Buffer.concat([FIRST, SKIPPABLE, SECOND]);

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const unpack = async (bytes: Buffer, sizes: readonly number[] = [65_536]) => {
  const parts: Buffer[] = [];
  try {
    for await (const part of unpackZstd(chunksOf(bytes, sizes))) parts.push(part);
    return { text: Buffer.concat(parts).toString(), fault: null, largest: Math.max(...parts.map((p) => p.length)) };
  } catch (error) {
    const fault = zstdFaultOf(error);
    if (fault === null) throw error;
    return { text: Buffer.concat(parts).toString(), fault, largest: 0 };
  }
};

describe('zstd without the program', () => {
  it('unpacks one frame and many', async () => {
    expect(await unpack(FIRST)).toMatchObject({ text: LINES.slice(0, 30).join(''), fault: null });
    expect(await unpack(ALL)).toMatchObject({ text: LINES.join(''), fault: null });
  });

  it('does not care how the bytes come', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sizes, async (each) => {
        expect(await unpack(ALL, each)).toMatchObject({ text: LINES.join(''), fault: null });
      }),
      { numRuns: 100 },
    );
  });

  it('gives out in pieces what stands for much', async () => {
    const { text, largest } = await unpack(ZEROS);
    expect(text).toHaveLength(1_100_000);
    expect(largest).toBeLessThanOrEqual(128 * 1024);
  });

  it('gives out what comes before a fault, and tells a missing end from damage', async () => {
    expect(await unpack(Buffer.concat([FIRST, SECOND.subarray(0, 40)]))).toMatchObject({
      text: LINES.slice(0, 30).join(''),
      fault: { kind: 'unfinished' },
    });
    expect(await unpack(Buffer.concat([FIRST, Buffer.from('no frame at all, but text')]))).toMatchObject({
      text: LINES.slice(0, 30).join(''),
      fault: { kind: 'damaged' },
    });
  });

  it('refuses a frame that asks for more memory than a log needs', async () => {
    // A window of 2 GiB (RFC 8878 §3.1.1.1.2: exponent 21).
    const greedy = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, ...Array.from({ length: 20 }, () => 0)]);
    expect(await unpack(greedy)).toMatchObject({ text: '', fault: { kind: 'too-large' } });
  });

  it('never hangs and throws nothing else, whatever the bytes', async () => {
    const damage = fc.record({ at: fc.nat(ALL.length - 1), byte: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (list) => {
        const bytes = Buffer.from(ALL);
        for (const { at, byte } of list) bytes[at] = byte;
        const { text } = await unpack(bytes);
        // Memory is bounded: no block unpacks to more than 128 KiB.
        expect(text.length).toBeLessThanOrEqual(ALL.length * 128 * 1024);
      }),
      { numRuns: 300 },
    );
  });
});
