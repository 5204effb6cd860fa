/** What only the asker sees of subscribing, unsubscribing, listing and muting: the rule in words, and how to undo it. */
import type { types } from '@slack/bolt';
import type { Subscription } from '../../domain/subscription.js';
import { formatDuration } from '../../query/duration.js';
import { SUBSCRIBE_EXAMPLES, subscriptionText, unsubscriptionText } from '../../query/parse-subscription.js';
import { clock } from './answer-context.js';
import { bold, bullets, type Line, own, paragraph, plural, prose, quote, type Reply, reply } from './blocks.js';
import { ruleLine, ruleText, scopeLine, timingText } from './rule.js';

/** Longer lines can be typed, but need not be read. */
const COMMAND_MAX = 300;
const SHOWN = 25;

const undoCommand = (subscription: Subscription): string =>
  `/mailtrace unsubscribe ${unsubscriptionText(subscription)}`;
const redoCommand = (subscription: Subscription): string => `/mailtrace subscribe ${subscriptionText(subscription)}`;

type SubscribedFacts = Readonly<{ subscription: Subscription; replaced: Subscription | null }>;

export const subscribedReply = ({ subscription, replaced }: SubscribedFacts): Reply => {
  const scope = scopeLine(subscription.scope);
  return reply(
    [`This channel watches ${ruleText(subscription)}.`, timingText(subscription), `Undo: ${undoCommand(subscription)}`],
    [
      paragraph(
        [bold('This channel now watches '), ...ruleLine(subscription), own('.')],
        [own(timingText(subscription))],
        ...(scope.length === 0 ? [] : [scope]),
        ...(replaced === null ? [] : [[own('It watched '), ...ruleLine(replaced), own(' before: that is replaced.')]]),
        [bold('Undo: '), quote(undoCommand(subscription), COMMAND_MAX)],
      ),
    ],
  );
};

type UnsubscribedFacts = Readonly<{ removed: readonly Subscription[]; reduced: readonly Subscription[] }>;

export const unsubscribedReply = ({ removed, reduced }: UnsubscribedFacts): Reply => {
  const lines = [
    ...removed
      .slice(0, SHOWN)
      .map(
        (each): Line => [
          own('no longer watched: '),
          ...ruleLine(each),
          own('. To have it back: '),
          quote(redoCommand(each), COMMAND_MAX),
        ],
      ),
    ...reduced.slice(0, SHOWN).map((each): Line => [own('still watched: '), ...ruleLine(each)]),
  ];
  const total = removed.length + reduced.length;
  return reply([`${plural(total, 'subscription')} of this channel changed.`], listBlocks(lines));
};

const stateLine = ({ mutedUntilMs, suspended }: Subscription, nowMs: number, timeZone: string): Line => {
  if (suspended !== null) {
    return [
      own(' — '),
      bold('asleep'),
      own(` since ${clock(suspended.sinceMs, timeZone)}: `),
      prose(suspended.reason.replace(/\.$/, ''), 200),
    ];
  }
  return mutedUntilMs !== null && mutedUntilMs > nowMs ? [own(` — muted until ${clock(mutedUntilMs, timeZone)}`)] : [];
};

/** Of one block: when not all fit into a message, whole blocks are left out. */
const LINES_PER_BLOCK = 3;

const listBlocks = (lines: readonly Line[]): readonly types.KnownBlock[] =>
  Array.from({ length: Math.ceil(lines.length / LINES_PER_BLOCK) }, (_, index) =>
    bullets(lines.slice(index * LINES_PER_BLOCK, (index + 1) * LINES_PER_BLOCK)),
  );

const thresholdSpans = ({ threshold }: Subscription): Line =>
  threshold === null ? [] : [own(`; over ${threshold.count} in ${formatDuration(threshold.windowMs)}`)];

type ListFacts = Readonly<{ subscriptions: readonly Subscription[]; nowMs: number; timeZone: string }>;

export const subscriptionsReply = ({ subscriptions, nowMs, timeZone }: ListFacts): Reply => {
  if (subscriptions.length === 0) {
    return reply(
      ['This channel has no subscriptions.', `For example: ${SUBSCRIBE_EXAMPLES[0]}`],
      [
        paragraph([own('This channel has no subscriptions. For example:')]),
        bullets(SUBSCRIBE_EXAMPLES.map((example): Line => [quote(example)])),
      ],
    );
  }
  const lines = subscriptions
    .slice(0, SHOWN)
    .map(
      (each): Line => [
        ...ruleLine(each),
        ...thresholdSpans(each),
        ...stateLine(each, nowMs, timeZone),
        own('. Remove: '),
        quote(undoCommand(each), COMMAND_MAX),
      ],
    );
  return reply(
    [`This channel has ${plural(subscriptions.length, 'subscription')}.`],
    [
      paragraph([bold(`This channel watches (${plural(subscriptions.length, 'subscription')}):`)]),
      ...listBlocks(lines),
      paragraph([
        own('All at once: '),
        quote('/mailtrace unsubscribe all'),
        own(', quiet for a while: '),
        quote('/mailtrace mute 1h'),
      ]),
    ],
  );
};

type MutedFacts = Readonly<{ subscriptions: readonly Subscription[]; untilMs: number | null; timeZone: string }>;

export const mutedReply = ({ subscriptions, untilMs, timeZone }: MutedFacts): Reply => {
  if (subscriptions.length === 0) {
    return reply(
      ['This channel has no subscriptions.'],
      [paragraph([own('This channel has no subscriptions: nothing to mute.')])],
    );
  }
  const what = plural(subscriptions.length, 'subscription');
  if (untilMs === null) {
    return reply([`No longer muted: ${what}.`], [paragraph([bold(`No longer muted: ${what} of this channel.`)])]);
  }
  return reply(
    [`Muted until ${clock(untilMs, timeZone)}.`],
    [
      paragraph(
        [bold(`Nothing new is posted here until ${clock(untilMs, timeZone)} (${what}).`)],
        [own('Matches still count, and incidents that stand here already stay current.')],
        [bold('Undo: '), quote('/mailtrace unmute')],
      ),
    ],
  );
};

/** To its creator. */
export const suspendedReply = (subscription: Subscription): Reply => {
  const reason = subscription.suspended?.reason ?? 'it was suspended';
  const name = `#${subscription.channelName}`;
  return reply(
    [`Your subscription in ${name} sleeps: ${reason}`],
    [
      paragraph(
        [bold('Your subscription sleeps: '), prose(reason, 300)],
        [bold('Channel: '), quote(name, 100), own(' '), bold('Rule: '), ...ruleLine(subscription)],
        [
          bold('Next: '),
          own('when that is mended, type there '),
          quote(redoCommand(subscription), COMMAND_MAX),
          own('.'),
        ],
      ),
    ],
  );
};

/** It was not stored: there would be nothing to see. */
export const notInChannelReply = (botName: string): Reply =>
  reply(
    [
      `mailtrace is not in this channel, so it cannot post alerts here. Type /invite @${botName}, then subscribe again.`,
    ],
    [
      paragraph(
        [bold('Not subscribed: mailtrace is not in this channel, so it cannot post alerts here.')],
        [bold('Next: '), own('type '), quote(`/invite @${botName}`), own(', then subscribe again.')],
      ),
    ],
  );
