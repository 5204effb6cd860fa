// @ts-nocheck Plain data in, text out.
// `npm run corpus:public`: the public parser corpora against the parsers of the built package, field by field.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { scoreCrowdsec } from './public/crowdsec.mjs';
import { scoreExporter } from './public/exporter.mjs';
import { scoreGrok } from './public/grok.mjs';
import { renderTally } from './public/tally.mjs';
import { scoreYo000 } from './public/yo000.mjs';

/** Folder of a corpus → what scores it. */
const CORPORA = {
  'postfix-grok-patterns': scoreGrok,
  'sergeymakinen-postfix_exporter': scoreExporter,
  'yo000-postfix-log-parser': scoreYo000,
  'crowdsec-hub': scoreCrowdsec,
};

const HELP = `npm run corpus:public -- [--corpus DIR]
--corpus     folder with ${Object.keys(CORPORA).join(', ')},
             or one that holds it in public/ (else MAILTRACE_CORPORA). The corpora are no part of the project.
`;

const findFolder = (given) => {
  const start = given ?? process.env.MAILTRACE_CORPORA;
  if (start === undefined) throw new Error('Say where the public corpora are: --corpus DIR or MAILTRACE_CORPORA=DIR.');
  const holds = (path) => Object.keys(CORPORA).some((name) => existsSync(join(path, name)));
  const found = [resolve(start), resolve(start, 'public'), resolve(start, '..', 'public')].find(holds);
  if (found === undefined) throw new Error(`${resolve(start)} holds none of ${Object.keys(CORPORA).join(', ')}.`);
  return found;
};

const main = () => {
  const { values } = parseArgs({
    options: { corpus: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return console.log(HELP);
  const folder = findFolder(values.corpus);
  const tallies = Object.entries(CORPORA).map(([name, score]) => {
    if (!existsSync(join(folder, name))) throw new Error(`${join(folder, name)} does not exist.`);
    return score(folder);
  });
  for (const tally of tallies) console.log(renderTally(tally));
  console.log('');
  for (const { name, cases, right, fields, misses, outOfScope } of tallies) {
    const left = [...outOfScope.values()].reduce((sum, count) => sum + count, 0);
    const scope = left === 0 ? '' : `, ${left} lines out of scope`;
    console.log(`${name}: ${right} of ${cases} right: ${fields} fields compared, ${misses.length} misses${scope}`);
  }
  process.exitCode = tallies.every(({ misses }) => misses.length === 0) ? 0 : 1;
  return undefined;
};

main();
