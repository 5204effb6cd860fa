// @ts-nocheck Plain text in, plain data out.
// sergeymakinen/postfix_exporter: a log, some of it malformed, and the counters that it must give. We count events.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from './postfix-places.mjs';
import { readLines } from './read-lines.mjs';
import { createTally } from './tally.mjs';

/** Lines of that log that no Postfix writes. They must stay unknown: counted and shown, never taken for something else. */
const OUT_OF_SCOPE = [
  [/^#/, 'a comment of the corpus'],
  [/: (?:foo|Unsupported|NOQUEUE: reject: Unsupported)$/, 'made up to be not understood; it stays unknown'],
  [
    /^(?:Jan: 1 |Foo 1 |Jan 1 00:00:00$|Jan$)|postfix\/postscreen(?:\[12345)?$/,
    'made up to have a broken header; it stays unknown',
  ],
  [
    /: 123456789AB: user@example\.com, relay=/,
    'a delivery line without `to=`, which no Postfix writes; it stays unknown',
  ],
];

const seconds = (ms) => ms / 1000;
const daemon = ({ program }) => program.split('/').at(-1);

/** The events of the log, and what each metric of the corpus is in our model. */
const countersOf = (rows) => {
  const all = (kind, test = () => true) => rows.filter(({ event }) => event.kind === kind && test(event));
  const counters = new Map();
  const add = (name, labels, by = 1) => {
    const key = `${name}{${Object.entries(labels)
      .map(([label, value]) => `${label}="${value}"`)
      .join(',')}}`;
    counters.set(key, Number(((counters.get(key) ?? 0) + by).toFixed(6)));
  };
  for (const [name, step] of [
    ['connects', 'connect'],
    ['disconnects', 'disconnect'],
    ['lost_connections', 'lost'],
  ])
    for (const { record } of all('session', (event) => event.step === step))
      add(`postfix_${name}_total`, { subprogram: daemon(record) });
  for (const { record } of all('reject', ({ stage }) => stage === 'AUTH'))
    add('postfix_login_failures_total', { method: 'LOGIN', subprogram: daemon(record) });
  for (const { event, record } of all('delivery')) {
    add('postfix_statuses_total', { status: event.status, subprogram: daemon(record) });
    add('postfix_delay_seconds_sum', { status: event.status, subprogram: daemon(record) }, seconds(event.delayMs));
    add('postfix_delay_seconds_count', { status: event.status, subprogram: daemon(record) });
  }
  for (const { event } of all('expired')) add('postfix_qmgr_statuses_total', { status: event.kind });
  for (const { record } of all('reject', ({ queueId }) => queueId !== null))
    add('postfix_milter_actions_total', { action: 'reject', subprogram: daemon(record) });
  for (const { event, record } of all('reject', ({ queueId, stage }) => queueId === null && stage !== 'AUTH')) {
    if (daemon(record) === 'postscreen') add('postfix_postscreen_actions_total', { action: `NOQUEUE: ${event.stage}` });
    else
      add('postfix_noqueue_reject_replies_total', {
        code: event.replyCode,
        command: event.stage,
        enhanced_code: event.dsn,
        subprogram: daemon(record),
      });
  }
  return counters;
};

const NO_PLACE = [
  [/quantile=/, 'quantiles; sum and count of the same delays are compared'],
  [
    /^postfix_logs_total|^postfix_unsupported_total/,
    'lines by severity and daemon: ours are counted by host, see the cases',
  ],
  [/^postfix_not_resolved_hostnames_total/, "a note beside the client's address; it decides nothing about a message"],
  [
    /^postfix_postscreen_actions_total\{action="(?!NOQUEUE)/,
    'postscreen looking at a client before any mail; what it refuses is a reject line of its own',
  ],
  [
    /^postfix_(?:smtp|status)_replies_total/,
    'texts of replies sorted by the rules in postfix.yml; the reply is kept as logged',
  ],
];

/** The text of a refusal is sorted by rules of the corpus: without it, the number of refusals is compared. */
const metricsOf = (text) => {
  const metrics = new Map();
  for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('#'))) {
    const [, name, value] = /^(.*) (\S+)$/.exec(line);
    const key = name.replace(/^(postfix_noqueue_reject_replies_total\{.*),text="[^"]*"\}$/, '$1}');
    metrics.set(key, (metrics.get(key) ?? 0) + Number(value));
  }
  return metrics;
};

const judgeLine = ({ raw, record, outcome }, tally) => {
  const scope = OUT_OF_SCOPE.find(([pattern]) => pattern.test(raw))?.[1];
  if (scope !== undefined && outcome.kind === 'unknown') return tally.leaveOut(scope);
  return tally.judge(raw.slice(0, 120), (check) => {
    if (scope !== undefined) check.miss(`read as ${outcome.kind}, though ${scope}`);
    if (outcome.kind === 'unknown') check.miss('not understood');
    if (outcome.kind === 'ignored' && reasonOf(record.text) === undefined) check.miss('understood, but makes no event');
  });
};

/** Two delivery lines of the corpus have no recipient: they are counted there and not here. */
const WITHOUT_RECIPIENT = /status="deferred"/;

/** @param {string} folder that of the public corpora */
export const scoreExporter = (folder) => {
  const tally = createTally('sergeymakinen-postfix_exporter');
  const data = join(folder, 'sergeymakinen-postfix_exporter/exporter/testdata');
  const read = readLines(readFileSync(join(data, 'mail.log'), 'utf8').split('\n').filter(Boolean), {
    nearMs: Date.parse('2023-01-01T00:00:00Z'),
  });
  for (const line of read) judgeLine(line, tally);
  const rows = read.flatMap(({ record, outcome }) =>
    outcome.kind === 'events' ? outcome.events.map((event) => ({ record, event })) : [],
  );
  const counters = countersOf(rows);
  const metrics = metricsOf(readFileSync(join(data, 'metrics-with-config.txt'), 'utf8'));
  for (const name of new Set([...metrics.keys(), ...counters.keys()])) {
    tally.judge(name, (check) => {
      const reason = NO_PLACE.find(([pattern]) => pattern.test(name))?.[1];
      if (reason !== undefined) check.withoutPlace(name.replace(/[{].*/, ''), reason);
      else if (WITHOUT_RECIPIENT.test(name)) check.withoutPlace(name.replace(/[{].*/, ''), OUT_OF_SCOPE[3][1]);
      else check.field('count', metrics.get(name) ?? 0, counters.get(name) ?? 0);
    });
  }
  return tally.result();
};
