/** The playground: a Slack on loopback, and the logs of a small fleet to look into. Plays Slack, so it imports nothing of ours. */
export { sendSigned } from './delivery/signed-http.js';
export { openLiveMail } from './open-live-mail.js';
export { materializeSampleFleet, type SampleFleet } from './sample-fleet.js';
export { type SlackDouble, type SlackDoubleOptions, startSlackDouble } from './slack-double.js';
export type { Message } from './workspace.js';
export { defaultWorld } from './world.js';
