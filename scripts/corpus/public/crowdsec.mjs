// @ts-nocheck Plain text in, plain data out.
// crowdsecurity/hub: lines of many programs, and what its parsers find in them (parser.assert).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from './postfix-places.mjs';
import { readLines } from './read-lines.mjs';
import { createTally } from './tally.mjs';

/** Programs that carry no mail from host to host, or none of the fleet's: by the suite's name. */
const OUT_OF_SCOPE = [
  [/^exchange-/, 'Microsoft Exchange: protocol logs of logins, with no message in them'],
  [/^mailcow-f2b-/, 'the ban list of a firewall'],
  [/^mailu-admin-/, 'rate limits of a web front end'],
  [/^nginx-mail-/, 'nginx as a proxy of mail clients: logins and connections, with no message in them'],
  [/^zimbra-/, "logins at Zimbra's mailbox server, with no message in them"],
];

const LOGIN = 'logins of mail clients (IMAP, POP3): no mail passes in them';
const PORT = 'clients are told by their address; a port says nothing a week later';
const NOTE = "a note beside the client's address; it decides nothing about a message";
const FILTER = 'what a filter repeats of the transaction it looked at; its result and score are kept';
const SORTED = 'names that the corpus gives to lines, hosts and files';

/** Field of parser.assert → what an event says. */
const PLACES = {
  source_ip: ({ client }) => client?.ip,
  remote_addr: ({ client }) => client?.ip,
  remote_host: ({ client }) => client?.name ?? 'unknown',
  source_hostname: ({ client }) => client?.name ?? 'unknown',
  source_dns: ({ client }) => client?.name ?? undefined,
  source_user: ({ sender }) => sender,
  // A login that failed names the account; a refusal the recipient.
  target_user: ({ recipient, client }) => recipient ?? client?.sasl,
  username: ({ recipient, client }) => recipient ?? client?.sasl,
  action: ({ kind }) => kind,
  reason: ({ text }, part) => (text.includes(part) ? part : text),
  message_failure: ({ text }, part) => (text.endsWith(part) ? part : text),
  smtp_basic_status_code: ({ replyCode }) => String(replyCode),
  smtp_enhanced_status_code: ({ dsn }) => dsn,
  smtp_return_codes: ({ replyCode, dsn }) => `${replyCode} ${dsn}`,
  command: ({ stage }) => stage,
  rbl_url: ({ text }, part) => (text.includes(part) ? part : text),
  rate_limit: ({ text }, part) => (text.includes(part) ? part : text),
  target_port: ({ text }, part) => (text.includes(part) ? part : text),
  from: ({ sender }) => sender,
  to: ({ recipient }) => recipient,
  spam_score: ({ filter }) => filter?.score?.toFixed(6),
  message_id: ({ queueId }) => queueId,
  kvItems: ({ sender, recipient }, text) =>
    text.startsWith(`from=<${sender}> to=<${recipient}> `) ? text : `from=<${sender}> to=<${recipient}>`,
};
const NO_PLACE = {
  source_port: PORT,
  port: PORT,
  helo: NOTE,
  source_helo: NOTE,
  tls_cipher: NOTE,
  exim_auth: 'by which mechanism a client logged in; its name is kept',
  from_email: FILTER,
  to_domain: FILTER,
  spam_reason: FILTER,
  acl: 'the name of the rule; stage and text of the refusal are kept',
  ...Object.fromEntries(
    [
      'program',
      'pid',
      'message',
      'timestamp',
      'timestamp8601',
      'logsource',
      'datasource_path',
      'datasource_type',
      'log_type',
      'log_type_enh',
      'service',
      'machine',
      'date',
      'exim_day',
      'exim_month',
      'exim_time',
      'exim_year',
    ].map((field) => [field, SORTED]),
  ),
};
const EXIM_LINE = [
  [/ sender verify fail for </, 'Exim checking a sender; what it refuses is a reject line of its own'],
];

const scopeOf = (suite) => OUT_OF_SCOPE.find(([pattern]) => pattern.test(suite))?.[1];

/** `results["s01-parse"]["p"][0].Evt.Parsed["f"] == "v"` → by entry: field → value. */
const expectationsOf = (path) => {
  const entries = new Map();
  if (!existsSync(path)) return [];
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const match =
      /^results\["s01-parse"\]\["([^"]+)"\]\[(\d+)\]\.(Success|Evt\.(?:Parsed|Meta)\["([^"]+)"\]) == (.*)$/.exec(line);
    if (match === null) continue;
    const [, parser, index, what, field, value] = match;
    const key = `${parser} ${index}`;
    if (!entries.has(key)) entries.set(key, { isSuccess: false, fields: new Map() });
    if (what === 'Success') entries.get(key).isSuccess = value === 'true';
    else entries.get(key).fields.set(field, JSON.parse(value));
  }
  return [...entries.values()].filter(({ isSuccess }) => isSuccess).map(({ fields }) => fields);
};

const judgeFields = (event, fields, check) => {
  for (const [field, expected] of fields) {
    if (event.kind === 'filter' && field === 'source_ip') check.withoutPlace(field, FILTER);
    else if (PLACES[field]) check.field(field, expected, PLACES[field](event, expected));
    else check.withoutPlace(field, NO_PLACE[field]);
  }
};

const judgeLine = ({ raw, record, outcome }, fields, check) => {
  if (outcome.kind === 'unknown') return check.miss(`not understood: ${raw}`);
  if (outcome.kind === 'events')
    return fields === undefined ? undefined : judgeFields(outcome.events[0], fields, check);
  const isLogin = record.program.startsWith('dovecot');
  const reason = isLogin ? LOGIN : (reasonOf(record.text) ?? EXIM_LINE.find(([pattern]) => pattern.test(raw))?.[1]);
  if (reason === undefined) return check.miss(`understood, but makes no event: ${raw}`);
  for (const field of fields?.keys() ?? []) check.withoutPlace(field, NO_PLACE[field] === SORTED ? SORTED : reason);
  return undefined;
};

const scoreSuite = (folder, suite, tally) => {
  const logs = readdirSync(folder).filter((name) => name.endsWith('.log'));
  const lines = logs.flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== ''),
  );
  const reason = scopeOf(suite);
  if (reason !== undefined) return tally.leaveOut(reason, lines.length);
  // Some suites assert that a line was read, and nothing of what it says.
  const expected = expectationsOf(join(folder, 'parser.assert')).filter((fields) => fields.has('message'));
  for (const line of readLines(lines, { nearMs: Date.parse('2024-07-01T00:00:00Z') })) {
    const fields = expected.find((each) => line.raw.endsWith(each.get('message')));
    tally.judge(`${suite}: ${line.raw.slice(0, 100)}`, (check) => judgeLine(line, fields, check));
  }
  for (const fields of expected) {
    if (!lines.some((line) => line.endsWith(fields.get('message'))))
      tally.judge(suite, (check) => check.miss(`no line for ${fields.get('message')}`));
  }
  return undefined;
};

/** @param {string} folder that of the public corpora */
export const scoreCrowdsec = (folder) => {
  const tally = createTally('crowdsec-hub');
  const tests = join(folder, 'crowdsec-hub/.tests');
  for (const suite of readdirSync(tests).sort()) scoreSuite(join(tests, suite), suite, tally);
  return tally.result();
};
