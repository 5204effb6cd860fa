/** What went through and still deserves a look: answers other than a plain 250, filters' marks, copies that may have gone twice. */
import type { Chain, Finding } from '../domain/chain.js';
import type { HostName } from '../domain/ids.js';
import type { DeliveryAttempt, Transaction } from '../domain/transaction.js';
import type { FinalOutcome } from './verdict.js';

/** A response in a finding; the table has it whole. */
const QUOTE_MAX = 120;

const quote = (text: string): string => (text.length <= QUOTE_MAX ? text : `${text.slice(0, QUOTE_MAX - 1)}…`);

/** Addresses, ids and what a reply says of the next queue ID are not the server's own words. */
const wordsOf = (response: string): string =>
  response
    .slice(0, 2048)
    .replace(/<[^<>]*>/g, ' ')
    .replace(/[^\s@]{1,300}@\S{1,300}/g, ' ')
    .replace(/\bqueued (?:as|mail for delivery)\b.*$/i, ' ');

/** A server that says so took the mail and does something else with it than deliver it now. */
const ODD_WORDS =
  /\b(?:discard(?:ed|ing)?|dropp(?:ed|ing)|blackholed?|silently|ignored|quarantined?|moderat(?:ion|ed|or)|pending approval|awaiting approval|held|on hold|delayed|junk(?:ed)?|suspected spam|marked as spam|virus)\b/i;

const DEV_NULL = /(?:^|[\s:])\/dev\/null\b/;

const REPLIES: Readonly<Record<number, string>> = {
  251: 'the server forwards it to another address that the sender does not see',
  252: 'the server did not check whether the recipient exists',
};

/** Why a final answer of success is not a plain 250; null when it is one. */
const oddityOf = ({ status, replyCode, dsn, response, relay, by }: DeliveryAttempt): string | null => {
  if (status !== 'sent') return null;
  const text = response ?? '';
  if (DEV_NULL.test(text)) return 'it was written to /dev/null: nobody has it';
  if (relay === null && by === 'local') return null;
  if (replyCode !== null && replyCode !== 250) return REPLIES[replyCode] ?? `the reply code is ${replyCode}, not 250`;
  const word = ODD_WORDS.exec(wordsOf(text))?.[0];
  if (word !== undefined) return `the answer says “${word}”`;
  return dsn !== null && /^2\.7\.\d+$/.test(dsn) ? `the status code ${dsn} is that of a policy or filter` : null;
};

const peerOf = ({ relay }: DeliveryAttempt, host: string): string => relay?.host ?? relay?.ip ?? host;

const warn = (code: Finding['code'], host: HostName | null, text: string): Finding => ({
  code,
  severity: 'warning',
  text,
  host,
});

type Grouped = { finding: (whom: string) => Finding; whom: string[] };

/** One finding for all recipients of whom the same is true. */
const createGroups = () => {
  const groups = new Map<string, Grouped>();
  return {
    add: (key: string, whom: string, finding: (whom: string) => Finding): void => {
      const group = groups.get(key) ?? { finding, whom: [] };
      group.whom.push(whom);
      groups.set(key, group);
    },
    findings: (): readonly Finding[] =>
      [...groups.values()].map(({ finding, whom }) => {
        const names = [...new Set(whom)];
        return finding(names.length > 1 ? `${names[0]} and ${names.length - 1} more` : (names[0] ?? 'a recipient'));
      }),
  };
};

const oddAnswers = (outcomes: readonly FinalOutcome[]): readonly Finding[] => {
  const groups = createGroups();
  for (const { transaction, recipient } of outcomes) {
    const attempt = recipient?.attempts.at(-1);
    if (recipient === null || attempt === undefined) continue;
    const oddity = oddityOf(attempt);
    if (oddity === null) continue;
    const { host, queueId } = transaction;
    const peer = peerOf(attempt, host);
    const said = attempt.response === null || attempt.response === '' ? '' : `: “${quote(attempt.response)}”`;
    groups.add(`${host} ${queueId} ${peer} ${oddity}`, recipient.address, (whom) =>
      warn('non-250', host, `${peer} accepted it for ${whom}, but ${oddity}${said} (${queueId} on ${host}).`),
    );
  }
  return groups.findings();
};

const isInDoubt = ({ status, response }: DeliveryAttempt): boolean =>
  status === 'deferred' && (response ?? '').includes('message may be sent more than once');

/** Postfix smtp_proto.c: the connection broke after the whole message was sent, and it was sent again. */
const duplicates = (transactions: readonly Transaction[]): readonly Finding[] => {
  const groups = createGroups();
  for (const { host, queueId, recipients } of transactions) {
    for (const { address, attempts } of recipients) {
      const at = attempts.findIndex(isInDoubt);
      if (at === -1 || !attempts.slice(at + 1).some(({ status }) => status === 'sent')) continue;
      const peer = peerOf(attempts[at]!, host);
      groups.add(`${host} ${queueId} ${peer}`, address, (whom) =>
        warn(
          'possible-duplicate',
          host,
          `${peer} had all of ${queueId} when the connection broke, and ${host} sent it again: ${whom} may have it twice.`,
        ),
      );
    }
  }
  return groups.findings();
};

/** Words with which filters let a message through. */
const HARMLESS =
  /\bMTA-BLOCKED$|^(?:no action|accept(?:ed)?|pass(?:ed)?(?: clean)?|clean|ham|none|ok|dunno|signed?|verified|success|sieve|stored|fileinto)$/i;
const MARKED =
  /spam|junk|virus|infected|banned|quarantin|reject|discard|soft reject|greylist|blocked|fail|bad-?header|tempfail/i;
const MARKED_EXACTLY = /^(?:add header|rewrite subject)$/i;

const filterMarks = (transactions: readonly Transaction[]): readonly Finding[] => {
  const seen = new Map<string, Finding>();
  for (const { host, filters } of transactions) {
    for (const { source, action, score } of filters) {
      const isMark = MARKED_EXACTLY.test(action) || (MARKED.test(action) && !HARMLESS.test(action));
      if (!isMark) continue;
      const points = score === null ? '' : ` with score ${score}`;
      const text = `${source} on ${host} said “${quote(action)}”${points}: look in the spam folder or quarantine too.`;
      seen.set(`${source} ${host} ${action}`, { code: 'filtered', severity: 'info', text, host });
    }
  }
  return [...seen.values()];
};

export const findRedFlags = (
  transactions: readonly Transaction[],
  outcomes: readonly FinalOutcome[],
): readonly Finding[] => [...oddAnswers(outcomes), ...duplicates(transactions), ...filterMarks(transactions)];

const FAILED: ReadonlySet<Chain['verdict']> = new Set(['bounced', 'expired', 'rejected', 'partly-delivered', 'loop']);
const LOST: ReadonlySet<Chain['verdict']> = new Set(['bounced', 'expired', 'rejected', 'discarded', 'deleted', 'loop']);

/** MTAs whose log says when they make a bounce. */
const TELLING: ReadonlySet<Transaction['mta']> = new Set(['postfix', 'sendmail', 'exim']);

const failedAt = ({ transactions }: Chain): Transaction | undefined =>
  transactions.find(({ recipients }) => recipients.some(({ status }) => status === 'bounced' || status === 'expired'));

/**
 * Did the sender hear of it? @param bounces the messages that told him, as far as they are at hand
 */
export const senderNotTold = (chain: Chain, bounces: readonly Chain[]): readonly Finding[] => {
  const at = failedAt(chain);
  if (!FAILED.has(chain.verdict) || at === undefined || !TELLING.has(at.mta)) return [];
  const lost = bounces.find(({ verdict }) => LOST.has(verdict));
  if (lost !== undefined && bounces.every(({ verdict }) => LOST.has(verdict))) {
    return [
      warn('sender-not-told', at.host, `The bounce message to the sender did not arrive either (${lost.verdict}).`),
    ];
  }
  const isNotified = bounces.length > 0 || chain.transactions.some(({ notices }) => notices.length > 0);
  const isCut = chain.findings.some(({ code }) => code === 'limit');
  if (isNotified || isCut || !at.removed) return [];
  const sender = at.sender;
  if (sender === '') {
    const text = `${at.queueId} on ${at.host} has the null sender: nobody is told that it failed.`;
    return [{ code: 'sender-not-told', severity: 'info', text, host: at.host }];
  }
  return [
    warn('sender-not-told', at.host, `${at.host} logged no bounce message for ${at.queueId}: the sender may not know.`),
  ];
};
