import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { withBundledFont } from '../../src/imaging/bundled-font.ts';

const before = process.env['FONTCONFIG_FILE'];
afterEach(() => {
  if (before === undefined) delete process.env['FONTCONFIG_FILE'];
  else process.env['FONTCONFIG_FILE'] = before;
});

describe('withBundledFont', () => {
  it('shows fontconfig the fonts of the package and no others', async () => {
    const conf = await withBundledFont(async () => readFileSync(process.env['FONTCONFIG_FILE'] ?? '', 'utf8'));
    const [folder, ...others] = [...conf.matchAll(/<dir>(.*?)<\/dir>/g)].map((match) => match[1] ?? '');
    expect(others).toEqual([]);
    expect(existsSync(`${folder}/DejaVuSans.ttf`)).toBe(true);
    expect(existsSync(`${folder}/DejaVuSans-Bold.ttf`)).toBe(true);
    expect(conf).not.toContain('<include');
  });

  it.each([undefined, '/etc/fonts/other.conf'])('leaves the environment as it was: %s', async (file) => {
    if (file === undefined) delete process.env['FONTCONFIG_FILE'];
    else process.env['FONTCONFIG_FILE'] = file;
    const during = await withBundledFont(async () => process.env['FONTCONFIG_FILE'] ?? '');
    expect(during).not.toBe(file);
    expect(process.env['FONTCONFIG_FILE']).toBe(file);
    expect(existsSync(during)).toBe(false);
  });

  it('cleans up after a failure', async () => {
    let during = '';
    const failing = withBundledFont(async () => {
      during = process.env['FONTCONFIG_FILE'] ?? '';
      throw new Error('no sharp');
    });
    await expect(failing).rejects.toThrow('no sharp');
    expect(existsSync(during)).toBe(false);
    expect(process.env['FONTCONFIG_FILE']).toBe(before);
  });
});
