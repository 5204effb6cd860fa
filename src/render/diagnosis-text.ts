/** A message's ways and next tries in words, for the terminal and for Slack. Text is as logged: who shows it neutralises it. */
import type { Chain, Finding, PathCheck, RetryEstimate, TraceReport } from '../domain/chain.js';
import type { Zone } from '../zone.js';
import { formatInstant, formatSpan } from './clock.js';

/** Ways that are told; the report has them all. */
const PATHS_MAX = 5;
/** Recipients of one way that are named. */
const RECIPIENTS_MAX = 2;
/** Hosts of one way that are named. */
const HOSTS_MAX = 12;
const RETRIES_MAX = 3;

const hostsText = ({ hosts }: PathCheck): string =>
  hosts.length <= HOSTS_MAX
    ? hosts.join(' → ')
    : `${hosts.slice(0, HOSTS_MAX - 1).join(' → ')} → … → ${hosts.at(-1)} (${hosts.length} hosts)`;

const judgementText = ({ isExpected, note }: PathCheck): string => {
  if (isExpected === null) return `not checked: ${note}`;
  return isExpected ? 'as expected' : 'not as expected, see the findings';
};

const pathText = (path: PathCheck, isOnly: boolean): string => {
  const { direction, recipients } = path;
  const more = recipients.length > RECIPIENTS_MAX ? ` and ${recipients.length - RECIPIENTS_MAX} more` : '';
  const whom = isOnly || recipients.length === 0 ? '' : ` for ${recipients.slice(0, RECIPIENTS_MAX).join(', ')}${more}`;
  return `${direction === null ? '' : `${direction}: `}${hostsText(path)}${whom} (${judgementText(path)})`;
};

/** Nobody said what is expected of this direction: then the hop table is enough. */
const isWorthTelling = ({ direction, isExpected }: PathCheck): boolean => isExpected !== null || direction === null;

/** What is not as expected comes first. */
export const pathTexts = (chain: Pick<Chain, 'paths'>): readonly string[] => {
  const paths = chain.paths.filter(isWorthTelling);
  const rank = ({ isExpected }: PathCheck): number => (isExpected === false ? 0 : isExpected === null ? 1 : 2);
  const sorted = paths.toSorted((a, b) => rank(a) - rank(b));
  const shown = sorted.slice(0, PATHS_MAX).map((path) => pathText(path, paths.length === 1));
  return paths.length > PATHS_MAX ? [...shown, `and ${paths.length - PATHS_MAX} more ways`] : shown;
};

const retryText = (retry: RetryEstimate, isOnly: boolean, zone: Zone): string => {
  const what = isOnly ? `on ${retry.host}` : `${retry.queueId} on ${retry.host}`;
  const when = formatSpan(retry.earliestMs, retry.latestMs, zone);
  const overdue = retry.isOverdue ? ' (overdue)' : '';
  const end = formatInstant(retry.givesUpMs, zone);
  return `${when} ${what}${overdue}; an estimate: ${retry.because}. It gives up after ${end}.`;
};

/** The next one first. Always named an estimate, with what it rests on. */
export const retryTexts = ({ retries }: Pick<Chain, 'retries'>, zone: Zone): readonly string[] => {
  const shown = retries.slice(0, RETRIES_MAX).map((retry) => retryText(retry, retries.length === 1, zone));
  return retries.length > RETRIES_MAX ? [...shown, `and ${retries.length - RETRIES_MAX} more`] : shown;
};

/** `Inbound mail is first seen on mx-cluster, outbound mail on smtp1: begin there (-h).`; null when nobody said where. */
export const startText = ({ startAt }: Pick<TraceReport, 'startAt'>): string | null => {
  if (startAt.length === 0) return null;
  const parts = startAt.map(({ direction, names }) => `${direction} mail on ${names.join(' or ')}`);
  const words = `${parts[0]!.replace(' mail on ', ' mail is first seen on ')}${parts
    .slice(1)
    .map((part) => `, ${part}`)
    .join('')}`;
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}: begin there.`;
};

const RANK: Readonly<Record<Finding['severity'], number>> = { error: 0, warning: 1, info: 2 };

/** Worst first; those of one severity in their order. */
export const worstFirst = (findings: readonly Finding[]): readonly Finding[] =>
  findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
