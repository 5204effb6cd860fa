/** DOT → SVG → PNG: Graphviz draws, sharp (librsvg) makes pixels, with a font that comes with this package. */
import type { GraphImager } from '../app/ports.js';
import { MailtraceError } from '../errors.js';
import { withBundledFont } from './bundled-font.js';
import { openGraphviz } from './graphviz.js';

/** Loads its libraries at the first picture. `close` ends the drawing thread; without it the thread ends with the process. */
export const openGraphImager = (): GraphImager & Readonly<{ close(): Promise<void> }> => {
  const graphviz = openGraphviz();
  let loading: Promise<Sharp> | null = null;
  const getSharp = (): Promise<Sharp> => {
    loading ??= loadSharp().catch((error: unknown) => {
      // A full disk may have room again at the next picture.
      loading = null;
      throw error;
    });
    return loading;
  };
  const toSvg = async (dot: string): Promise<string> => withFallbackFonts(await graphviz.draw(dot));
  return {
    toSvg,
    toPng: async (dot) => toPixels(await getSharp(), await toSvg(dot)),
    close: graphviz.close,
  };
};

type Sharp = typeof import('sharp')['default'];

const loadSharp = async (): Promise<Sharp> => {
  try {
    return await withBundledFont(async () => {
      const { default: sharp } = await import('sharp');
      await sharp(Buffer.from(ONE_LETTER)).png().toBuffer();
      return sharp;
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint =
      'It needs the package sharp, with its part for this platform, and a folder for temporary files (TMPDIR).';
    throw new MailtraceError('render', `Pictures cannot be made here: ${reason}`, hint, { cause });
  }
};

const ONE_LETTER =
  '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="9" font-family="DejaVu Sans">a</text></svg>';

/** Slack shows nothing larger. */
const MAX_SIDE = 8000;
/** 64 MB of memory while drawing. */
const MAX_PIXELS = 16_000_000;
/** Pixels of a phone's screen; a narrow graph is drawn so large that it need not be enlarged there. */
const PHONE_WIDTH = 1080;
const MIN_SCALE = 2;
const MAX_SCALE = 3;
const PNG_MAX_S = 20;

const SIZE = /<svg width="([\d.]+)pt" height="([\d.]+)pt"/;

/** Points, as in the viewBox. */
const sizeOf = (svg: string): Readonly<{ width: number; height: number }> => {
  const [, width, height] = SIZE.exec(svg) ?? [];
  return { width: Math.max(1, Number(width ?? 1)), height: Math.max(1, Number(height ?? 1)) };
};

/** Pixels per point. */
const scaleFor = ({ width, height }: Readonly<{ width: number; height: number }>): number =>
  Math.min(
    Math.max(MIN_SCALE, Math.min(MAX_SCALE, PHONE_WIDTH / width)),
    (MAX_SIDE - 1) / Math.max(width, height),
    Math.sqrt(MAX_PIXELS / (width * height)),
  );

const toPixels = async (sharp: Sharp, svg: string): Promise<Uint8Array> => {
  const density = 72 * scaleFor(sizeOf(svg));
  // librsvg would count the density in twice for a size in points: once for the unit, once for the scale.
  const unitless = svg.replace(SIZE, '<svg width="$1" height="$2"');
  try {
    // A drawing of lines and letters has few colours: a palette without dithering is a third of the bytes and as sharp.
    return await sharp(Buffer.from(unitless), { density, limitInputPixels: 2 * MAX_PIXELS })
      .flatten({ background: '#ffffff' })
      .timeout({ seconds: PNG_MAX_S })
      .png({ palette: true, colours: 128, dither: 0, compressionLevel: 9 })
      .toBuffer();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = 'Take the graph as SVG or DOT (--format svg), and report this with the DOT.';
    throw new MailtraceError('render', `The picture could not be made: ${reason}.`, hint, { cause });
  }
};

/** For viewers without DejaVu: Verdana has the same widths, letter by letter, as DejaVu's ancestor was drawn to match it. */
const withFallbackFonts = (svg: string): string =>
  svg.replaceAll('font-family="DejaVu Sans"', 'font-family="DejaVu Sans,Verdana,sans-serif"');
