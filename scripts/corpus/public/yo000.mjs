// @ts-nocheck Plain JSON in, plain data out.
// yo000/postfix-log-parser: whole logs, and what became of each message in them. The lines go through parsers and fold.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFold } from '../../../dist/trace/fold.js';
import { reasonOf } from './postfix-places.mjs';
import { readLines } from './read-lines.mjs';
import { createTally } from './tally.mjs';

/** Log and expectation. */
const LOGS = [
  { log: 'test.log', expected: 'test.146.out', hasTimes: false },
  { log: 'test-iso8601.log', expected: 'test-iso8601.log.146.out', hasTimes: true },
  { log: 'test-milter.log', expected: 'test-milter.146.out', hasTimes: true },
];

const TIMELESS = "the corpus reads stamps without a year as of the year 0 at +00:09, which is nobody's time";
const METHOD = 'by which mechanism a client logged in; its name is kept';
const PROCESS = "process number of the server: it joins a session's lines, and is not shown";

/** What the corpus calls the state of a recipient. */
const STATUS = { 'milter-reject': 'rejected', 'milter-hold': 'held', 'postfix-ratelimit': 'rejected' };
const ONLY_HOLD = 'of a held message that program knows the line of the milter alone; ours knows the arrival before it';
const DAMAGED = 'the line is damaged: its stamp lacks the first digit, so that it has no time';

const addressOf = (client) => ({ name: client?.name ?? 'unknown', ip: client?.ip ?? '' });

const timeFault = (expected, gotMs) =>
  Date.parse(expected) === gotMs ? expected : String(new Date(gotMs ?? 0).toISOString());

const judgeMessage = (message, { transaction, rejects }, hasTimes, check) => {
  const want = STATUS[message.status] ?? message.status;
  const reject = rejects.find(({ recipient }) => (recipient ?? '') === message.to);
  const recipient = transaction?.recipients.find(({ address }) => address === message.to);
  const attempt = recipient?.attempts.at(-1);
  check.field('to', message.to, recipient?.address ?? (reject === undefined ? undefined : (reject.recipient ?? '')));
  check.field('status', want, recipient?.status ?? (reject === undefined ? transaction?.state : 'rejected'));
  if (hasTimes)
    check.field(
      'time',
      message.time,
      timeFault(message.time, attempt?.timeMs ?? reject?.timeMs ?? transaction?.lastSeenMs),
    );
  else check.withoutPlace('time', TIMELESS);
  const said = attempt?.response ?? reject?.text;
  if (said) check.field('message', said, message.message.includes(said) ? said : message.message);
  if (message.bounce_id === '') return;
  check.field('bounce_id', message.bounce_id, transaction?.notices.find(({ kind }) => kind === 'failure')?.queueId);
};

const judgeTransaction = (record, transaction, hasTimes, check) => {
  const isOnlyHold = record.messages[0].status === 'milter-hold';
  // The corpus leaves size and number of recipients empty where the sender is the null sender.
  const isNull = transaction.sender === '';
  check.field('sasl_username', record.sasl_username, transaction.client?.sasl ?? '');
  check.field('size', record.size, isNull ? '' : String(transaction.sizeBytes ?? ''));
  check.field('nrcpt', record.nrcpt, isNull ? '' : String(transaction.recipientCount ?? ''));
  if (isOnlyHold) {
    check.withoutPlace('message_id', ONLY_HOLD);
    check.withoutPlace('time', ONLY_HOLD);
    return;
  }
  check.field('message_id', record.message_id, transaction.messageId ?? '');
  if (hasTimes) check.field('time', record.time, timeFault(record.time, transaction.arrivedAtMs));
};

const judgeRecord = (record, found, hasTimes, check) => {
  const { transaction, rejects } = found;
  const first = transaction ?? rejects[0];
  if (first === undefined) return check.miss('no transaction and no refusal');
  const client = addressOf(first.client);
  check.field('hostname', record.hostname, first.host);
  check.field('client_hostname', record.client_hostname, client.name);
  check.field('client_ip', record.client_ip, client.ip);
  check.field('from', record.from, transaction?.sender ?? rejects[0]?.sender ?? '');
  check.withoutPlace('process', PROCESS);
  check.withoutPlace('sasl_method', METHOD);
  if (!hasTimes) check.withoutPlace('time', TIMELESS);
  if (transaction !== undefined) judgeTransaction(record, transaction, hasTimes, check);
  for (const message of record.messages) judgeMessage(message, found, hasTimes, check);
  return undefined;
};

const scoreLog = (folder, { log, expected, hasTimes }, tally) => {
  const lines = readFileSync(join(folder, log), 'utf8').split('\n').filter(Boolean);
  const read = readLines(lines, { nearMs: Date.parse('2020-10-10T15:59:30Z') });
  const fold = createFold(1000);
  for (const { raw, record, outcome } of read) {
    if (record === null && /^\d{3}-\d\d-\d\dT/.test(raw)) {
      tally.leaveOut(DAMAGED);
      continue;
    }
    tally.judge(`${log} line`, (check) => {
      if (outcome.kind === 'unknown') check.miss(`not understood: ${raw}`);
      if (outcome.kind === 'ignored' && reasonOf(record.text) === undefined) check.miss(`makes no event: ${raw}`);
    });
    if (outcome.kind === 'events') fold.add(record, outcome.events);
  }
  const { transactions, rejects } = fold.result();
  const records = readFileSync(join(folder, expected), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((row) => JSON.parse(row));
  for (const record of records) {
    const isOf = ({ host, queueId }) => host === record.hostname && (queueId ?? '') === record.queue_id;
    const found = { transaction: transactions.find(isOf), rejects: rejects.filter(isOf) };
    tally.judge(`${log} ${record.queue_id}`, (check) => judgeRecord(record, found, hasTimes, check));
  }
};

/** @param {string} folder that of the public corpora */
export const scoreYo000 = (folder) => {
  const tally = createTally('yo000-postfix-log-parser');
  for (const log of LOGS) scoreLog(join(folder, 'yo000-postfix-log-parser/test'), log, tally);
  return tally.result();
};
