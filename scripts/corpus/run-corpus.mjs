// @ts-nocheck Plain JSON in, plain JSON out: the shapes are those of truth.json and of the trace report.
// `npm run corpus`: traces every message of a mailbed corpus and scores each answer against the ground truth.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { keywordsFor, rejectKeywords } from './keywords.mjs';
import { createTally, scoreMessage, scoreReject } from './score.mjs';
import { isPostfixOnly, readTruth } from './truth.mjs';

export const FORMATS = ['rfc3164', 'rfc3339', 'rfc5424', 'json'];

const piecesOf = (truth, host, format) => {
  const folder = join(truth.directory, 'hosts', host.log_hostname, format);
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};

/** The lines of every host's own log: what a search can find at all. */
export const readLogs = (truth) => {
  const lines = new Map(
    [...truth.hosts.values()].map((host) => [
      host.host,
      piecesOf(truth, host, 'rfc3339').flatMap((path) => {
        const bytes = readFileSync(path);
        return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n');
      }),
    ]),
  );
  return {
    linesOf: (host) => lines.get(host) ?? [],
    has: (text) => [...lines.values()].some((list) => list.some((line) => line.includes(text))),
    /** Does a line that names one of these transactions (`host/queue ID`) hold the text? */
    hasOn: (nodes, text) =>
      nodes.some((node) => {
        const at = node.indexOf('/');
        const [host, queueId] = [node.slice(0, at), node.slice(at + 1)];
        return (lines.get(host) ?? []).some((line) => line.includes(queueId) && line.includes(text));
      }),
  };
};

/** Only the newest piece is named: the rotated ones are found by the program. JSON is YAML. */
export const configFor = (truth, format) => {
  const hosts = {};
  for (const host of truth.hosts.values()) {
    const newest = piecesOf(truth, host, format).filter((path) => !/\.\d+(?:\.gz)?$/.test(path));
    if (newest.length === 0) continue;
    hosts[host.host] = { log_files: newest, ...(format === 'rfc3164' ? { time_zone: host.tz } : {}) };
  }
  return JSON.stringify({
    method: 'file',
    time_zone: 'UTC',
    domain: truth.domain,
    clusters: truth.clusters,
    file_config: { hosts },
  });
};

const scoreOne = async (message, scenario, truth, { trace, by, requiredMtas, logs }) => {
  const { mail } = message;
  const tally = createTally(requiredMtas);
  if (mail.finals.some(({ status }) => !['rejected', 'aborted'].includes(status))) {
    const isNamed = (text) => logs.hasOn([...message.mtas.keys()], text);
    const report = await trace(keywordsFor(message, by, logs.has, isNamed), mail.submitted_at);
    scoreMessage(report, message, scenario, truth, logs.has, tally);
  }
  const refused = new Map(
    mail.finals.filter(({ status }) => status === 'rejected').map((final) => [final.address, final]),
  );
  for (const final of refused.values()) {
    const keywords = rejectKeywords(mail, final, logs.linesOf(mail.entry_host));
    if (keywords === null || tally.isOptional(truth.hosts.get(mail.entry_host).mta)) continue;
    scoreReject(await trace(keywords, mail.submitted_at), message, final, truth, tally);
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

const HELP = `npm run corpus -- [--corpus DIR] [--format ${FORMATS.join('|')}|all] [--by message-id|recipient|sender|queue-id]
                  [--all-mtas] [--background] [--only S001,S002] [-v]
--corpus     folder with truth.json, or one that holds it in mailbed/ (else MAILTRACE_CORPORA, else the project's own copy)
--all-mtas   also the scenarios that touch Sendmail or Exim; by default only those of Postfix count
`;

const findCorpus = (given) => {
  const start = resolve(given ?? process.env.MAILTRACE_CORPORA ?? 'test/fixtures/mailbed');
  return [start, join(start, 'mailbed')].find((path) => existsSync(join(path, 'truth.json'))) ?? start;
};

const openTrace = async (truth, format) => {
  const { openTracer, parseKeyword, renderJson } = await import('../../dist/index.js');
  const folder = mkdtempSync(join(tmpdir(), 'mailtrace-corpus-'));
  const configPath = join(folder, 'config.yaml');
  writeFileSync(configPath, configFor(truth, format));
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

const runFormat = async (scenarios, truth, format, options) => {
  const { trace, close } = await openTrace(truth, format);
  const totals = { perfect: 0, right: 0, wrong: 0, missing: 0, false: 0 };
  try {
    for (const scenario of scenarios) {
      const result = await scoreScenario(scenario, truth, { ...options, trace });
      totals.perfect += isPerfect(result) ? 1 : 0;
      totals.right += result.right;
      for (const word of ['wrong', 'missing', 'false']) totals[word] += result[word].length;
      const counts = `right ${result.right} wrong ${result.wrong.length} missing ${result.missing.length} false ${result.false.length}`;
      if (options.isVerbose || !isPerfect(result)) console.log(`${scenario.sid} ${scenario.title}: ${counts}`);
      for (const word of ['wrong', 'missing', 'false'])
        for (const text of result[word]) console.log(`    ${word}: ${text}`);
    }
  } finally {
    await close();
  }
  const { perfect, ...counts } = totals;
  const summary = Object.entries(counts)
    .map(([word, count]) => `${word} ${count}`)
    .join(', ');
  console.log(`${format}, by ${options.by}: ${perfect} of ${scenarios.length} scenarios right (${summary})`);
  return perfect === scenarios.length;
};

const main = async () => {
  const { values } = parseArgs({
    options: {
      corpus: { type: 'string' },
      format: { type: 'string', default: 'all' },
      by: { type: 'string', default: 'message-id' },
      'all-mtas': { type: 'boolean', default: false },
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
  const wanted = values.only?.split(',');
  const scenarios = (values.background ? truth.background : truth.scenarios)
    .filter(({ sid }) => wanted === undefined || wanted.includes(sid))
    .filter((scenario) => values['all-mtas'] || isPostfixOnly(scenario, truth.hosts));
  if (scenarios.length === 0) throw new Error('No scenario is left to score.');
  const requiredMtas = new Set(values['all-mtas'] ? ['postfix', 'sendmail', 'exim'] : ['postfix']);
  const options = { by: values.by, isVerbose: values.verbose, requiredMtas, logs: readLogs(truth) };
  let isRight = true;
  for (const format of values.format === 'all' ? FORMATS : [values.format]) {
    isRight = (await runFormat(scenarios, truth, format, options)) && isRight;
  }
  process.exitCode = isRight ? 0 : 1;
};

if (import.meta.url === new URL(`file://${process.argv[1]}`).href) await main();
