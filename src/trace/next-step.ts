/** Where to look next: which machine, which queue, which parameter; with the commands of that machine's MTA. */
import { fillAdvice, isPlainWord, type Peer, peerWanted, SMTP_PORT } from '../domain/advice.js';
import type { Verdict } from '../domain/chain.js';
import { explainCode } from '../domain/status-code.js';
import type { DeliveryAttempt } from '../domain/transaction.js';
import { inDialect, queueCommands } from './mta-commands.js';
import { type FinalOutcome, queueIdOf } from './verdict.js';

export type NextStepInput = Readonly<{
  verdict: Verdict;
  outcomes: readonly FinalOutcome[];
  /** Is this a machine of ours, by the name or address that a log calls it? Its name then; else null. */
  ownName: (name: string) => string | null;
}>;

const peerOf = ({ relay, response }: DeliveryAttempt): Peer | null =>
  relay === null
    ? peerWanted(response ?? '')
    : { host: relay.host ?? relay.ip ?? '', port: String(relay.port ?? SMTP_PORT) };

/** Where an MTA logs no code (Exim), the words of a failure that every system uses. */
const codeByWords = (response: string): string => {
  if (/connection (?:timed out|refused|reset)|no route to host|network is unreachable|timeout/i.test(response))
    return '4.4.1';
  if (/host lookup|lookup failed|name server|dns/i.test(response)) return '4.4.3';
  return '';
};

const codeOf = ({ replyCode, dsn, response }: DeliveryAttempt): string => {
  const logged = [replyCode, dsn].filter((part) => part !== null).join(' ');
  return logged === '' ? codeByWords(response ?? '') : logged;
};

/** The last answer that says something: when it gives up, an MTA may log nothing but that. */
const tellingAttempt = ({ recipient }: FinalOutcome): DeliveryAttempt | undefined =>
  recipient?.attempts.findLast((attempt) => attempt.status !== 'sent' && codeOf(attempt) !== '') ??
  recipient?.attempts.at(-1);

/** What the codes of the last answer advise; null when it had none. */
const adviceOf = (outcome: FinalOutcome): string | null => {
  const attempt = tellingAttempt(outcome);
  if (attempt === undefined) return null;
  const code = codeOf(attempt);
  const advice = code === '' ? null : (explainCode(code, attempt.response ?? undefined)?.lookNext ?? null);
  if (advice === null) return null;
  const { mta } = outcome.transaction;
  const recipient = outcome.recipient?.address ?? null;
  const filled = fillAdvice(inDialect(advice, mta, queueIdOf(outcome)), recipient, peerOf(attempt));
  // Routing (X.4.y) and X.1.2 are about the domain of the recipient.
  const domain = /@([A-Za-z0-9.-]{1,253})$/.exec(recipient ?? '')?.[1];
  return /[45]\.(?:4\.\d+|1\.2)$/.test(code) && domain !== undefined && isPlainWord(domain)
    ? filled.replaceAll(/\bDOMAIN\b/g, domain)
    : filled;
};

/** What one would do on a server of one's own; a full stop inside a word ends no sentence. */
const OWN_SERVER = /On your own server(?:[^.]|\.(?=\S))*\. (?=[A-Z])/;

/** Says which machine the advice is for: the one that refused, when it is ours; else the one that had to give up. */
const placed = (advice: string, outcome: FinalOutcome, { ownName }: NextStepInput): string => {
  const { host } = outcome.transaction;
  const attempt = tellingAttempt(outcome);
  // Who gave no answer refused nothing: the fault is on this side, or in between.
  const relay = attempt?.replyCode == null ? null : attempt.relay;
  const far = relay?.host ?? relay?.ip ?? null;
  const own = far === null ? host : (ownName(relay?.host ?? '') ?? ownName(relay?.ip ?? ''));
  if (own === null) return `${far} is not one of your machines. ${advice.replace(OWN_SERVER, '')}`;
  const here = advice
    .replace(/^(?:From|On) the (?:sending host|host that logged it):? /, '')
    .replace(
      /(^|[.;] )On your own server:? (\S)/,
      (_, before: string, next: string) => `${before}${next.toUpperCase()}`,
    )
    .replace(/ On a foreign server(?:[^.]|\.(?=\S))*\.$/, '');
  return own === host ? `On ${host}: ${here}` : `On ${own}, which refused it: ${here}`;
};

/** The message is gone: there is nothing left in the queue that could be tried again. */
const withoutRetry = (advice: string | null): string | null =>
  advice?.replace(
    /[;,] (?:when it works again|then|and then) `(?:postqueue -i|exim -M|sendmail -v|smtpctl)[^`]*`/,
    '',
  ) ?? null;

const failed = (outcome: FinalOutcome, input: NextStepInput): string => {
  const { host, mta } = outcome.transaction;
  const advice = withoutRetry(adviceOf(outcome));
  if (advice === null) return `On ${host}: ${queueCommands(mta, queueIdOf(outcome)).inLog}.`;
  return placed(advice, outcome, input);
};

const deferred = (outcome: FinalOutcome): string => {
  const { host, mta } = outcome.transaction;
  const queueId = queueIdOf(outcome);
  const { list, show, force } = queueCommands(mta, queueId);
  const advice = adviceOf(outcome);
  const tail = advice === null ? '' : ` ${advice}`;
  const detail = mta === 'exim' && show !== null ? `, ${show} tells its tries` : '';
  const way = force === null ? '' : `, ${force} forces one`;
  return `On ${host}: ${list} shows ${queueId}${detail}; the next try comes by itself${way}.${tail}`;
};

const held = (outcome: FinalOutcome): string => {
  const { host, mta } = outcome.transaction;
  const { list, show, release, remove } = queueCommands(mta, queueIdOf(outcome));
  const parts = [
    show === null ? `${list} lists the message` : `${show} shows the message`,
    ...(release === null ? [] : [`${release} releases it`]),
    ...(remove === null ? [] : [`${remove} deletes it`]),
  ];
  return `On ${host}: ${parts.join(', ')}.`;
};

const inProgress = (outcome: FinalOutcome): string => {
  const { takenBy, transaction } = outcome;
  const { host, mta } = transaction;
  const queueId = queueIdOf(outcome);
  if (takenBy !== null) return `Ask again in a minute; then look in the log of ${takenBy}.`;
  return `Ask again in a minute; on ${host}, ${queueCommands(mta, queueId).list} shows whether ${queueId} is still in the queue.`;
};

const lost = (outcome: FinalOutcome): string => {
  const { takenBy, transaction } = outcome;
  const { host, mta } = transaction;
  const queueId = queueIdOf(outcome);
  return takenBy === null
    ? `On ${host}: ${queueCommands(mta, queueId).inLog}.`
    : `Look in the log of ${takenBy}: it took the message over from ${host} (${queueId}).`;
};

/** Which of the places that throw mail away it was, as far as its words tell. */
const discarded = ({ transaction: { host, filters }, recipient }: FinalOutcome): string => {
  const attempt = recipient?.attempts.at(-1);
  const said = attempt?.response ?? '';
  const again = 'the sender has to send again after it is changed.';
  const isAmavis =
    /\bid=[\w-]{1,64} - |^(?:Blocked|Discarded)\b/.test(said) || filters.some(({ source }) => source === 'amavis');
  if (isAmavis) {
    return `On ${host}: amavis threw it away; its quarantine may have it (amavisd-release), and $final_banned_destiny, $final_spam_destiny or $final_virus_destiny decides; ${again}`;
  }
  if (said === 'silently' || attempt?.agent === 'discard') {
    const address = recipient === null || !isPlainWord(recipient.address) ? 'ADDRESS' : recipient.address;
    return `On ${host}: transport_maps or relayhost sends it to the discard transport (\`postmap -q ${address}\` on transport_maps, also by its domain); ${again}`;
  }
  return `Look on ${host} for the rule or filter that discards (header_checks, access tables, amavis, milters); ${again}`;
};

/** @returns null when nothing is to be done */
export const nextStepOf = (input: NextStepInput): string | null => {
  const { verdict, outcomes } = input;
  const outcome = outcomes.find(({ status }) => status !== 'sent') ?? outcomes[0];
  if (outcome === undefined) return null;
  const { host, mta } = outcome.transaction;
  switch (verdict) {
    case 'delivered':
      return null;
    case 'deferred':
      return deferred(outcomes.find(({ status }) => status === 'deferred') ?? outcome);
    case 'held':
      return held(outcomes.find(({ status }) => status === 'held') ?? outcome);
    case 'in-progress':
      return inProgress(outcomes.find(({ status }) => status === 'in-progress') ?? outcome);
    case 'unknown':
      return lost(outcomes.find(({ status }) => status === 'unknown') ?? outcome);
    case 'deleted': {
      const remove = queueCommands(mta, queueIdOf(outcome)).remove;
      const what = remove === null ? 'deleted it' : `ran ${remove.replace(/ \S+$/, '')}`;
      return `Ask who ${what} on ${host}; the sender was not told and has to send again.`;
    }
    case 'discarded':
      return discarded(outcomes.find(({ status }) => status === 'discarded') ?? outcome);
    case 'loop':
      return 'Compare the routes (transport, relayhost, aliases, .forward) of the hosts in the loop: each sends this address to the other.';
    default:
      return failed(outcome, input);
  }
};
