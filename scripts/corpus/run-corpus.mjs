// @ts-nocheck Plain JSON in, plain JSON out: the shapes are those of truth.json and of the trace report.
// `npm run corpus`: traces every message of a mailbed corpus and scores each answer against the ground truth.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { keywordsFor, refusalLines, rejectKeywords } from './keywords.mjs';
import { configFor, FORMATS, hasLayout, LAYOUTS } from './layouts.mjs';
import { readLogs } from './logs.mjs';
import { chainOf, createTally, essenceOf, scoreMessage, scoreReject } from './score.mjs';
import { readTruth } from './truth.mjs';

const KEYS = ['message-id', 'recipient', 'sender', 'queue-id'];

const isRefused = ({ status }) => status === 'rejected' || status === 'aborted';

/** @param {Map<string, string> | undefined} options.chains what an earlier run with another key said of each message */
const scoreOne = async (message, scenario, truth, { trace, by, logs, chains }) => {
  const { mail } = message;
  const tally = createTally();
  if (mail.finals.some((final) => !isRefused(final))) {
    const isNamed = (text) => logs.hasOn([...message.mtas.keys()], text);
    const keywords = keywordsFor(message, by, logs.has, isNamed);
    const report = await trace(keywords, mail.submitted_at);
    scoreMessage(report, message, scenario, { keywords, truth, logs }, tally);
    const chain = chainOf(report, message, truth);
    const essence = chain === undefined ? '' : essenceOf(chain);
    const known = chains?.get(message.label);
    if (known !== undefined && known !== essence) tally.wrong(`by ${by} the chain is another: ${essence} and ${known}`);
    chains?.set(message.label, known ?? essence);
  }
  const refused = new Map(
    mail.finals.filter(({ status }) => status === 'rejected').map((final) => [final.address, final]),
  );
  for (const final of refused.values()) {
    const refusals = refusalLines(mail, final, truth.hosts.get(mail.entry_host), logs.linesOf(mail.entry_host));
    const keywords = rejectKeywords(mail, final, refusals);
    if (keywords === null) continue;
    scoreReject(await trace(keywords, mail.submitted_at), message, final, refusals, truth, tally);
  }
  return tally.result();
};

/** @param {(keywords: readonly string[], atIso: string) => Promise<object>} options.trace → mailtrace.report/1 */
export const scoreScenario = async (scenario, truth, options) => {
  const results = [];
  for (const message of scenario.messages) results.push(await scoreOne(message, scenario, truth, options));
  const flat = (word) => results.flatMap((result) => result[word]);
  return {
    right: results.reduce((sum, { right }) => sum + right, 0),
    wrong: flat('wrong'),
    missing: flat('missing'),
    false: flat('false'),
  };
};

const HELP = `npm run corpus -- [--corpus DIR] [--format ${FORMATS.join('|')}|all] [--layout ${LAYOUTS.join('|')}|all]
                  [--by ${KEYS.join('|')}|all] [--background] [--only S001,S002] [-v]
--corpus     folder with truth.json, or one that holds it in mailbed/ (else MAILTRACE_CORPORA, else the project's own copy)
--layout     each host's own files; one file for each on the loghost; one merged file; the files that Exim and postlogd write
--by         what is searched for; with all, each must give the same chain
--background the mails between the scenarios
Without any of these but --corpus: all scenarios in every format and layout and by every key, and the background mails.
`;

const findCorpus = (given) => {
  const start = resolve(given ?? process.env.MAILTRACE_CORPORA ?? 'test/fixtures/mailbed');
  return [start, join(start, 'mailbed')].find((path) => existsSync(join(path, 'truth.json'))) ?? start;
};

const openTrace = async (truth, { format, layout }) => {
  const { openTracer, parseKeyword, renderJson } = await import('../../dist/index.js');
  const folder = mkdtempSync(join(tmpdir(), 'mailtrace-corpus-'));
  const configPath = join(folder, 'config.yaml');
  writeFileSync(configPath, configFor(truth, format, layout));
  const tracer = await openTracer({ configPath, passwords: { login: null, sudo: null, opensearch: null }, env: {} });
  const signal = new AbortController().signal;
  return {
    trace: async (keywords, at) => {
      const window = { fromMs: Date.parse(at) - 600_000, toMs: Date.parse(at) + 600_000 };
      const query = {
        keywords: keywords.map(parseKeyword),
        startHost: null,
        window,
        timeZone: 'UTC',
        onlyWindow: false,
        scope: { kind: 'all' },
      };
      return JSON.parse(renderJson(await tracer.traceMessage(query, { signal })));
    },
    close: async () => {
      await tracer.close();
      rmSync(folder, { recursive: true });
    },
  };
};

const isPerfect = ({ wrong, missing, false: untrue }) => wrong.length + missing.length + untrue.length === 0;

const nameOf = ({ layout, format, by, isBackground }) => {
  const form = layout === 'merged' ? '' : layout === 'own' ? `, ${format} for the others` : `, ${format}`;
  return `${isBackground ? 'background mails' : 'scenarios'}, ${layout}${form}, by ${by}`;
};

const FAULTS = ['wrong', 'missing', 'false'];

const printScenario = (scenario, result, isVerbose) => {
  const counts = FAULTS.map((word) => `${word} ${result[word].length}`).join(' ');
  if (isVerbose || !isPerfect(result))
    console.log(`${scenario.sid} ${scenario.title}: right ${result.right} ${counts}`);
  for (const word of FAULTS) for (const text of result[word]) console.log(`    ${word}: ${text}`);
};

const scoreAll = async (scenarios, truth, options) => {
  const totals = { perfect: 0, right: 0, wrong: 0, missing: 0, false: 0 };
  for (const scenario of scenarios) {
    const result = await scoreScenario(scenario, truth, options);
    totals.perfect += isPerfect(result) ? 1 : 0;
    totals.right += result.right;
    for (const word of FAULTS) totals[word] += result[word].length;
    printScenario(scenario, result, options.isVerbose);
  }
  return totals;
};

const runOne = async (truth, run, options) => {
  const isWanted = ({ sid }) => options.only === undefined || options.only.includes(sid);
  const scenarios = (run.isBackground ? truth.background : truth.scenarios).filter(isWanted);
  if (scenarios.length === 0) throw new Error('No scenario is left to score.');
  const { trace, close } = await openTrace(truth, run);
  try {
    const { perfect, ...counts } = await scoreAll(scenarios, truth, { ...options, by: run.by, trace });
    const summary = Object.entries(counts).map(([word, count]) => `${word} ${count}`);
    console.log(`${nameOf(run)}: ${perfect} of ${scenarios.length} right (${summary.join(', ')})`);
    return perfect === scenarios.length;
  } finally {
    await close();
  }
};

/** Of the merged file and of the programs' own ones there is one format each. */
const formatsOf = (layout, formats) => (layout === 'merged' ? ['rfc3164'] : layout === 'own' ? ['rfc3339'] : formats);

const EVERYTHING = [
  ...LAYOUTS.flatMap((layout) => formatsOf(layout, FORMATS).map((format) => ({ layout, format, by: 'message-id' }))),
  ...KEYS.slice(1).map((by) => ({ layout: 'hosts', format: 'rfc3339', by })),
  { layout: 'hosts', format: 'rfc3339', by: 'message-id', isBackground: true },
  { layout: 'merged', format: 'rfc3164', by: 'message-id', isBackground: true },
];

const listOf = (given, all, usual) => (given === undefined ? [usual] : given === 'all' ? all : given.split(','));

const planOf = ({ format, layout, by, background, only }) => {
  if (format === undefined && layout === undefined && by === undefined && !background && only === undefined)
    return EVERYTHING;
  const formats = format === undefined ? FORMATS : listOf(format, FORMATS, '');
  return listOf(layout, LAYOUTS, 'hosts').flatMap((each) =>
    formatsOf(each, formats).flatMap((form) =>
      listOf(by, KEYS, 'message-id').map((key) => ({ layout: each, format: form, by: key, isBackground: background })),
    ),
  );
};

const main = async () => {
  const { values } = parseArgs({
    options: {
      corpus: { type: 'string' },
      format: { type: 'string' },
      layout: { type: 'string' },
      by: { type: 'string' },
      background: { type: 'boolean', default: false },
      only: { type: 'string' },
      verbose: { type: 'boolean', short: 'v', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const truth = readTruth(findCorpus(values.corpus));
  const options = {
    isVerbose: values.verbose,
    only: values.only?.split(','),
    logs: readLogs(truth),
    chains: new Map(),
  };
  let isRight = true;
  for (const run of planOf(values)) {
    if (!hasLayout(truth, run.layout)) {
      console.log(`${nameOf(run)}: the corpus has no such files`);
      continue;
    }
    isRight = (await runOne(truth, run, options)) && isRight;
  }
  process.exitCode = isRight ? 0 : 1;
};

if (import.meta.url === new URL(`file://${process.argv[1]}`).href) await main();
