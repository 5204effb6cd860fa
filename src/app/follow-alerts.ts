/** Lines that were followed → alerts → incidents → what channels are to be shown; each line once, also when it is read again. */
import type { Alert, Incident, Subscription } from '../domain/subscription.js';
import { quietAtMs, reduceIncidents } from '../trace/incident.js';
import { type Clusters, createMatch } from '../trace/match-subscription.js';
import { createIsOwnMail } from '../trace/own-mail.js';
import { findTroubles, type Trouble } from '../trace/troubles.js';
import { isVisible, type MailParties } from './access.js';
import { type ChainDeps, findCirclingMail, withChains } from './alert-chains.js';
import type { Ledger } from './alert-ledger.js';
import { DETAIL_ALERTS_MAX, entriesFor } from './alert-outbox.js';
import type { AlertBatch, AlertChanges, Alerting } from './alerting.js';
import type { Meter } from './ports.js';

export type AlertingDeps = ChainDeps &
  Readonly<{
    ledger: Ledger;
    clusters: Clusters;
    /** Addresses, and `@domain` with its sub-domains: no alert about their mail, nor about bounces of it. */
    ignoreSenders: readonly string[];
    meter: Pick<Meter, 'add' | 'set'>;
  }>;

/** Logs lag behind: what happened so long before the subscription and is read after it still counts. */
const BEFORE_MS = 10 * 60_000;

const partiesOf = ({ transaction, sender, recipient, originalRecipient, host }: Trouble): MailParties => ({
  senders: sender === null ? [] : [sender],
  recipients: [
    recipient,
    originalRecipient,
    ...(transaction?.recipients ?? []).flatMap(({ address, originalAddress }) => [address, originalAddress]),
  ].filter((address) => address !== null),
  hosts: [host],
});

/** The shortest delay that is slow for anybody. */
const slowMsOf = (subscriptions: readonly Subscription[]): number | null => {
  const delays = subscriptions.map(({ slowMs }) => slowMs).filter((ms) => ms !== null);
  return delays.length === 0 ? null : Math.min(...delays);
};

const byTime = (a: Alert, b: Alert): number => a.timeMs - b.timeMs;

const findAlerts = async (
  deps: AlertingDeps,
  isOwnMail: (trouble: Trouble) => boolean,
  { lines, transactions, aborted }: AlertBatch,
  subscriptions: readonly Subscription[],
): Promise<readonly Alert[]> => {
  if (subscriptions.length === 0 || lines.length + aborted.length === 0) return [];
  const watchesLoops = subscriptions.some(({ kinds }) => kinds.includes('loop'));
  const troubles = [
    ...findTroubles({ lines, transactions, aborted, slowMs: slowMsOf(subscriptions) }),
    ...(watchesLoops ? await findCirclingMail(deps, transactions) : []),
  ].filter((trouble) => !isOwnMail(trouble));
  const match = createMatch(deps.clusters);
  const alerts = new Map<string, Alert>();
  for (const trouble of troubles) {
    for (const subscription of subscriptions) {
      if (trouble.timeMs < subscription.createdAtMs - BEFORE_MS) continue;
      const alert = match(subscription, trouble);
      if (alert !== null && isVisible(subscription.scope, partiesOf(trouble))) alerts.set(alert.id, alert);
    }
  }
  return [...alerts.values()].sort(byTime);
};

/** A line that came late told the message-id of an alert that is shown already. */
const completedExamples = (incidents: readonly Incident[], again: readonly Alert[]): readonly Incident[] => {
  const byId = new Map(again.map((alert) => [alert.id, alert]));
  return incidents.flatMap((incident) => {
    const newer = incident.example === null ? undefined : byId.get(incident.example.id);
    return newer === undefined || newer.traceId === incident.example?.traceId ? [] : [{ ...incident, example: newer }];
  });
};

/** Of each incident the alerts that may be shown. */
const groupShown = (alerts: readonly Alert[], homes: ReadonlyMap<Alert, string>): ReadonlyMap<string, Alert[]> => {
  const groups = new Map<string, Alert[]>();
  for (const alert of alerts) {
    const home = homes.get(alert) ?? '';
    const group = groups.get(home);
    if (group) group.push(alert);
    else groups.set(home, [alert]);
  }
  return groups;
};

/** Incidents and outbox with the chains of those alerts that are shown. */
const draw = async (
  deps: AlertingDeps,
  changed: readonly Incident[],
  groups: ReadonlyMap<string, readonly Alert[]>,
  nowMs: number,
): Promise<Pick<AlertChanges, 'incidents' | 'outbox'>> => {
  const { ledger } = deps;
  const examples = changed.flatMap(({ example }) => (example === null || example.chainId !== null ? [] : [example]));
  const newest = [...groups.values()].flatMap((alerts) => alerts.slice(-DETAIL_ALERTS_MAX));
  const chains = await withChains(deps, [...new Set([...examples, ...newest])]);
  const complete = (alert: Alert): Alert => chains.get(alert) ?? alert;
  const incidents = changed.map((incident) => ({
    ...incident,
    example: incident.example === null ? null : complete(incident.example),
  }));
  const state = { waiting: ledger.outbox(), sending: ledger.sending, nowMs };
  const outbox = incidents.flatMap((incident) =>
    entriesFor(incident, (groups.get(incident.id) ?? []).map(complete), state),
  );
  return { incidents, outbox };
};

export const createAlerting = (deps: AlertingDeps): Alerting => {
  const { ledger, meter } = deps;
  const isOwnMail = createIsOwnMail(deps.ignoreSenders);

  const changesOf = async (batch: AlertBatch): Promise<Partial<AlertChanges>> => {
    const { eventTimeMs, nowMs } = batch;
    const all = ledger.subscriptions();
    const subscriptions = new Map(all.map((subscription) => [subscription.id, subscription]));
    const alerts = await findAlerts(
      deps,
      isOwnMail,
      batch,
      all.filter(({ suspended }) => suspended === null),
    );
    const known = alerts.length === 0 ? new Set<string>() : await ledger.knownAlerts(alerts.map(({ id }) => id));
    const fresh = alerts.filter(({ id }) => !known.has(id));
    const live = ledger.incidents().filter(({ state }) => state !== 'closed');
    const completed = known.size === 0 ? [] : completedExamples(live, alerts);
    const isQuiet = live.some(
      (incident) => quietAtMs(incident, subscriptions.get(incident.subscriptionId)) <= eventTimeMs,
    );
    if (fresh.length === 0 && completed.length === 0 && !isQuiet) return {};
    const byId = new Map([...live, ...completed].map((incident) => [incident.id, incident]));
    const { changed, homes } = reduceIncidents({
      live: [...byId.values()],
      alerts: fresh,
      subscriptions,
      timeMs: eventTimeMs,
    });
    for (const { kind, times } of fresh) meter.add('mailtrace_alerts_total', times, { kind });
    const touched = new Map([...completed, ...changed].map((incident) => [incident.id, incident]));
    return {
      alertIds: fresh.map((alert) => ({ id: alert.id, incidentId: homes.get(alert) ?? '', timeMs: alert.timeMs })),
      ...(await draw(deps, [...touched.values()], groupShown(fresh, homes), nowMs)),
    };
  };

  return {
    handle: (batch, commit) =>
      ledger.alone(async () => {
        await ledger.commit(await changesOf(batch), commit);
        const open = ledger.incidents().filter(({ state }) => state === 'open');
        meter.set('mailtrace_incidents_open', open.length);
      }),
  };
};
