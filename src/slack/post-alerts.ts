/** Sends the outbox of alerts to Slack until it is told to stop. */
import { type Logger, webApi } from '@slack/bolt';
import type { Ledger } from '../app/alert-ledger.js';
import { createDispatcher } from '../app/dispatch-alerts.js';
import type { Clock, Log, Meter } from '../app/ports.js';
import { createAlertSink } from './alert-sink.js';
import type { Pacer, Sleep } from './pace.js';
import type { IncidentView } from './replies/incident-buttons.js';
import { createSlackCall } from './slack-call.js';

export type AlertPosting = Readonly<{
  botToken: string;
  /** null = Slack's own. */
  apiUrl: string | null;
  ledger: Ledger;
  view: IncidentView;
  pacer: Pacer;
  now: Clock;
  sleep: Sleep;
  log: Log;
  boltLog: Logger;
  meter: Pick<Meter, 'add' | 'set'>;
}>;

/** A message that takes longer is tried again; it may then stand there twice. */
const CALL_TIMEOUT_MS = 10_000;

/** Resolves when `signal` was aborted and what was on its way is done. */
export const postAlerts = async (posting: AlertPosting, signal: AbortSignal): Promise<void> => {
  const { botToken, apiUrl, ledger, view, pacer, now, sleep, log, boltLog, meter } = posting;
  const client = new webApi.WebClient(botToken, {
    logger: boltLog,
    timeout: CALL_TIMEOUT_MS,
    // The dispatcher keeps what fails and decides when it is tried again.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    ...(apiUrl === null ? {} : { slackApiUrl: apiUrl }),
  });
  const sink = createAlertSink({ call: createSlackCall(client), pacer, view });
  await createDispatcher({ ledger, sink, now, sleep, log, meter }).run(signal);
};
