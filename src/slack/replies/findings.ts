/** Findings: what a person should look at. */
import type { types } from '@slack/bolt';
import type { Finding } from '../../domain/chain.js';
import { bold, bullets, type Line, own, paragraph, plural, prose } from './blocks.js';

const SHOWN = 6;
const RANK: Readonly<Record<Finding['severity'], number>> = { error: 0, warning: 1, info: 2 };
const SIGN: Readonly<Record<Finding['severity'], string>> = { error: '✘', warning: '⚠', info: 'ℹ' };

const lineOf = ({ severity, code, text }: Finding): Line => [own(`${SIGN[severity]} ${code}: `), prose(text, 250)];

/** Worst first; nothing when there are none. */
export const findingBlocks = (findings: readonly Finding[]): readonly types.KnownBlock[] => {
  if (findings.length === 0) return [];
  const sorted = findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
  const lines = sorted.slice(0, SHOWN).map(lineOf);
  const more = findings.length - SHOWN;
  return [
    paragraph([bold('Findings')]),
    bullets(more > 0 ? [...lines, [own(`and ${plural(more, 'more finding')}`)]] : lines),
  ];
};
