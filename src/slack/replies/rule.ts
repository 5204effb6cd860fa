/** A subscription in words. Its values are text of others. */
import type { AlertKind, AlertScope, FilterName } from '../../domain/subscription.js';
import { FILTER_NAMES, quietMs } from '../../domain/subscription.js';
import { formatDuration } from '../../query/duration.js';
import type { SubscriptionRule } from '../../query/parse-subscription.js';
import { bold, type Line, own, quote, type Span } from './blocks.js';

/** Of a filter's values so many are shown. */
const SHOWN_VALUES = 3;
const VALUE_MAX = 80;

const FILTER_WORDS: Readonly<Record<FilterName, string>> = {
  from: 'from',
  to: 'to',
  domain: 'with sender or recipient in',
  relay: 'by the relay',
  host: 'on the host',
  cluster: 'in the cluster',
  dsn: 'with the status',
};

const kindWords = (kind: AlertKind, slowMs: number | null): string => {
  switch (kind) {
    case 'bounced':
    case 'deferred':
    case 'expired':
      return kind;
    case 'rejected':
      return 'rejected before it was accepted';
    case 'slow':
      return `delivered only after more than ${formatDuration(slowMs ?? 0)}`;
    case 'loop':
      return 'going round';
  }
};

/** Quoted, with `or` between them. */
const values = (texts: readonly string[]): Line => {
  const shown = texts
    .slice(0, SHOWN_VALUES)
    .flatMap((text, index): Span[] => [...(index === 0 ? [] : [own(' or ')]), quote(text, VALUE_MAX)]);
  const more = texts.length - SHOWN_VALUES;
  return more > 0 ? [...shown, own(` or ${more} more`)] : shown;
};

const either = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

/** `mail that is bounced or expired, from x.example, with the status 5.7.*` */
export const ruleLine = ({ kinds, slowMs, filters }: Pick<SubscriptionRule, 'kinds' | 'slowMs' | 'filters'>): Line => [
  own('mail that is '),
  bold(either(kinds.map((kind) => kindWords(kind, slowMs)))),
  ...FILTER_NAMES.filter((name) => filters[name].length > 0).flatMap((name) => [
    own(`, ${FILTER_WORDS[name]} `),
    ...values(filters[name]),
  ]),
];

/** The same without formats. */
export const ruleText = (rule: Pick<SubscriptionRule, 'kinds' | 'slowMs' | 'filters'>): string =>
  ruleLine(rule)
    .map(({ text }) => text)
    .join('');

/** When an incident opens and ends. */
export const timingText = ({ threshold }: Pick<SubscriptionRule, 'threshold'>): string => {
  const opens =
    threshold === null
      ? 'An incident opens at the first match of a cause'
      : `An incident opens when more than ${threshold.count} of one cause match within ${formatDuration(threshold.windowMs)}`;
  return `${opens}, and ends when nothing matched for ${formatDuration(quietMs(threshold))}.`;
};

/** What the rules of its creator cover; nothing when it is all. */
export const scopeLine = (scope: AlertScope): Line => {
  if (scope.kind === 'all') return [];
  const { domains, hosts } = scope;
  return [
    bold('It sees only: '),
    ...(domains.length === 0 ? [] : [own('mail of '), ...values(domains)]),
    ...(domains.length > 0 && hosts.length > 0 ? [own('; ')] : []),
    ...(hosts.length === 0 ? [] : [own('what happens on '), ...values(hosts)]),
    ...(domains.length + hosts.length === 0 ? [own('nothing')] : []),
    own(' (your access rules).'),
  ];
};
