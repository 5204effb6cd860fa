/** The message of an incident, its details and its end. Text of logs goes in by `quote` and `prose` alone. */
import type { types } from '@slack/bolt';
import { fillAdvice, type Peer, peerWanted, SMTP_PORT } from '../../domain/advice.js';
import { explainCode } from '../../domain/status-code.js';
import {
  AFFECTED_MAX,
  type Alert,
  type Incident,
  isManyCauses,
  quietMs,
  type Subscription,
} from '../../domain/subscription.js';
import { formatDuration } from '../../query/duration.js';
import { subscriptionText } from '../../query/parse-subscription.js';
import { clock } from './answer-context.js';
import {
  bold,
  bullets,
  footnote,
  type Line,
  own,
  paragraph,
  plainInstructions,
  plural,
  prose,
  quote,
  type Reply,
  reply,
} from './blocks.js';
import { type IncidentView, incidentButtons } from './incident-buttons.js';

const REASON_MAX = 300;
const ADDRESS_MAX = 100;
const RULE_MAX = 400;

type State = 'open' | 'acknowledged' | 'muted' | 'closed';

/** Shape, not colour alone, tells them apart. */
const SIGNS: Readonly<Record<State, string>> = { open: '●', acknowledged: '◐', muted: '◌', closed: '✔' };

const stateOf = ({ state, acknowledgedUntilMs, mutedUntilMs }: Incident): State => {
  if (state === 'closed') return 'closed';
  if (acknowledgedUntilMs !== null) return 'acknowledged';
  return mutedUntilMs === null ? 'open' : 'muted';
};

/** `42 bounced or expired` */
const whatText = ({ count, kinds }: Incident): string => `${count.toLocaleString('en-US')} ${kinds.join(' or ')}`;

const placeSpans = ({ cause }: Incident): Line =>
  isManyCauses(cause) ? [own('in many places')] : [own('at '), quote(cause.at, ADDRESS_MAX)];

const placeText = ({ cause }: Incident): string => (isManyCauses(cause) ? 'in many places' : `at ${cause.at}`);

const reasonText = ({ cause, topReasons }: Incident): string =>
  isManyCauses(cause) ? cause.reason : (topReasons[0]?.text ?? cause.reason);

const titleLine = (incident: Incident): Line => {
  const state = stateOf(incident);
  return [
    bold(`${SIGNS[state]} ${state}`),
    own(' — '),
    bold(whatText(incident)),
    own(' '),
    ...placeSpans(incident),
    own(': '),
    prose(reasonText(incident), REASON_MAX),
  ];
};

const titleText = (incident: Incident): string =>
  `${stateOf(incident)}: ${whatText(incident)} ${placeText(incident)}: ${reasonText(incident)}`;

const timesLine = ({ firstMs, lastMs }: Incident, timeZone: string): Line => [
  bold('First: '),
  own(clock(firstMs, timeZone)),
  bold('  Last: '),
  own(clock(lastMs, timeZone)),
];

const addressSpan = (address: string) => quote(address === '' ? '<> (null sender)' : address, ADDRESS_MAX);

/** `3 senders: a, b and 1 more` */
const affectedSpans = (count: number, what: string, names: readonly string[]): Line => {
  const many = count >= AFFECTED_MAX ? `${count} or more ${what}s` : plural(count, what);
  const more = count - names.length;
  return [
    bold(count === 0 ? `no ${what} named` : many),
    ...(names.length === 0 ? [] : [own(': ')]),
    ...names.flatMap((name, index) => [...(index === 0 ? [] : [own(', ')]), addressSpan(name)]),
    ...(names.length > 0 && more > 0 ? [own(` and ${more} more`)] : []),
  ];
};

const affectedLine = ({ senders, recipients, tally }: Incident): Line => [
  ...affectedSpans(senders, 'sender', tally.someSenders),
  own('; '),
  ...affectedSpans(recipients, 'recipient', tally.someRecipients),
];

const codesOf = ({ replyCode, dsn }: Alert): string => [replyCode, dsn].filter((code) => code !== null).join(' ');

const partiesSpans = ({ sender, recipient }: Alert): Line => [
  sender === null ? own('sender not logged') : addressSpan(sender),
  own(' → '),
  recipient === null ? own('recipient not logged') : addressSpan(recipient),
];

const whereSpans = ({ host, queueId, relay }: Alert): Line => [
  own(' on '),
  quote(host, ADDRESS_MAX),
  ...(queueId === null ? [] : [own(', queue ID '), quote(queueId, 80)]),
  ...(relay === null ? [] : [own(', relay '), quote(relay, ADDRESS_MAX)]),
];

const exampleLine = (example: Alert, timeZone: string): Line => [
  bold('Newest: '),
  own(`${clock(example.timeMs, timeZone)}, `),
  ...partiesSpans(example),
  ...whereSpans(example),
];

/** As they stand in Jaeger, Tempo and `mailtrace run --json`. */
const identityLines = ({ traceId, chainId }: Alert): readonly Line[] => {
  if (traceId === null) return [];
  const chain = chainId === null ? [] : [bold('  Chain: '), quote(chainId, 200)];
  return [[bold('Trace ID: '), quote(traceId, 40), ...chain]];
};

/** How late it was, and why it failed. */
const reasonSpans = (alert: Alert): Line => {
  const { kind, delayMs, response, cause } = alert;
  if (kind === 'slow') return [own(delayMs === null ? 'late' : `after ${formatDuration(delayMs)}: ${cause.reason}`)];
  const codes = codesOf(alert);
  const words = response ?? cause.reason;
  return [prose(words.startsWith(codes) ? words : `${codes} ${words}`, REASON_MAX)];
};

/** An incident is of many recipients, but of one far side. */
const peerOf = ({ relay, response }: Alert): Peer | null =>
  relay === null ? peerWanted(response ?? '') : { host: relay, port: String(SMTP_PORT) };

const nextText = (example: Alert): string | null => {
  const codes = codesOf(example);
  if (codes === '' || codes.startsWith('2')) return null;
  const advice = explainCode(codes, example.response ?? '')?.lookNext;
  return advice === undefined ? null : fillAdvice(advice, null, peerOf(example));
};

/** Who looks after it, or that nobody does any more. */
const careLines = (incident: Incident, timeZone: string): readonly Line[] => {
  const { acknowledgedBy, acknowledgedUntilMs, mutedUntilMs, state } = incident;
  if (state === 'closed') return [];
  const care: Line[] = [];
  if (acknowledgedBy !== null) {
    const until =
      acknowledgedUntilMs === null ? ': it has timed out' : ` until ${clock(acknowledgedUntilMs, timeZone)}`;
    care.push([bold('Acknowledged by '), quote(acknowledgedBy, 80), own(until)]);
  }
  if (mutedUntilMs !== null)
    care.push([bold('Muted'), own(` until ${clock(mutedUntilMs, timeZone)}: no replies in the thread`)]);
  return care;
};

const reasonBullets = ({ topReasons }: Incident): readonly types.KnownBlock[] =>
  topReasons.length < 2
    ? []
    : [
        bullets(
          topReasons.map(({ text, count }): Line => [bold(`${count.toLocaleString('en-US')} × `), prose(text, 200)]),
        ),
      ];

const endText = ({ state, closedAtMs }: Incident, subscription: Subscription | null, timeZone: string): string => {
  if (subscription === null) return 'Nobody watches this any more.';
  const quiet = formatDuration(quietMs(subscription.threshold));
  if (state !== 'closed') return `Ends when nothing matched for ${quiet}.`;
  if (subscription.suspended !== null) return 'The subscription sleeps.';
  return `Nothing matched for ${quiet}: closed${closedAtMs === null ? '' : ` at ${clock(closedAtMs, timeZone)}`}.`;
};

const ruleNote = (incident: Incident, subscription: Subscription | null, timeZone: string): types.ContextBlock => {
  const rule = subscription === null ? '' : ` Rule: ${subscriptionText(subscription)}`.slice(0, RULE_MAX);
  return footnote(`${endText(incident, subscription, timeZone)}${rule}`);
};

type ParentFacts = Readonly<{ incident: Incident; subscription: Subscription | null; view: IncidentView }>;

/** The message in the channel: always the newest state. */
export const incidentReply = ({ incident, subscription, view }: ParentFacts): Reply => {
  const { timeZone } = view;
  const { example } = incident;
  const next = example === null ? null : nextText(example);
  return reply(
    [titleText(incident)],
    [
      paragraph(titleLine(incident)),
      paragraph(
        timesLine(incident, timeZone),
        affectedLine(incident),
        ...(example === null ? [] : [exampleLine(example, timeZone), ...identityLines(example)]),
        ...(next === null || isManyCauses(incident.cause) ? [] : [[bold('Next: '), own(plainInstructions(next))]]),
        ...careLines(incident, timeZone),
      ),
      ...reasonBullets(incident),
      ...incidentButtons(incident, view),
      ruleNote(incident, subscription, timeZone),
    ],
  );
};

const alertLine = (alert: Alert, timeZone: string): Line => [
  own(`${clock(alert.timeMs, timeZone)} `),
  bold(alert.kind),
  own(alert.times > 1 ? ` ${alert.times} times ` : ' '),
  ...partiesSpans(alert),
  ...whereSpans(alert),
  own(': '),
  ...reasonSpans(alert),
  ...(alert.traceId === null ? [] : [own(' — trace '), quote(alert.traceId, 40)]),
];

type DetailFacts = Readonly<{ alerts: readonly Alert[]; more: number; timeZone: string }>;

/** A reply in its thread: what came since the last one. */
export const detailReply = ({ alerts, more, timeZone }: DetailFacts): Reply => {
  const count = alerts.reduce((sum, { times }) => sum + times, 0) + more;
  const head = more === 0 ? `${count} more` : `${count} more, the newest ${alerts.length}`;
  return reply(
    [`${head}.`],
    [paragraph([bold(`${head}:`)]), bullets(alerts.map((alert) => alertLine(alert, timeZone)))],
  );
};

type SummaryFacts = Readonly<{ incident: Incident; subscription: Subscription | null; timeZone: string }>;

/** The last reply. */
export const summaryReply = ({ incident, subscription, timeZone }: SummaryFacts): Reply => {
  const { firstMs, lastMs } = incident;
  return reply(
    [`closed: ${whatText(incident)} ${placeText(incident)}`],
    [
      paragraph(
        [bold('✔ closed'), own(` — ${endText(incident, subscription, timeZone)}`)],
        [
          bold(whatText(incident)),
          own(' '),
          ...placeSpans(incident),
          own(` in ${formatDuration(Math.max(1000, lastMs - firstMs))}`),
        ],
        timesLine(incident, timeZone),
        affectedLine(incident),
      ),
      ...reasonBullets(incident),
    ],
  );
};
