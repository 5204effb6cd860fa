/** The font that pictures are drawn with. Servers and containers often have none, and then every letter would be a box. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * While `load` runs, fontconfig sees DejaVu and nothing else. It reads its configuration once per process, when it is first
 * asked for a font: `load` must import sharp, whose librsvg asks, and draw a letter. Later pictures keep the font.
 */
export const withBundledFont = async <Loaded>(load: () => Promise<Loaded>): Promise<Loaded> => {
  const fonts = join(dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')), 'ttf');
  const folder = await mkdtemp(join(tmpdir(), 'mailtrace-fonts-'));
  const before = process.env['FONTCONFIG_FILE'];
  try {
    const file = join(folder, 'fonts.conf');
    await writeFile(file, fontsConf(fonts, join(folder, 'cache')));
    process.env['FONTCONFIG_FILE'] = file;
    return await load();
  } finally {
    // Programs that this process starts keep the fonts of the machine.
    if (before === undefined) delete process.env['FONTCONFIG_FILE'];
    else process.env['FONTCONFIG_FILE'] = before;
    await rm(folder, { recursive: true, force: true });
  }
};

/** `rescan 0`: never looks again whether the fonts have changed. */
const fontsConf = (fonts: string, cache: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${escapeXml(fonts)}</dir>
  <cachedir>${escapeXml(cache)}</cachedir>
  <config><rescan><int>0</int></rescan></config>
</fontconfig>
`;

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
