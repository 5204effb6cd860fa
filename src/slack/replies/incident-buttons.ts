/** Buttons under an incident: trace an example, open the trace, acknowledge, mute. A label says how long. */
import type { types } from '@slack/bolt';
import type { Alert, Incident } from '../../domain/subscription.js';
import { formatDuration } from '../../query/duration.js';
import { label } from './blocks.js';
import { traceExampleButton } from './trace-button.js';

/** What the messages of incidents need besides the incident. */
export type IncidentView = Readonly<{
  /** Of the configuration: many people read the channel. */
  timeZone: string;
  /** With `{traceId}` and `{chainId}`; '' for none. */
  linkTemplate: string;
  acknowledgeForMs: number;
  muteForMs: number;
}>;

export const INCIDENT_DEEDS = ['acknowledge', 'withdraw', 'mute', 'unmute'] as const;
export type IncidentDeed = (typeof INCIDENT_DEEDS)[number];

/** The action id of a deed begins with it. */
export const INCIDENT_ACTION = 'incident_';
/** A link is a button that opens an address; Slack tells of the press, and nothing is to be done. */
export const OPEN_TRACE_ACTION = 'open_trace';

/** Slack's limit for addresses. */
const URL_MAX = 3000;

/** @returns null without a template, when it asks for what is not known, and when the address would be too long */
export const traceLink = (
  template: string,
  { traceId, chainId }: Pick<Alert, 'traceId' | 'chainId'>,
): string | null => {
  if (template === '') return null;
  const known: Readonly<Record<string, string | null>> = { traceId, chainId };
  const names = [...template.matchAll(/\{(traceId|chainId)\}/g)].map(([, name = '']) => name);
  if (names.some((name) => known[name] === null)) return null;
  const url = template.replace(/\{(traceId|chainId)\}/g, (_all, name: string) => encodeURIComponent(known[name] ?? ''));
  return url.length <= URL_MAX && /^https?:\/\//.test(url) ? url : null;
};

const deedButton = (deed: IncidentDeed, { id }: Incident, text: string): types.Button => ({
  type: 'button',
  action_id: `${INCIDENT_ACTION}${deed}`,
  text: label(text),
  value: id,
});

const openButton = (url: string): types.Button => ({
  type: 'button',
  action_id: OPEN_TRACE_ACTION,
  text: label('Open the trace'),
  url,
  accessibility_label: label('Open the trace of the newest message in the browser').text,
});

const deedsOf = (incident: Incident, { acknowledgeForMs, muteForMs }: IncidentView): readonly types.Button[] => {
  if (incident.state === 'closed') return [];
  return [
    incident.acknowledgedUntilMs === null
      ? deedButton('acknowledge', incident, `Acknowledge for ${formatDuration(acknowledgeForMs)}`)
      : deedButton('withdraw', incident, 'Withdraw acknowledgement'),
    incident.mutedUntilMs === null
      ? deedButton('mute', incident, `Mute for ${formatDuration(muteForMs)}`)
      : deedButton('unmute', incident, 'Unmute'),
  ];
};

/** Nothing when there is nothing to press. */
export const incidentButtons = (incident: Incident, view: IncidentView): readonly types.ActionsBlock[] => {
  const { example } = incident;
  const trace = example === null ? null : traceExampleButton(example);
  const url = example === null ? null : traceLink(view.linkTemplate, example);
  const elements = [
    ...(trace === null ? [] : [trace]),
    ...(url === null ? [] : [openButton(url)]),
    ...deedsOf(incident, view),
  ];
  return elements.length === 0 ? [] : [{ type: 'actions', block_id: 'incident', elements }];
};

export const isDeed = (text: string): text is IncidentDeed => INCIDENT_DEEDS.some((deed) => deed === text);
