/**
 * When an MTA that still has a message tries again. The log does not say: what is told here follows from the MTA's own rule,
 * with the configured times, with those the tries so far show, or with its defaults, and says which. Where there is no rule to
 * go by, nothing is told.
 */
import type { Architecture, RetrySettings } from '../domain/architecture.js';
import type { Finding, RetryEstimate } from '../domain/chain.js';
import { queueFilesOf, type Transaction } from '../domain/transaction.js';
import { formatSeconds } from './duration-text.js';

/** postconf(5): minimal_backoff_time, maximal_backoff_time, queue_run_delay, maximal_queue_lifetime. */
const POSTFIX = { minimalMs: 300_000, maximalMs: 4_000_000, scanMs: 300_000, lifetimeMs: 5 * 86_400_000 } as const;
/** The retry rule of Exim's default configuration: `* * F,2h,15m; G,16h,1h,1.5; F,4d,6h`. */
const EXIM = {
  firstUntilMs: 2 * 3_600_000,
  firstMs: 900_000,
  growUntilMs: 16 * 3_600_000,
  growMs: 3_600_000,
  factor: 1.5,
};
const EXIM_LAST = { untilMs: 4 * 86_400_000, everyMs: 6 * 3_600_000 };
/** `exim -bd -q30m`, as its documentation and most distributions start it. */
const EXIM_RUN_MS = 1_800_000;
/** Sendmail: Timeout.queuereturn. */
const SENDMAIL_LIFETIME_MS = 5 * 86_400_000;

const NONE: RetrySettings = {
  minimalBackoffMs: null,
  maximalBackoffMs: null,
  queueRunDelayMs: null,
  maximalQueueLifetimeMs: null,
  queueIntervalMs: null,
};

export type RetryInput = Readonly<{
  retry: Architecture['retry'];
  nowMs: number;
  /** A log may lag behind so long. */
  logLagMs: number;
}>;

/** `tries`: instants of the tries that failed, oldest first. */
type Waiting = Readonly<{ arrivedMs: number; tries: readonly number[]; settings: RetrySettings }>;
type Rule = Pick<RetryEstimate, 'earliestMs' | 'latestMs' | 'givesUpMs' | 'basis' | 'because'>;

/** Tries of one round lie so near to each other: several recipients, or the servers of one domain one after the other. */
const ROUND_MS = 1000;

/** Exim logs that it did not even try. */
const isTry = (response: string | null): boolean => !/retry time not reached/i.test(response ?? '');

const triesOf = (t: Transaction): readonly number[] => {
  const perRecipient = t.recipients
    .filter(({ status }) => status === 'deferred')
    .map(({ attempts }) =>
      attempts.filter(({ status, response }) => status === 'deferred' && isTry(response)).map(({ timeMs }) => timeMs),
    );
  const last = Math.max(...perRecipient.flat());
  const most = perRecipient.toSorted((a, b) => b.length - a.length)[0] ?? [];
  const times = [...new Set([...most, last])].filter(Number.isFinite).sort((a, b) => a - b);
  return times.filter((time, index) => index === times.length - 1 || times[index + 1]! - time > ROUND_MS);
};

/** Where the arrival was not read, the delay of a try tells it (Postfix log_adhoc.c: time since arrival). */
const arrivalOf = (t: Transaction): number => {
  if (t.hasArrival) return t.arrivedAtMs;
  const told = t.recipients.flatMap(({ attempts }) =>
    attempts.flatMap(({ timeMs, delayMs }) => (delayMs === null ? [] : [timeMs - delayMs])),
  );
  return Math.min(t.arrivedAtMs, ...told);
};

const gapsOf = (tries: readonly number[]): readonly number[] =>
  tries.slice(1).map((time, index) => time - tries[index]!);

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));

/** A wait that is much shorter than the age of the mail was cut at the longest. */
const CAPPED = 0.6;

/**
 * What the tries so far say of a Postfix whose times nobody told us: only when at least two waits are all shorter than its
 * default lets them be. (One alone may have been forced.)
 */
const observePostfix = ({ arrivedMs, tries }: Waiting): Readonly<{ minimalMs: number; maximalMs: number }> | null => {
  const gaps = gapsOf(tries);
  if (gaps.length < 2 || gaps.some((gap) => gap >= POSTFIX.minimalMs)) return null;
  const last = gaps.at(-1)!;
  const ageThen = tries.at(-2)! - arrivedMs;
  return { minimalMs: Math.min(...gaps), maximalMs: last < ageThen * CAPPED ? last : POSTFIX.maximalMs };
};

/**
 * qmgr_active.c, qmgr_active_done_3_generic: a deferred message waits as long as it has been in the queue, at least
 * minimal_backoff_time and at most maximal_backoff_time; the next scan of the deferred queue after that takes it.
 */
const postfixRule = (waiting: Waiting): Rule => {
  const { arrivedMs, tries, settings } = waiting;
  const last = tries.at(-1)!;
  const isTold = settings.minimalBackoffMs !== null || settings.maximalBackoffMs !== null;
  const seen = isTold ? null : observePostfix(waiting);
  const minimalMs = settings.minimalBackoffMs ?? seen?.minimalMs ?? POSTFIX.minimalMs;
  const maximalMs = Math.max(minimalMs, settings.maximalBackoffMs ?? seen?.maximalMs ?? POSTFIX.maximalMs);
  const scanMs = settings.queueRunDelayMs ?? (seen === null ? POSTFIX.scanMs : minimalMs);
  const waitMs = clamp(last - arrivedMs, minimalMs, maximalMs);
  const basis = isTold ? 'configured' : seen === null ? 'default' : 'observed';
  const source = {
    configured: 'as configured under architecture.retry',
    observed: `as the ${tries.length} tries so far show`,
    default: "Postfix's default",
  }[basis];
  return {
    earliestMs: last + waitMs,
    latestMs: last + waitMs + scanMs,
    givesUpMs: arrivedMs + (settings.maximalQueueLifetimeMs ?? POSTFIX.lifetimeMs),
    basis,
    because: `Postfix waits as long as the mail is old, ${formatSeconds(minimalMs)} to ${formatSeconds(maximalMs)} (${source}), and then for the next scan of its queue`,
  };
};

const eximWait = (ageMs: number, lastGapMs: number): number | null => {
  if (ageMs < EXIM.firstUntilMs) return EXIM.firstMs;
  if (ageMs < EXIM.growUntilMs) return Math.max(EXIM.growMs, lastGapMs * EXIM.factor);
  return ageMs < EXIM_LAST.untilMs ? EXIM_LAST.everyMs : null;
};

/** Age counts from the first failure (Exim specification, "Retry configuration"). */
const eximRule = ({ tries, settings }: Waiting): Rule | null => {
  const last = tries.at(-1)!;
  const first = tries[0]!;
  const waitMs = eximWait(last - first, gapsOf(tries).at(-1) ?? 0);
  if (waitMs === null) return null;
  const runMs = settings.queueIntervalMs ?? EXIM_RUN_MS;
  const run = settings.queueIntervalMs === null ? 'assumed, -q30m' : 'as configured under architecture.retry';
  return {
    earliestMs: last + waitMs,
    latestMs: last + waitMs + runMs,
    givesUpMs:
      settings.maximalQueueLifetimeMs === null ? first + EXIM_LAST.untilMs : first + settings.maximalQueueLifetimeMs,
    basis: settings.queueIntervalMs === null ? 'default' : 'configured',
    because: `Exim's default retry rule (F,2h,15m; G,16h,1h,1.5; F,4d,6h) and a queue run every ${formatSeconds(runMs)} (${run}); exinext DOMAIN tells what Exim itself has noted`,
  };
};

/** Sendmail tries with each queue run; how often it runs (`-q`) has no default and is not logged. */
const sendmailRule = ({ arrivedMs, tries, settings }: Waiting): Rule | null => {
  const last = tries.at(-1)!;
  const gaps = gapsOf(tries);
  const everyMs = settings.queueIntervalMs ?? (gaps.length === 0 ? null : Math.max(...gaps));
  if (everyMs === null) return null;
  const isTold = settings.queueIntervalMs !== null;
  return {
    // A run may have begun at once after the last try, or an interval later.
    earliestMs: isTold ? last : last + Math.min(...gaps),
    latestMs: last + everyMs,
    givesUpMs: arrivedMs + (settings.maximalQueueLifetimeMs ?? SENDMAIL_LIFETIME_MS),
    basis: isTold ? 'configured' : 'observed',
    because: `Sendmail tries with every queue run; they come every ${formatSeconds(everyMs)} (${isTold ? 'as configured under architecture.retry' : `as the ${tries.length} tries so far show`})`,
  };
};

const ruleOf = (t: Transaction, waiting: Waiting): Rule | null => {
  switch (t.mta) {
    case 'postfix':
      return postfixRule(waiting);
    case 'exim':
      return eximRule(waiting);
    case 'sendmail':
      return sendmailRule(waiting);
    default:
      return null;
  }
};

const isWaiting = (t: Transaction): boolean =>
  !t.removed && !t.isProbe && t.state === 'active' && t.recipients.some(({ status }) => status === 'deferred');

/** Each part is tried by itself. */
const withOwnRecipients = (t: Transaction): Transaction =>
  t.parts === undefined ? t : { ...t, recipients: t.recipients.filter(({ partQueueId }) => partQueueId === undefined) };

/** The next one first. */
export const estimateRetries = (
  transactions: readonly Transaction[],
  { retry, nowMs, logLagMs }: RetryInput,
): readonly RetryEstimate[] =>
  transactions
    .flatMap(queueFilesOf)
    .map(withOwnRecipients)
    .filter(isWaiting)
    .flatMap((t): readonly RetryEstimate[] => {
      const tries = triesOf(t);
      if (tries.length === 0) return [];
      const rule = ruleOf(t, { arrivedMs: arrivalOf(t), tries, settings: retry.get(t.host) ?? NONE });
      if (rule === null) return [];
      return [{ host: t.host, queueId: t.queueId, ...rule, isOverdue: nowMs > rule.latestMs + logLagMs }];
    })
    .toSorted((a, b) => a.earliestMs - b.earliestMs);

/** Is there still an open recipient who was due long ago? Then the log ends too early, or the queue stands still. */
export const overdueFindings = (
  retries: readonly RetryEstimate[],
  listCommand: (retry: RetryEstimate) => string,
): readonly Finding[] =>
  retries
    .filter(({ isOverdue }) => isOverdue)
    .map((retry) => ({
      code: 'retry-overdue',
      severity: 'warning',
      host: retry.host,
      text: `${retry.host} should have tried ${retry.queueId} again by ${new Date(retry.latestMs).toISOString().slice(0, 19)}Z (an estimate), and its log shows no try: either the log does not reach so far, or the queue stands still (${listCommand(retry)} on ${retry.host}).`,
    }));
