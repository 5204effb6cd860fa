import { afterAll, describe, expect, it } from 'vitest';
import type { TraceReport } from '../../src/domain/chain.ts';
import { MailtraceError } from '../../src/errors.ts';
import { openGraphImager } from '../../src/imaging/graph-png.ts';
import { openGraphviz } from '../../src/imaging/graphviz.ts';
import { renderDot } from '../../src/render/dot.ts';
import { leastWidth } from '../../src/render/dot-text.ts';
import { CLUSTERS, GALLERY } from './gallery.ts';

const imager = openGraphImager();
afterAll(() => imager.close());

const dotOf = (value: TraceReport): string => renderDot(value, { clusters: CLUSTERS, isPicture: true });

/** After the first picture sharp has been loaded by the imager, with its font and no other. */
const loadSharp = async () => {
  await imager.toPng('digraph { a }');
  return (await import('sharp')).default;
};

type Pixels = Readonly<{ width: number; height: number; isDark: (x: number, y: number) => boolean; grey: Uint8Array }>;

const decode = async (image: Uint8Array): Promise<Pixels> => {
  const sharp = await loadSharp();
  const { data, info } = await sharp(image).greyscale().raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const grey = Uint8Array.from({ length: width * height }, (_, index) => data[index * channels] ?? 255);
  return { width, height, grey, isDark: (x, y) => (grey[y * width + x] ?? 255) < 128 };
};

const darkPixels = ({ grey }: Pixels): number => grey.reduce((sum, value) => sum + (value < 128 ? 1 : 0), 0);

/** Columns from the first dark pixel to the last. */
const inkWidth = ({ width, height, isDark }: Pixels): number => {
  const columns = Array.from({ length: width }, (_, x) => x).filter((x) =>
    Array.from({ length: height }, (_, y) => y).some((y) => isDark(x, y)),
  );
  return (columns.at(-1) ?? 0) - (columns[0] ?? 0);
};

const labelOnly = (text: string): string => `digraph { a [shape="plain", fontname="DejaVu Sans", label="${text}"] }`;

const problemOf = async (work: Promise<unknown>): Promise<MailtraceError> => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MailtraceError)) throw new Error(`no MailtraceError: ${String(error)}`);
  return error;
};

describe('toPng', { timeout: 30_000 }, () => {
  it.each(Object.keys(GALLERY))('draws for a phone: %s', async (name) => {
    const png = await imager.toPng(dotOf(GALLERY[name]!()));
    const pixels = await decode(png);
    expect(pixels.width).toBeGreaterThanOrEqual(750);
    expect(pixels.width).toBeLessThanOrEqual(1300);
    expect(pixels.height).toBeLessThanOrEqual(8000);
    expect(png.byteLength).toBeLessThan(250_000);
    // A white margin all around: the first and the last row and column.
    const corners = [0, pixels.width - 1, pixels.width * (pixels.height - 1), pixels.width * pixels.height - 1];
    expect(corners.map((index) => pixels.grey[index])).toEqual([255, 255, 255, 255]);
    expect(darkPixels(pixels)).toBeGreaterThan(1000);
  });

  it('draws letters, not boxes', async () => {
    const [narrow, wide] = await Promise.all(
      ['iiiiiiiiii', 'WWWWWWWWWW'].map(async (text) => inkWidth(await decode(await imager.toPng(labelOnly(text))))),
    );
    // In DejaVu Sans 0.278 and 0.989 em; boxes for missing letters are all of one width.
    expect(wide! / narrow!).toBeGreaterThan(3);
  });

  it('draws the text, not only the boxes', async () => {
    const sharp = await loadSharp();
    const svg = await imager.toSvg(dotOf(GALLERY['delivered']!()));
    const pixelsOf = async (source: string): Promise<number> =>
      darkPixels(await decode(await sharp(Buffer.from(source)).flatten({ background: '#ffffff' }).png().toBuffer()));
    const withText = await pixelsOf(svg);
    const without = await pixelsOf(svg.replaceAll(/<text[\s\S]*?<\/text>/g, ''));
    expect(without).toBeGreaterThan(0);
    expect(withText).toBeGreaterThan(2 * without);
  });

  it('makes narrow graphs no larger than three pixels a point', async () => {
    const { width } = await decode(await imager.toPng('digraph { a [shape="box", width="2", fixedsize="true"] }'));
    // 144 points and the margin of 4 on both sides.
    expect(width).toBe(456);
  });

  it('keeps a very long graph inside 8,000 pixels', async () => {
    const chain = Array.from({ length: 90 }, (_, index) => `n${index}`).join(' -> ');
    const { width, height } = await decode(await imager.toPng(`digraph { ranksep="1.5"; ${chain} }`));
    expect(height).toBeLessThanOrEqual(8000);
    expect(height).toBeGreaterThan(7900);
    expect(width).toBeGreaterThan(20);
  });

  it('keeps a very large graph inside 16 megapixels', async () => {
    const { width, height } = await decode(
      await imager.toPng('digraph { a [shape="box", width="60", height="60", fixedsize="true"] }'),
    );
    expect(width * height).toBeLessThanOrEqual(16_100_000);
    expect(width * height).toBeGreaterThan(15_000_000);
  });
});

describe('toSvg', () => {
  it('names fonts of the same width for viewers without DejaVu', async () => {
    expect(await imager.toSvg(labelOnly('a'))).toContain('font-family="DejaVu Sans,Verdana,sans-serif"');
  });

  it('leaves text that looks like an attribute as it is', async () => {
    const svg = await imager.toSvg(labelOnly('font-family=\\"DejaVu Sans\\"'));
    expect(svg).toContain('>font&#45;family=&quot;DejaVu Sans&quot;<');
  });

  it('draws what is asked at the same time one after the other', async () => {
    const svgs = await Promise.all(['one', 'two', 'three'].map((text) => imager.toSvg(labelOnly(text))));
    expect(svgs.map((svg) => /<text[^>]*>(\w+)</.exec(svg)?.[1])).toEqual(['one', 'two', 'three']);
  });
});

describe('failures', { timeout: 30_000 }, () => {
  it('refuses what is no DOT, and draws on', async () => {
    const error = await problemOf(imager.toPng('digraph { a -> '));
    expect(error).toMatchObject({ code: 'render', message: expect.stringContaining('syntax error') });
    expect(await imager.toSvg('digraph { a }')).toContain('<svg');
  });

  it('refuses a graph of more than half a megabyte', async () => {
    const error = await problemOf(imager.toSvg(`digraph { a [label="${'x'.repeat(600_000)}"] }`));
    expect(error.message).toMatch(/too large to draw \(600024 bytes/);
    expect(error.hint).not.toBe('');
  });

  it('stops a layout that takes too long, and draws on', async () => {
    const graphviz = openGraphviz({ layoutMaxMs: 2_000 });
    const nodes = Array.from({ length: 300 }, (_, index) => index);
    const clique = nodes.flatMap((a) => nodes.slice(a + 1).map((b) => `${a}->${b}`)).join(';');
    expect((await problemOf(graphviz.draw(`digraph { ${clique} }`))).message).toContain('more than 2 s');
    expect(await graphviz.draw('digraph { a }')).toContain('<svg');
    await graphviz.close();
  });
});

describe('leastWidth', { timeout: 30_000 }, () => {
  it.each([
    'алиса.широкова@пример.example',
    'jürgen.müßig@straße.example',
    'Ελληνικά@παράδειγμα.example',
    'ЖЖЖ ЩЩЩ жюмфшщ',
    '✓ ✗ ◷ → ⊘ ∅ ⌫ ‖ ↻ ▶ ◑',
    '鈴木一郎@例え.テスト',
  ])('is not less than the font needs: %s', async (text) => {
    const sharp = await loadSharp();
    for (const [font, factor] of [
      ['DejaVu Sans 20', 1],
      ['DejaVu Sans Bold 20', 1.1],
    ] as const) {
      const { width } = await sharp({ text: { text, font, dpi: 72, rgba: true } })
        .png()
        .toBuffer({ resolveWithObject: true })
        .then(({ info }) => info);
      expect(leastWidth(text, 20 * factor)).toBeGreaterThanOrEqual(width);
      // And not so much that boxes look empty.
      expect(leastWidth(text, 20 * factor)).toBeLessThan(1.5 * width);
    }
  });

  it('leaves ASCII to Graphviz, which knows the font', () => {
    expect(leastWidth('lists1.campus.example', 14)).toBe(0);
  });
});
