/** The verdict as one sentence that a help-desk agent can read out. */
import type { Verdict } from '../domain/chain.js';
import { addressedTo, type DeliveryAttempt, type Transaction } from '../domain/transaction.js';
import type { FinalOutcome } from './verdict.js';

/** Names in a sentence; the rest is counted. */
const NAMES_MAX = 2;
/** A response in a sentence; the table has it whole. */
const RESPONSE_MAX = 160;

const shorten = (text: string, max: number): string => (text.length <= max ? text : `${text.slice(0, max - 1)}…`);

const namesOf = (addresses: readonly string[]): string => {
  const distinct = [...new Set(addresses)];
  const shown = distinct.slice(0, NAMES_MAX).map((address) => shorten(address, 100));
  const rest = distinct.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(' and ');
};

const subjectOf = (entry: Transaction): string => {
  const sender =
    entry.sender === null ? 'unknown sender' : entry.sender === '' ? 'the mail system (null sender)' : entry.sender;
  const to = namesOf(addressedTo([entry]));
  return to === '' ? `The mail from ${sender}` : `The mail from ${sender} to ${to}`;
};

const lastAttempt = (outcome: FinalOutcome | undefined): DeliveryAttempt | undefined =>
  outcome?.recipient?.attempts.at(-1);

const who = (outcome: FinalOutcome): string => outcome.recipient?.address ?? 'a recipient';

const peerOf = (attempt: DeliveryAttempt | undefined, outcome: FinalOutcome): string =>
  attempt?.relay?.host ?? attempt?.relay?.ip ?? outcome.transaction.host;

/** What the far side said, without what the sentence says itself: who said it, the codes, and to which command. */
const saidBy = (response: string): string =>
  response
    .replace(/^host \S{1,512} (?:said|refused to talk to me): /, '')
    .replace(/^[2-5]\d\d[ -](?:[245]\.\d{1,3}\.\d{1,3} )?/, '')
    .replace(/ \(in reply to [^()]{1,80}\)$/, '')
    .trim();

const reasonOf = (outcome: FinalOutcome): string => {
  const attempt = lastAttempt(outcome);
  const said = saidBy(attempt?.response ?? '');
  const quote = said === '' ? '' : `: “${shorten(said, RESPONSE_MAX)}”`;
  const code = [attempt?.replyCode, attempt?.dsn].filter((part) => part != null).join(' ');
  return `${code === '' ? '' : ` with ${code}`}${quote}`;
};

/** Who spoke last; where nobody answered (no relay), only how the try ended. */
const lastAnswer = (outcome: FinalOutcome): string => {
  const attempt = lastAttempt(outcome);
  if (attempt === undefined) return 'no try is logged';
  const isAnswered = attempt.relay !== null || attempt.agent !== null;
  return `${isAnswered ? `last answer from ${peerOf(attempt, outcome)}` : 'the last try ended'}${reasonOf(outcome)}`;
};

const seconds = (ms: number): string => {
  if (ms < 60_000) return `${Math.max(0, Math.round(ms / 100) / 10)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 360_000) / 10} h` : `${Math.round(ms / 86_400_000)} days`;
};

const of = (outcomes: readonly FinalOutcome[], status: string): readonly FinalOutcome[] =>
  outcomes.filter((outcome) => outcome.status === status);

const tries = (count: number): string => (count === 1 ? '1 try' : `${count} tries`);

/** Time from arrival to delivery; clocks of two hosts may differ, so then it is only about right, or nothing is said. */
const tookText = (entry: Transaction, last: FinalOutcome, attempt: DeliveryAttempt): string => {
  const ms = attempt.timeMs - entry.arrivedAtMs;
  if (ms < 0) return '';
  return ` ${last.transaction.host === entry.host ? '' : 'about '}${seconds(ms)} after it came in`;
};

const latest = (outcomes: readonly FinalOutcome[]): FinalOutcome | undefined =>
  [...outcomes].sort((a, b) => (lastAttempt(b)?.timeMs ?? 0) - (lastAttempt(a)?.timeMs ?? 0))[0];

const delivered = (entry: Transaction, outcomes: readonly FinalOutcome[]): string => {
  const last = latest(of(outcomes, 'sent')) ?? outcomes.at(-1);
  const attempt = lastAttempt(last);
  const took = last === undefined || attempt === undefined ? '' : tookText(entry, last, attempt);
  const place =
    last === undefined
      ? ''
      : last.takenBy === null && attempt?.relay == null
        ? `stored on ${last.transaction.host}`
        : `accepted by ${peerOf(attempt, last)}`;
  const tried = last?.recipient?.attempts.length ?? 0;
  const retries = tried > 1 ? `, at try ${tried}` : '';
  if (outcomes.length === 1) return `was delivered: ${place}${took}${retries}.`;
  return `was delivered for all ${outcomes.length} recipients; the last one was ${place}${took}${retries}.`;
};

const bounced = (
  outcomes: readonly FinalOutcome[],
  word: 'bounced' | 'expired' | 'rejected',
  isNotified: boolean,
): string => {
  const failed = of(outcomes, word);
  const first = failed[0] ?? outcomes[0]!;
  const attempt = lastAttempt(first);
  const rest = failed.length > 1 ? ` and ${failed.length - 1} more` : '';
  const told = isNotified ? ' The sender was told by a bounce message.' : '';
  if (word === 'expired') {
    return `was given up after ${tries(first.recipient?.attempts.length ?? 0)} on ${first.transaction.host} for ${who(first)}${rest}; ${lastAnswer(first)}.${told}`;
  }
  // The server itself gave up: no such domain, no such route.
  if (attempt?.relay === null && attempt.agent === null) {
    return `could not be delivered to ${who(first)}${rest}: ${first.transaction.host} gave up${reasonOf(first)}.${told}`;
  }
  return `was refused for good for ${who(first)}${rest} by ${peerOf(attempt, first)}${reasonOf(first)}.${told}`;
};

const deferred = (outcomes: readonly FinalOutcome[]): string => {
  const first = of(outcomes, 'deferred')[0]!;
  const count = first.recipient?.attempts.length ?? 0;
  const rest = of(outcomes, 'deferred').length > 1 ? ` and ${of(outcomes, 'deferred').length - 1} more` : '';
  return `is still waiting on ${first.transaction.host} for ${who(first)}${rest} after ${tries(count)}; ${lastAnswer(first)}. The server keeps trying.`;
};

const partly = (outcomes: readonly FinalOutcome[], isNotified: boolean): string => {
  const failed = outcomes.find(({ status }) => status !== 'sent')!;
  const sent = of(outcomes, 'sent').length;
  const told = isNotified ? ' The sender was told by a bounce message.' : '';
  return `reached ${sent} of ${outcomes.length} recipients; ${who(failed)} ${failed.status} by ${peerOf(lastAttempt(failed), failed)}${reasonOf(failed)}.${told}`;
};

const unknown = (outcomes: readonly FinalOutcome[]): string => {
  const lost = of(outcomes, 'unknown')[0];
  if (lost?.takenBy == null) return 'has an unknown fate: the log lines that would tell it were not found.';
  return lost.gap === 'unreachable'
    ? `was handed to ${lost.takenBy}, whose log could not be read; what became of it for ${who(lost)} is not known.`
    : `was handed to ${lost.takenBy}, whose log does not show what became of it for ${who(lost)}.`;
};

const inProgress = (outcomes: readonly FinalOutcome[]): string => {
  const open = of(outcomes, 'in-progress')[0];
  return open?.takenBy == null
    ? `is on its way: ${placeOf(outcomes, 'in-progress')} has it and has not logged a result yet.`
    : `is on its way: ${open.transaction.host} handed it to ${open.takenBy}, which has not logged it yet.`;
};

const placeOf = (outcomes: readonly FinalOutcome[], status: string): string =>
  (of(outcomes, status)[0] ?? outcomes[0])?.transaction.host ?? 'a server';

const loop = (outcomes: readonly FinalOutcome[]): string => {
  const failed =
    outcomes.find(({ recipient }) => recipient?.attempts.some(({ status }) => status !== 'sent')) ?? outcomes[0];
  return failed === undefined
    ? 'goes round in a loop.'
    : `went round in a loop and was stopped at ${peerOf(lastAttempt(failed), failed)}${reasonOf(failed)}.`;
};

const predicate = (
  verdict: Verdict,
  entry: Transaction,
  outcomes: readonly FinalOutcome[],
  isNotified: boolean,
): string => {
  switch (verdict) {
    case 'delivered':
      return delivered(entry, outcomes);
    case 'partly-delivered':
      return partly(outcomes, isNotified);
    case 'deferred':
      return deferred(outcomes);
    case 'bounced':
    case 'expired':
    case 'rejected':
      return bounced(outcomes, verdict, isNotified);
    case 'discarded':
      return `was accepted and then thrown away on ${placeOf(outcomes, 'discarded')}${reasonOf(of(outcomes, 'discarded')[0] ?? outcomes[0]!)}; nobody was told.`;
    case 'deleted':
      return `was deleted from the queue of ${placeOf(outcomes, 'deleted')} by the postmaster.`;
    case 'held':
      return `is on hold in the queue of ${placeOf(outcomes, 'held')} until the postmaster releases it.`;
    case 'loop':
      return loop(outcomes);
    case 'in-progress':
      return inProgress(outcomes);
    case 'unknown':
      return unknown(outcomes);
  }
};

/** @param isNotified a bounce message about it was made */
export const summarise = (
  verdict: Verdict,
  entry: Transaction,
  outcomes: readonly FinalOutcome[],
  isNotified: boolean,
): string => `${subjectOf(entry)} ${predicate(verdict, entry, outcomes, isNotified)}`;

/** For a person who may not see the recipients: how many came to what end. */
export const summariseCounts = (verdict: Verdict, outcomes: readonly FinalOutcome[]): string => {
  const counts = new Map<string, number>();
  for (const { status } of outcomes) counts.set(status, (counts.get(status) ?? 0) + 1);
  return `Your mail: ${verdict}; of ${outcomes.length} recipients ${[...counts].map(([status, count]) => `${count} ${status}`).join(', ')}.`;
};
