import { expect, it } from 'vitest';
import { explainCode } from '../../src/domain/status-code.ts';
import { renderExplanation } from '../../src/render/explanation.ts';
import { plainStyle } from '../../src/render/style.ts';
import { displayWidth } from '../../src/render/text-width.ts';

const render = (code: string, columns: number | null): string => {
  const explanation = explainCode(code);
  if (explanation === null) throw new Error(`${code} is not explained`);
  return renderExplanation(explanation, { columns, style: plainStyle });
};

it.each(['250', '454/4.7.1', '550 5.1.1', '5.7.1', '5.7.999'])('explains %s in plain words', async (code) => {
  await expect(render(code, 80)).toMatchFileSnapshot(`./golden/explain-${code.replace(/[^0-9]/g, '-')}.txt`);
});

it('keeps to the width, and has all its parts in order', () => {
  const text = render('4.4.1', 60);
  for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(60);
  expect([...text.matchAll(/^(meaning|effect|cause|look next|source)/gm)].map(([label]) => label)).toEqual([
    'meaning',
    'effect',
    'cause',
    'look next',
    'source',
  ]);
  expect(text.startsWith('4.4.1  No answer from host\n')).toBe(true);
});
