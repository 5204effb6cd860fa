/** What only the asker sees when there is no answer: each says what to do next. */
import type { MailtraceError } from '../../errors.js';
import { type Asked, keywordSpans, keywordText, windowLine } from './answer-context.js';
import { bold, own, paragraph, prose, quote, type Reply, reply } from './blocks.js';

const simple = (title: string, next: string): Reply =>
  reply([title, next], [paragraph([prose(title)], [bold('Next: '), prose(next)])]);

/** A failure the user can act on. */
export const problemReply = ({ message, hint }: Pick<MailtraceError, 'message' | 'hint'>): Reply =>
  simple(message, hint);

/** A bug: the log has the rest under the same reference. */
export const bugReply = (reference: string): Reply =>
  reply(
    [`Something went wrong in mailtrace. Reference ${reference}.`],
    [
      paragraph(
        [own('Something went wrong in mailtrace; this is a fault of the program. Reference: '), quote(reference)],
        [
          bold('Next: '),
          own('try again; if it happens again, give the reference to whoever runs mailtrace: it is in its log.'),
        ],
      ),
    ],
  );

/** What a right is for, in the words of `noAccessReply`. */
const MAY_NOT = {
  trace: 'You may not trace mail here',
  subscribe: 'You may not manage alerts here',
} as const;

/** The words do not depend on what was asked. `doubt`: a check that could not be made, in our own words. */
export const noAccessReply = (doubt: string | null, right: keyof typeof MAY_NOT = 'trace'): Reply =>
  simple(
    `${MAY_NOT[right]}: no rule of the access list names you${right === 'trace' ? '' : ` with the right ${right}`}.${doubt === null ? '' : ` ${doubt}`}`,
    'Ask whoever runs mailtrace for access. /mailtrace help and /mailtrace explain CODE work for everybody.',
  );

/** Alerts in a channel are read by others. */
export const ownAlertsReply = (): Reply =>
  simple(
    'You may see only your own mail, and alerts in a channel are about the mail of others.',
    'Ask whoever runs mailtrace for a rule with the right subscribe and a domain or a cluster.',
  );

export const noAlertsReply = (): Reply =>
  simple(
    'Nobody follows the logs here, so there are no alerts.',
    'Tell whoever runs mailtrace: tracing.enabled: true in the configuration lets mailtrace slack follow the logs.',
  );

export const noAddressReply = (doubt: string | null): Reply =>
  simple(
    `You may trace your own mail, but Slack has no confirmed address of yours.${doubt === null ? '' : ` ${doubt}`}`,
    'Confirm the address of your Slack account. If it is confirmed, the app lacks the scope users:read.email: tell whoever runs mailtrace.',
  );

export const unauditedReply = (): Reply =>
  simple(
    'The audit log cannot be written, so this question is not answered.',
    'Tell whoever runs mailtrace: audit.jsonl in its data directory must be writable and the disk must have room.',
  );

export const stoppingReply = (): Reply =>
  simple('mailtrace is restarting and takes no new questions.', 'Ask again in a minute.');

export const busyReply = (what: 'yours' | 'all'): Reply =>
  what === 'yours'
    ? simple('Several of your traces are still running or waiting.', 'Wait for one of them to end, then ask again.')
    : simple('Too many traces are running or waiting.', 'Ask again in a minute.');

export const alreadyRunningReply = (): Reply =>
  simple('This message is being traced already.', 'Look at the thread; the answer will be there shortly.');

export const staleButtonReply = (): Reply =>
  simple('This button is from an older version of mailtrace.', 'Run the command again and press the new button.');

export const tooSlowReply = (asked: Asked, seconds: number): Reply =>
  reply(
    [`The trace of ${keywordText(asked)} took more than ${seconds} seconds and was ended.`],
    [
      paragraph(
        [own('The trace of '), ...keywordSpans(asked), own(` took more than ${seconds} seconds and was ended.`)],
        windowLine(asked),
        [bold('Next: '), own('narrow the window, or add a keyword.')],
      ),
    ],
  );

/** `botName`: as it is invited. */
export const notMemberReply = (botName: string): Reply =>
  reply(
    [
      `mailtrace is not in this channel, so the answer goes to your direct messages. To have it here: /invite @${botName}`,
    ],
    [
      paragraph([
        own(
          'mailtrace is not in this channel, so the answer goes to your direct messages. To have answers here, type ',
        ),
        quote(`/invite @${botName}`),
        own(' in this channel.'),
      ]),
    ],
  );

export const ownOnlyReply = (): Reply =>
  reply(
    ['You may trace your own mail only, so the answer goes to your direct messages.'],
    [paragraph([own('You may trace your own mail only, so the answer goes to your direct messages.')])],
  );

/** So that a person sees something while Slack or the queue is slow. */
export const patienceReply = (): Reply => reply(['Working on it …'], [paragraph([own('Working on it …')])]);
