/** What a person should look at in one message, in a closed set of words (CONTRACT §2). */
import type { Finding, Gap } from '../domain/chain.js';
import type { HostName } from '../domain/ids.js';
import type { DeliveryAttempt, Transaction } from '../domain/transaction.js';
import { findClockSkews } from './clock-skew.js';
import type { Component } from './components.js';
import type { Link, OpenEnd } from './link.js';
import { isLoop } from './verdict.js';

/** From when on a finding is made. */
export type FindingLimits = Readonly<{ manyHops: number; slowHopMs: number }>;

/** Findings of one kind beyond this are counted in words. */
const SAME_KIND_MAX = 5;

const finding = (
  code: Finding['code'],
  severity: Finding['severity'],
  text: string,
  host: HostName | null,
): Finding => ({
  code,
  severity,
  text,
  host,
});

const duration = (ms: number): string =>
  ms < 120_000
    ? `${Math.round(ms / 100) / 10} s`
    : ms < 7_200_000
      ? `${Math.round(ms / 60_000)} min`
      : `${Math.round(ms / 360_000) / 10} h`;

const PARTS = ['before the queue manager', 'waiting in the queue', 'connecting', 'sending'] as const;

/** Names the longest part of Postfix' `delays=a/b/c/d` (log_adhoc.c). */
const slowestPart = ({ delaysMs }: DeliveryAttempt): string => {
  if (delaysMs === null) return '';
  const longest = Math.max(...delaysMs);
  return `, ${duration(longest)} of it ${PARTS[delaysMs.indexOf(longest)]}`;
};

const slowHops = (transactions: readonly Transaction[], limits: FindingLimits): readonly Finding[] =>
  transactions.flatMap((transaction) => {
    const slowest = transaction.recipients
      .flatMap(({ attempts }) => attempts)
      .filter((attempt) => attempt.status === 'sent' && (attempt.delayMs ?? 0) > limits.slowHopMs)
      .sort((a, b) => (b.delayMs ?? 0) - (a.delayMs ?? 0))[0];
    if (slowest === undefined) return [];
    const text = `${transaction.host} kept ${transaction.queueId} for ${duration(slowest.delayMs ?? 0)}${slowestPart(slowest)}.`;
    return [finding('slow-hop', 'warning', text, transaction.host)];
  });

const retrying = (transactions: readonly Transaction[]): readonly Finding[] =>
  transactions.flatMap((transaction) => {
    const delayed = transaction.recipients.filter(({ attempts }) =>
      attempts.some(({ status }) => status === 'deferred'),
    );
    const worst = [...delayed].sort((a, b) => b.attempts.length - a.attempts.length)[0];
    if (worst === undefined) return [];
    const count = worst.attempts.filter(({ status }) => status === 'deferred').length;
    const others = delayed.length > 1 ? ` and ${delayed.length - 1} more` : '';
    const text = `${transaction.host} put ${worst.address}${others} off ${count === 1 ? 'once' : `${count} times`}; now: ${worst.status}.`;
    return [finding('retrying', worst.status === 'sent' ? 'info' : 'warning', text, transaction.host)];
  });

type Visits = Map<HostName, number>;

const takeMost = (into: Visits, visits: ReadonlyMap<HostName, number>): void => {
  for (const [host, count] of visits) into.set(host, Math.max(count, into.get(host) ?? 0));
};

/** How often each host was entered on one way through the transactions: two ways that meet on a host are no second visit. */
const countVisits = (transactions: readonly Transaction[], links: readonly Link[]): ReadonlyMap<HostName, number> => {
  const before = new Map<Transaction, Transaction[]>();
  for (const { from, to } of links) before.set(to, [...(before.get(to) ?? []), from]);
  const visits = new Map<Transaction, Visits>();
  const most: Visits = new Map();
  // In the order of the hops: what came before is known.
  for (const transaction of transactions) {
    const own: Visits = new Map();
    const sources = before.get(transaction) ?? [];
    for (const from of sources) takeMost(own, visits.get(from) ?? new Map());
    const isEntered = sources.every(({ host }) => host !== transaction.host);
    if (isEntered) own.set(transaction.host, (own.get(transaction.host) ?? 0) + 1);
    visits.set(transaction, own);
    takeMost(most, own);
  }
  return most;
};

const revisited = (transactions: readonly Transaction[], links: readonly Link[]): readonly Finding[] =>
  [...countVisits(transactions, links)]
    .filter(([, count]) => count > 1)
    .map(([host, count]) => finding('revisited', 'info', `The message came to ${host} ${count} times.`, host));

const GAP_TEXT: Readonly<Record<Gap, string>> = {
  external: 'is not one of the configured hosts; what it did is not in these logs',
  unread: 'is a host whose log is not read',
  unreachable: 'could not be asked for its log',
  'not-yet-logged': 'has not logged the message yet; the log may lag behind',
  unknown: 'shows no trace of it in its log',
};

const gapFinding = ({ transaction, direction, other, gap }: OpenEnd): Finding => {
  const id = other.queueId === null ? '' : ` as ${other.queueId}`;
  const way =
    direction === 'out'
      ? `${transaction.host} handed ${transaction.queueId} to ${other.host}${id}`
      : `${transaction.host} got ${transaction.queueId} from ${other.host}`;
  const code =
    gap === 'not-yet-logged'
      ? 'not-yet-logged'
      : gap === 'unknown'
        ? 'missing-hop'
        : gap === 'external'
          ? 'gap'
          : 'unread-host';
  const host = gap === 'external' ? null : other.host;
  // A program on a machine may connect by itself, past its MTA.
  const perhaps = direction === 'in' && gap === 'unknown' ? ' (or a program there sent it by itself)' : '';
  return finding(code, gap === 'external' ? 'info' : 'warning', `${way}, which ${GAP_TEXT[gap]}${perhaps}.`, host);
};

const clockSkew = (links: readonly Link[]): readonly Finding[] =>
  findClockSkews(links).map(({ host, differences }) => {
    const { skewMs } = differences.reduce((a, b) => (Math.abs(b.skewMs) > Math.abs(a.skewMs) ? b : a));
    const way = skewMs > 0 ? 'ahead of' : 'behind';
    const others = differences.map(({ other }) => other).join(', ');
    return finding(
      'clock-skew',
      'warning',
      `The clock of ${host} is about ${duration(Math.abs(skewMs))} ${way} ${others}.`,
      host,
    );
  });

const limitKind = (list: readonly Finding[]): readonly Finding[] =>
  list.length <= SAME_KIND_MAX
    ? list
    : [
        ...list.slice(0, SAME_KIND_MAX),
        { ...list[SAME_KIND_MAX]!, text: `… and ${list.length - SAME_KIND_MAX} more like this.`, host: null },
      ];

export const findFindings = (
  { transactions, links, openEnds }: Component,
  limits: FindingLimits,
): readonly Finding[] => {
  const hosts = new Set(transactions.map(({ host }) => host));
  const first = transactions[0]?.host ?? null;
  return [
    ...(isLoop({ transactions, links, openEnds })
      ? [finding('loop', 'error', 'The message went round in a loop.', first)]
      : []),
    ...(hosts.size > limits.manyHops
      ? [
          finding(
            'many-hops',
            'warning',
            `The message passed ${hosts.size} hosts (more than ${limits.manyHops}).`,
            null,
          ),
        ]
      : []),
    ...limitKind(slowHops(transactions, limits)),
    ...limitKind(retrying(transactions)),
    ...limitKind(revisited(transactions, links)),
    ...limitKind(openEnds.map(gapFinding)),
    ...limitKind(clockSkew(links)),
  ];
};
