import { describe, expect, it } from 'vitest';
import { hostName, queueId } from '../../../src/domain/ids.ts';
import type { Alert, Incident, Subscription } from '../../../src/domain/subscription.ts';
import { AFFECTED_MAX, MANY_CAUSES } from '../../../src/domain/subscription.ts';
import type { Reply } from '../../../src/slack/replies/blocks.ts';
import { detailReply, incidentReply, summaryReply } from '../../../src/slack/replies/incident.ts';
import { type IncidentView, traceLink } from '../../../src/slack/replies/incident-buttons.ts';
import { noAccessReply, noAlertsReply, ownAlertsReply } from '../../../src/slack/replies/problems.ts';
import {
  mutedReply,
  notInChannelReply,
  subscribedReply,
  subscriptionsReply,
  suspendedReply,
  unsubscribedReply,
} from '../../../src/slack/replies/subscriptions.ts';
import { parseChainKey } from '../../../src/slack/replies/trace-button.ts';
import { fitReply } from '../../../src/slack/send.ts';
import { reduceIncidents } from '../../../src/trace/incident.ts';
import { subscribe, T0 } from '../../support/alert-lines.ts';
import { findFaults, readBlocks, visibleTexts } from '../block-rules.ts';
import { HOSTILE } from './hostile.ts';

const MINUTE = 60_000;
const timeZone = 'Europe/Berlin';
const view: IncidentView = {
  timeZone,
  linkTemplate: 'https://jaeger.example.com/trace/{traceId}',
  acknowledgeForMs: 60 * MINUTE,
  muteForMs: 60 * MINUTE,
};

const RULE = subscribe('bounced expired from:campus.example dsn:5.1.* over 2 in 10m');
const SLOW = subscribe('slow delay>10m cluster:mx relay:mx.partner.example,192.0.2.0/24');

const alert = (facts: Partial<Alert> = {}): Alert => ({
  id: `alert-${facts.timeMs ?? 0}-${facts.recipient ?? ''}`,
  subscriptionId: RULE.id,
  channel: RULE.channel,
  kind: 'bounced',
  times: 1,
  timeMs: T0,
  host: hostName('mx1.campus.example'),
  queueId: queueId('4jWkFk143lznk7d'),
  messageId: null,
  traceId: 'c0ffee00c0ffee00c0ffee00c0ffee00',
  chainId: 'mx1.campus.example/4jWkFk143lznk7d/2026-11-21T08:00:00.000Z',
  sender: 'erin@campus.example',
  recipient: 'dave@partner.example',
  relay: 'mx.partner.example',
  dsn: '5.1.1',
  replyCode: 550,
  response: '550 5.1.1 <dave@partner.example>: Recipient address rejected: User unknown',
  delayMs: 1200,
  cause: { at: 'mx.partner.example', dsnClass: '5.1', reason: 'recipient address rejected user unknown' },
  ...facts,
});

const ALERTS = [
  alert(),
  alert({ timeMs: T0 + MINUTE, recipient: 'bob@partner.example', sender: '' }),
  alert({
    timeMs: T0 + 2 * MINUTE,
    recipient: 'carol@partner.example',
    dsn: '5.1.2',
    response: '550 5.1.2 No such user',
  }),
  alert({ timeMs: T0 + 3 * MINUTE, recipient: 'eve@partner.example', kind: 'expired', times: 3 }),
];

const incidentOf = (alerts: readonly Alert[], subscription: Subscription, facts: Partial<Incident> = {}): Incident => {
  const subscriptions = new Map([[subscription.id, subscription]]);
  const [incident] = reduceIncidents({ live: [], alerts, subscriptions, timeMs: T0 }).changed;
  if (incident === undefined) throw new Error('no incident');
  return { ...incident, messageTs: '1700000000.000100', ...facts };
};

const OPEN = incidentOf(ALERTS, RULE);
const closed = { state: 'closed', closedAtMs: T0 + 23 * MINUTE } as const;
const untilMs = T0 + 60 * MINUTE;

const parent = (
  incident: Incident,
  subscription: Subscription | null = RULE,
  more: Partial<IncidentView> = {},
): Reply => incidentReply({ incident, subscription, view: { ...view, ...more } });

const STORIES: Readonly<Record<string, () => readonly Reply[]>> = {
  'an incident': () => [
    parent(OPEN),
    detailReply({ alerts: ALERTS.toReversed(), more: 12, timeZone }),
    parent({ ...OPEN, acknowledgedBy: 'Bob', acknowledgedUntilMs: untilMs }),
    parent({ ...OPEN, acknowledgedBy: 'Bob', acknowledgedUntilMs: null }),
    parent({ ...OPEN, mutedUntilMs: untilMs }),
    parent({ ...OPEN, ...closed }),
    summaryReply({ incident: { ...OPEN, ...closed }, subscription: RULE, timeZone }),
  ],
  'incidents that are different': () => [
    parent(
      incidentOf([alert({ queueId: null, traceId: null, chainId: null, kind: 'rejected' })], subscribe('rejected')),
    ),
    parent(incidentOf([alert({ cause: MANY_CAUSES })], subscribe('bounced')), null),
    parent({ ...OPEN, recipients: AFFECTED_MAX, senders: 0, tally: { ...OPEN.tally, someSenders: [] } }, RULE, {
      linkTemplate: '',
    }),
    parent(
      incidentOf(
        [
          alert({
            kind: 'slow',
            dsn: '2.0.0',
            replyCode: 250,
            response: '250 2.0.0 Ok',
            cause: { at: 'mx.partner.example', dsnClass: '-', reason: 'slow while connecting' },
          }),
        ],
        SLOW,
      ),
      SLOW,
    ),
    parent({ ...OPEN, ...closed }, { ...RULE, suspended: { sinceMs: T0, reason: 'archived' } }),
  ],
  subscriptions: () => [
    subscribedReply({ subscription: RULE, replaced: null }),
    subscribedReply({
      subscription: { ...SLOW, scope: { kind: 'limited', domains: ['campus.example'], hosts: ['mx1.campus.example'] } },
      replaced: { ...SLOW, slowMs: 300_000 },
    }),
    subscriptionsReply({ subscriptions: [], nowMs: T0, timeZone }),
    subscriptionsReply({
      subscriptions: [
        RULE,
        { ...SLOW, mutedUntilMs: untilMs },
        {
          ...subscribe('loop rejected'),
          suspended: { sinceMs: T0, reason: 'Slack refused chat.postMessage: is_archived.' },
        },
      ],
      nowMs: T0,
      timeZone,
    }),
    unsubscribedReply({ removed: [RULE], reduced: [SLOW] }),
    mutedReply({ subscriptions: [RULE], untilMs, timeZone }),
    mutedReply({ subscriptions: [RULE], untilMs: null, timeZone }),
    mutedReply({ subscriptions: [], untilMs, timeZone }),
    suspendedReply({ ...RULE, suspended: { sinceMs: T0, reason: 'Slack refused chat.postMessage: is_archived.' } }),
    notInChannelReply('mailtrace'),
    noAlertsReply(),
    ownAlertsReply(),
    noAccessReply(null, 'subscribe'),
  ],
};

const hostileRule = (): Subscription => ({
  ...RULE,
  channelName: HOSTILE,
  createdBy: HOSTILE,
  filters: {
    from: [HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE],
    to: [HOSTILE],
    domain: [HOSTILE],
    relay: [HOSTILE],
    host: [HOSTILE],
    cluster: [HOSTILE],
    dsn: [HOSTILE],
  },
  scope: { kind: 'limited', domains: [HOSTILE], hosts: [HOSTILE] },
  suspended: { sinceMs: T0, reason: HOSTILE },
});

const hostileAlerts = (): readonly Alert[] =>
  Array.from({ length: 6 }, (_, index) =>
    alert({
      id: String(index),
      host: hostName(HOSTILE),
      queueId: queueId(HOSTILE),
      chainId: HOSTILE,
      sender: `${HOSTILE}${index}`,
      recipient: `${HOSTILE}${index}`,
      relay: HOSTILE,
      dsn: `5.1.${index}`,
      response: HOSTILE.repeat(30),
      cause: { at: HOSTILE, dsnClass: '5.1', reason: HOSTILE },
    }),
  );

const hostileIncident = (): Incident => ({
  ...incidentOf(hostileAlerts(), RULE),
  acknowledgedBy: HOSTILE,
  acknowledgedUntilMs: untilMs,
  mutedUntilMs: untilMs,
});

const HOSTILE_STORIES: Readonly<Record<string, () => readonly Reply[]>> = {
  incident: () => [
    incidentReply({ incident: hostileIncident(), subscription: hostileRule(), view }),
    incidentReply({ incident: { ...hostileIncident(), ...closed }, subscription: hostileRule(), view }),
  ],
  detail: () => [detailReply({ alerts: hostileAlerts().slice(0, 5), more: 1, timeZone })],
  summary: () => [summaryReply({ incident: hostileIncident(), subscription: hostileRule(), timeZone })],
  subscriptions: () => [
    subscribedReply({ subscription: hostileRule(), replaced: hostileRule() }),
    subscriptionsReply({ subscriptions: [hostileRule(), hostileRule()], nowMs: T0, timeZone }),
    unsubscribedReply({ removed: [hostileRule()], reduced: [hostileRule()] }),
    suspendedReply(hostileRule()),
    notInChannelReply(HOSTILE),
  ],
};

describe('what people read of alerts', () => {
  it.each([
    ['the relay', { relay: 'mx.partner.example', response: 'conversation timed out' }, 'nc -vz mx.partner.example 25'],
    [
      'whom the response names',
      { relay: null, response: 'connect to mx2.partner.example[192.0.2.7]:2525: Connection timed out' },
      'nc -vz mx2.partner.example 2525',
    ],
    ['nobody', { relay: null, response: 'timed out' }, 'nc -vz HOST 25'],
  ])('fills %s into the command to try next', (_, facts, command) => {
    const waiting = alert({ kind: 'deferred', dsn: '4.4.1', replyCode: null, ...facts });
    expect(readBlocks(parent(incidentOf([waiting], subscribe('deferred'))).blocks)).toContain(command);
  });

  it.each(Object.keys(STORIES))('%s', async (name) => {
    const page = STORIES[name]!()
      .map(({ text, blocks }) => `${readBlocks(blocks)}\n\nNotification: ${text}`)
      .join('\n\n────\n\n');
    await expect(`${page}\n`).toMatchFileSnapshot(`golden/alerts-${name.replace(/[^a-z]+/g, '-')}.txt`);
  });
});

describe('Slack’s limits', () => {
  it.each([...Object.entries(STORIES), ...Object.entries(HOSTILE_STORIES)])('%s keeps them', (_name, story) => {
    for (const reply of story()) expect(findFaults(reply)).toEqual([]);
  });

  it('leave out the last of 25 long subscriptions, and not all of them', () => {
    const values = Array.from({ length: 50 }, (_, index) => `${'long'.repeat(20)}${index}@campus.example`);
    const long = { ...RULE, filters: { ...RULE.filters, from: values, to: values } };
    const reply = fitReply(subscriptionsReply({ subscriptions: Array(25).fill(long), nowMs: T0, timeZone }));
    expect(findFaults(reply)).toEqual([]);
    expect(readBlocks(reply.blocks).match(/Remove:/g)?.length).toBeGreaterThan(5);
    expect(readBlocks(reply.blocks)).toContain('Shortened');
  });
});

describe('text of outsiders', () => {
  it.each(Object.entries(HOSTILE_STORIES))('%s: cannot mention, link, format or hide', (_name, story) => {
    for (const { text, blocks } of story()) {
      expect(text).not.toMatch(/<|>|(?<!\w)@here|:\/\/|\*|~|`|:smile:|\u202e|\u200b/);
      for (const shown of visibleTexts(blocks)) expect(shown).not.toMatch(/[\u202e\u200b]|\p{Cc}(?<!\n)|.\n./u);
      expect(JSON.stringify(blocks)).not.toMatch(
        /"type":"(?:mrkdwn|markdown|link|user|usergroup|channel|broadcast|emoji)"/,
      );
    }
  });
});

describe('links and buttons', () => {
  it.each([
    ['https://jaeger.example.com/trace/{traceId}', 'https://jaeger.example.com/trace/c0ffee00c0ffee00c0ffee00c0ffee00'],
    [
      'https://grafana.example.com/explore?q={traceId}&c={chainId}',
      'https://grafana.example.com/explore?q=c0ffee00c0ffee00c0ffee00c0ffee00&c=mx1.campus.example%2F4jWkFk143lznk7d%2F2026-11-21T08%3A00%3A00.000Z',
    ],
    ['', null],
    ['javascript:alert({traceId})', null],
    [`https://x.example/${'a'.repeat(3000)}{traceId}`, null],
  ])('%s', (template, expected) => {
    expect(traceLink(template, alert())).toBe(expected);
  });

  it('name only what is known', () => {
    expect(traceLink('https://x.example/{chainId}', alert({ chainId: null }))).toBeNull();
    expect(traceLink('https://x.example/{traceId}', alert({ chainId: null }))).not.toBeNull();
  });

  const buttons = (reply: Reply): readonly Readonly<Record<string, unknown>>[] =>
    reply.blocks.flatMap((block) =>
      block.type === 'actions' ? block.elements.map((element) => ({ ...element })) : [],
    );

  it('say how long they hold, and change with the state', () => {
    const labels = (incident: Incident) =>
      readBlocks(parent(incident).blocks)
        .split('\n')
        .filter((line) => line.startsWith('['));
    expect(labels(OPEN)).toEqual(['[Trace an example] [Open the trace] [Acknowledge for 1h] [Mute for 1h]']);
    expect(labels({ ...OPEN, acknowledgedBy: 'Bob', acknowledgedUntilMs: untilMs, mutedUntilMs: untilMs })).toEqual([
      '[Trace an example] [Open the trace] [Withdraw acknowledgement] [Unmute]',
    ]);
    expect(labels({ ...OPEN, ...closed })).toEqual(['[Trace an example] [Open the trace]']);
  });

  it('carry the incident, and for the trace what finds the message again', () => {
    const [trace, link, acknowledge] = buttons(parent(OPEN));
    expect(parseChainKey(String(trace?.['value']))).toEqual({
      id: alert().chainId,
      host: 'mx1.campus.example',
      queueId: '4jWkFk143lznk7d',
      window: { fromMs: T0 + 3 * MINUTE - 1000, toMs: T0 + 3 * MINUTE + 1000 },
    });
    expect(link?.['url']).toBe(`https://jaeger.example.com/trace/${alert().traceId}`);
    expect(acknowledge).toMatchObject({ action_id: 'incident_acknowledge', value: OPEN.id });
  });
});
