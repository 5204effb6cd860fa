/**
 * What a state looks like. Each is told three times, so that no reader depends on colour: by colour, by the shape of the node
 * or the line, and by a sign that DejaVu Sans has. The colours keep their distance under deuteranopia and protanopia.
 */
import type { Verdict } from '../domain/chain.js';
import type { DeliveryStatus } from '../domain/event.js';

/** `passing`: nothing ended here. Ordered from harmless to worst: a machine shows its worst. */
export type State = 'passing' | 'ok' | 'gone' | 'unknown' | 'waiting' | 'failed';

const SEVERITY: Readonly<Record<State, number>> = { passing: 0, ok: 1, gone: 2, unknown: 3, waiting: 4, failed: 5 };

export const worstState = (states: readonly State[]): State =>
  states.reduce((worst, state) => (SEVERITY[state] > SEVERITY[worst] ? state : worst), 'passing');

/** Negative when `a` is worse: problems come first. */
export const byState = (a: State, b: State): number => SEVERITY[b] - SEVERITY[a];

type Look = Readonly<{
  ink: string;
  fill: string;
  /** Shapes that fit a text closely: octagons and the like are half empty. */
  shape: string;
  style: string;
  /** Width of the border in points. */
  border: number;
}>;

const LOOKS: Readonly<Record<State, Look>> = {
  passing: { ink: '#475569', fill: '#FFFFFF', shape: 'box', style: 'rounded', border: 1.4 },
  ok: { ink: '#00664F', fill: '#E8F6F1', shape: 'box', style: 'rounded', border: 1.4 },
  gone: { ink: '#5B3E96', fill: '#F3EEFB', shape: 'note', style: '', border: 1.4 },
  unknown: { ink: '#475569', fill: '#F1F5F9', shape: 'box', style: '', border: 1.4 },
  // A message that waits lies in a queue, and a cylinder is how people draw what stores things.
  waiting: { ink: '#8A4B00', fill: '#FFF4DF', shape: 'cylinder', style: '', border: 1.8 },
  // Cut corners, as on a stop sign.
  failed: { ink: '#B3001B', fill: '#FDECEC', shape: 'box', style: 'diagonals', border: 2.6 },
};

export const lookOf = (state: State): Look => LOOKS[state];

type Sign = Readonly<{ glyph: string; state: State }>;

const STATUS_SIGNS: Readonly<Record<DeliveryStatus, Sign>> = {
  sent: { glyph: '✓', state: 'ok' },
  deferred: { glyph: '◷', state: 'waiting' },
  'in-progress': { glyph: '▶', state: 'waiting' },
  held: { glyph: '‖', state: 'waiting' },
  bounced: { glyph: '✗', state: 'failed' },
  expired: { glyph: '✗', state: 'failed' },
  rejected: { glyph: '⊘', state: 'failed' },
  discarded: { glyph: '∅', state: 'gone' },
  deleted: { glyph: '⌫', state: 'gone' },
  unknown: { glyph: '?', state: 'unknown' },
};

export const signOf = (status: DeliveryStatus): Sign => STATUS_SIGNS[status];

const VERDICT_SIGNS: Readonly<Record<Verdict, Sign>> = {
  delivered: { glyph: '✓', state: 'ok' },
  'partly-delivered': { glyph: '◑', state: 'failed' },
  deferred: { glyph: '◷', state: 'waiting' },
  'in-progress': { glyph: '▶', state: 'waiting' },
  held: { glyph: '‖', state: 'waiting' },
  bounced: { glyph: '✗', state: 'failed' },
  expired: { glyph: '✗', state: 'failed' },
  rejected: { glyph: '⊘', state: 'failed' },
  loop: { glyph: '↻', state: 'failed' },
  discarded: { glyph: '∅', state: 'gone' },
  deleted: { glyph: '⌫', state: 'gone' },
  unknown: { glyph: '?', state: 'unknown' },
};

export const verdictSign = (verdict: Verdict): Sign => VERDICT_SIGNS[verdict];
