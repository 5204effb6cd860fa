/** What channels watch: subscribe, unsubscribe, list, mute. */
import type { AlertKind, AlertScope, Subscription } from '../domain/subscription.js';
import { subscriptionId } from '../domain/subscription.js';
import { MailtraceError } from '../errors.js';
import { type SubscriptionRule, type Unsubscription, unsubscriptionText } from '../query/parse-subscription.js';
import type { Scope } from '../query/trace-query.js';
import type { Ledger } from './alert-ledger.js';
import { type KnownNames, keepUnknown, refuseUnknown, resolveNames } from './known-names.js';
import type { Clock } from './ports.js';
import { endIncidents, suspendOne } from './suspend.js';

export type SubscriptionDeps = KnownNames & Readonly<{ ledger: Ledger; now: Clock }>;

export type SubscribeRequest = Readonly<{
  rule: SubscriptionRule;
  channel: Readonly<{ id: string; name: string }>;
  /** `U…` */
  user: string;
  scope: AlertScope;
}>;

export type Subscribed = Readonly<{ subscription: Subscription; replaced: Subscription | null }>;
export type Unsubscribed = Readonly<{
  removed: readonly Subscription[];
  /** Those that watch less than before. */
  reduced: readonly Subscription[];
}>;

export type Subscriptions = Readonly<{
  /** @throws MailtraceError `usage` for hosts and clusters that do not exist, and too many subscriptions */
  subscribe: (request: SubscribeRequest) => Promise<Subscribed>;
  /** Takes back what `subscribe` did. */
  restore: (done: Subscribed) => Promise<void>;
  /** @throws MailtraceError `usage` when the channel has nothing of the kind */
  unsubscribe: (channel: string, what: Extract<Unsubscription, { kind: 'all' | 'some' }>) => Promise<Unsubscribed>;
  /** Oldest first. */
  list: (channel: string) => readonly Subscription[];
  /** @param untilMs null: no longer. @returns those of the channel */
  mute: (channel: string, untilMs: number | null) => Promise<readonly Subscription[]>;
  /** Asks anew what each creator may see: who lost the right sees nothing more, and is told. */
  review: (judge: (subscription: Subscription) => Promise<Judgement>) => Promise<void>;
}>;

/** What the creator of a subscription may see now. */
export type Judgement =
  | Readonly<{ kind: 'scope'; scope: AlertScope }>
  | Readonly<{ kind: 'nothing' }>
  /** It could not be found out: all stays as it is. */
  | Readonly<{ kind: 'unknown' }>;

/** More cannot be overlooked, and each costs a comparison for each failed delivery. */
const PER_CHANNEL = 25;

/** What somebody may subscribe to; null: only his own mail, which is nothing for a channel. */
export const alertScopeOf = (scope: Scope): AlertScope | null => {
  switch (scope.kind) {
    case 'all':
      return { kind: 'all' };
    case 'own':
      return null;
    case 'limited':
      return { kind: 'limited', domains: scope.domains, hosts: scope.hosts };
    case 'any-of':
      return scope.scopes.map(alertScopeOf).find((each) => each !== null) ?? null;
  }
};

const refuse = (problem: string, hint: string): never => {
  throw new MailtraceError('usage', `${problem}.`, `${hint}.`);
};

const nothingAlike = (existing: readonly Subscription[]): never => {
  if (existing.length === 0) return refuse('This channel has no subscriptions', 'Nothing is to be done');
  const lines = existing.map((each) => `/mailtrace unsubscribe ${unsubscriptionText(each)}`);
  return refuse(
    'This channel watches nothing with these kinds and filters',
    `It has: ${lines.slice(0, 5).join(' · ')}`,
  );
};

const listOf = ({ ledger }: SubscriptionDeps, channel: string): readonly Subscription[] =>
  ledger
    .subscriptions()
    .filter((subscription) => subscription.channel === channel)
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs);

const subscribe = async (deps: SubscriptionDeps, request: SubscribeRequest): Promise<Subscribed> => {
  const { rule, channel, user, scope } = request;
  const filters = resolveNames(rule.filters, deps, refuseUnknown(deps));
  const id = subscriptionId(channel.id, filters);
  const replaced = deps.ledger.subscription(id) ?? null;
  if (replaced === null && listOf(deps, channel.id).length >= PER_CHANNEL) {
    refuse(
      `This channel has ${PER_CHANNEL} subscriptions already`,
      'Remove one first: /mailtrace subscriptions shows them',
    );
  }
  const subscription: Subscription = {
    ...rule,
    id,
    channel: channel.id,
    channelName: channel.name,
    createdBy: user,
    createdAtMs: deps.now(),
    filters,
    scope,
    mutedUntilMs: null,
    suspended: null,
  };
  await deps.ledger.putSubscription(subscription);
  return { subscription, replaced };
};

/** Without these kinds; null when nothing is left of it. No kinds: all of them. */
const without = (subscription: Subscription, kinds: readonly AlertKind[]): Subscription | null => {
  const left = kinds.length === 0 ? [] : subscription.kinds.filter((kind) => !kinds.includes(kind));
  if (left.length === 0) return null;
  return { ...subscription, kinds: left, slowMs: left.includes('slow') ? subscription.slowMs : null };
};

const unsubscribe = async (
  deps: SubscriptionDeps,
  channel: string,
  what: Extract<Unsubscription, { kind: 'all' | 'some' }>,
): Promise<Unsubscribed> => {
  const { ledger, now } = deps;
  const existing = listOf(deps, channel);
  const kinds = what.kind === 'all' ? [] : what.kinds;
  const id = what.kind === 'all' ? null : subscriptionId(channel, resolveNames(what.filters, deps, keepUnknown));
  const isMeant = (each: Subscription): boolean =>
    (id === null || each.id === id) && (kinds.length === 0 || kinds.some((kind) => each.kinds.includes(kind)));
  const meant = existing.filter(isMeant);
  if (meant.length === 0) nothingAlike(existing);
  const removed: Subscription[] = [];
  const reduced: Subscription[] = [];
  for (const subscription of meant) {
    const less = without(subscription, kinds);
    if (less === null) {
      await endIncidents(ledger, subscription, now());
      await ledger.removeSubscription(subscription.id);
      removed.push(subscription);
    } else {
      await ledger.putSubscription(less);
      reduced.push(less);
    }
  }
  return { removed, reduced };
};

const LOST_RIGHT = 'its creator may no longer subscribe here (access rules)';

const applyJudgement = async ({ ledger, now }: SubscriptionDeps, id: string, judgement: Judgement): Promise<void> => {
  // It may have been changed while Slack was asked.
  const subscription = ledger.subscription(id);
  if (subscription === undefined || subscription.suspended !== null) return;
  if (judgement.kind === 'nothing') return suspendOne(ledger, subscription, LOST_RIGHT, now());
  if (judgement.kind === 'unknown' || JSON.stringify(judgement.scope) === JSON.stringify(subscription.scope)) return;
  await ledger.putSubscription({ ...subscription, scope: judgement.scope });
};

export const createSubscriptions = (deps: SubscriptionDeps): Subscriptions => {
  const { ledger } = deps;
  return {
    subscribe: (request) => ledger.alone(() => subscribe(deps, request)),
    restore: ({ subscription, replaced }) =>
      ledger.alone(() =>
        replaced === null ? ledger.removeSubscription(subscription.id) : ledger.putSubscription(replaced),
      ),
    unsubscribe: (channel, what) => ledger.alone(() => unsubscribe(deps, channel, what)),
    list: (channel) => listOf(deps, channel),
    mute: (channel, untilMs) =>
      ledger.alone(async () => {
        for (const each of listOf(deps, channel)) await ledger.putSubscription({ ...each, mutedUntilMs: untilMs });
        return listOf(deps, channel);
      }),
    review: async (judge) => {
      for (const subscription of ledger.subscriptions()) {
        const judgement = await judge(subscription);
        await ledger.alone(() => applyJudgement(deps, subscription.id, judgement));
      }
    },
  };
};
