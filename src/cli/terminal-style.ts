/** Colours of a terminal (ECMA-48 SGR), where there is one and nobody objects. */
import { plainStyle, type Style } from '../render/style.js';
import type { Io, Output } from './io.js';

const paint =
  (open: number, close: number) =>
  (text: string): string =>
    text === '' ? '' : `\u001b[${open}m${text}\u001b[${close}m`;

const colours: Style = {
  strong: paint(1, 22),
  faint: paint(2, 22),
  good: paint(32, 39),
  warn: paint(33, 39),
  bad: paint(31, 39),
};

/** `NO_COLOR` set to anything but '' switches colours off (no-color.org), and so does `TERM=dumb`. */
export const styleFor = (output: Output, env: Io['env']): Style =>
  output.isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb' ? colours : plainStyle;
