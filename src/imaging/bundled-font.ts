/** The font that pictures are drawn with. Servers and containers often have none, and then every letter would be a box. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Makes fontconfig, which librsvg inside sharp asks for fonts, see DejaVu and nothing else. It reads its configuration once
 * per process, at the first drawing: so this comes before sharp is imported, and pictures are the same on every machine.
 */
export const useBundledFont = (): void => {
  const fonts = join(dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')), 'ttf');
  const folder = mkdtempSync(join(tmpdir(), 'mailtrace-fonts-'));
  const file = join(folder, 'fonts.conf');
  writeFileSync(file, fontsConf(fonts, join(folder, 'cache')));
  process.env['FONTCONFIG_FILE'] = file;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
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
