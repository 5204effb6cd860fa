/** The playground: a Slack on loopback, and the logs of a small fleet to look into. Plays Slack, so it imports nothing of ours. */
export type { ApiCall } from './core.js';
export type { Delivery, Unacked } from './delivery/delivery.js';
export { sendSigned } from './delivery/signed-http.js';
export type { Fault } from './faults.js';
export type { Proposal } from './page-view.js';
export type { Person } from './people.js';
export { materializeSampleFleet, type SampleFleet, type SampleHost } from './sample-fleet.js';
export { type SlackDouble, type SlackDoubleOptions, startSlackDouble } from './slack-double.js';
export type { Message, SlackFile } from './workspace.js';
export { defaultWorld, type World } from './world.js';
