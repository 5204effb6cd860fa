/**
 * The configuration file, defined once: keys, defaults, what each means. The first half is the Python tool's YAML, read as
 * it is; every part that has a library of its own brings its own options.
 */
import { z } from 'zod';
import { fileOptions } from '../sources/host-options.js';
import { opensearchOptions } from '../sources/opensearch-options.js';
import {
  choice,
  duration,
  durationMs,
  flag,
  fraction,
  optionalZone,
  seconds,
  section,
  text,
  webAddress,
  wholeNumber,
} from '../sources/option-fields.js';
import { sshOptions } from '../sources/ssh-options.js';
import { accessSection } from './access-section.js';
import { architectureSection } from './architecture-section.js';

const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;

const MEBIBYTE = 1024 * 1024;

/** Slack tells people by mail what was posted: an alert about such a mail would cause the next one. */
const NOTIFIERS = ['@slack.com', '@slackhq.com', '@slack-mail.com'] as const;

const clusters = z
  .preprocess(
    (value) => value ?? {},
    z.record(z.string().min(1), z.array(z.string().min(1)).min(1, 'must name a host')),
  )
  .describe('Cluster name → its machines.');

const trace = section({
  follow_limit: duration('6d').describe('How far beyond each edge of the window a message is followed.'),
  max_rounds: wholeNumber(8, 1, 100).describe('Rounds of questions to the hosts.'),
  max_transactions: wholeNumber(5000, 1).describe('Transactions of one trace.'),
  max_lines: wholeNumber(2_000_000, 1).describe('Log lines of one trace.'),
  max_bytes: wholeNumber(256 * MEBIBYTE, 1).describe('Bytes of log lines of one trace.'),
  many_hops: wholeNumber(7, 1).describe('More hosts than this are a finding.'),
  slow_hop_s: seconds(60).describe('A longer delay at one hop is a finding.'),
  log_lag: duration('10m').describe('A log may lag behind so long before a line that is missing means something.'),
});

const slack = section({
  api_url: webAddress().describe('Other address of the Web API, e.g. http://127.0.0.1:4400/api/; SLACK_API_URL wins.'),
  host: text('127.0.0.1').describe('Address that HTTP mode listens on.'),
  port: wholeNumber(3000, 0, 65_535).describe('Its port, 0 for any free one; PORT wins.'),
});

const store = section({
  data_dir: text('./data').describe('Folder of audit log and embedded databases; MAILTRACE_DATA_DIR wins.'),
});

const index = section({
  store: choice(['embedded', 'opensearch'], 'embedded').describe('Where the transaction index is.'),
  name: text('mailtrace').describe('With opensearch: how the names of its indices begin.'),
  retention: duration('90d').describe('Ended transactions are kept so long after their last line.'),
});

const tracing = section({
  enabled: flag(false).describe('Let `mailtrace slack` follow the logs too.'),
  sleep_seconds: seconds(60).describe('Seconds between polls; --interval wins.'),
  hold_rounds: wholeNumber(2, 0).describe('Accepted, no effect: nothing waits for rounds.'),
  go_back_seconds: wholeNumber(10, 0).describe('Accepted, no effect: late lines are found by their sequence number.'),
  hold_s: seconds(300).describe('A transaction still open this long after its arrival is sent as open.'),
  sample: fraction(1).describe('Share of messages that are sent, by message-id; failures always are.'),
  look_back: duration('10m').describe('Where following begins when there is no checkpoint: so long before now.'),
  spool_mb: wholeNumber(256, 0, 1_000_000).describe('Spans kept on disk while the receiver is down; more are counted.'),
});

const http = section({
  host: text('127.0.0.1').describe('Address of health, readiness and metrics.'),
  port: wholeNumber(9464, 0, 65_535).describe('Its port; 0 for any free one.'),
  enabled: flag(true).describe('Whether to listen at all.'),
});

const alerts = section({
  link_template: text('').describe('Link of an alert to its trace, with {traceId} and {chainId}; empty for none.'),
  ignore_senders: z
    .preprocess((value) => value ?? undefined, z.array(z.string().min(1)).default([...NOTIFIERS]))
    .describe('Senders whose mail raises no alert: addresses, or @domain with its sub-domains.'),
  acknowledge_for: duration('1h').describe('So long an acknowledgement holds.'),
});

const kumomta = section({
  endpoint: webAddress().describe('HTTP address of KumoMTA.'),
  username: text('').describe('User for it; empty for none.'),
  password: text('').describe('Its password; best as ${VARIABLE}.'),
});

export const configSchema = z.strictObject({
  method: z.enum(['ssh', 'opensearch', 'file']).describe('Where the logs are.'),
  log_level: z
    .preprocess(
      (value) => (typeof value === 'string' ? value.toUpperCase() : (value ?? undefined)),
      z.enum(LOG_LEVELS).default('INFO'),
    )
    .describe('Least severe message that is logged on stderr.'),
  time_zone: optionalZone().describe(
    'Zone of answers and of stamps without an offset; default: the zone of the machine.',
  ),
  domain: text('').describe('What completes a short host name.'),
  auto_continue: flag(false).describe('Accepted, no effect: every hop is followed.'),
  timeout: seconds(30).describe('Accepted, no effect; see ssh_config.timeout and opensearch_config.timeout.'),
  clusters,
  file_config: fileOptions.describe('With method file.'),
  ssh_config: sshOptions.describe('With method ssh.'),
  opensearch_config: opensearchOptions.describe('With method opensearch, and for index.store opensearch.'),
  trace: trace.describe('Bounds of one trace, and when it raises a finding.'),
  slack: slack.describe('The Slack bot; its tokens come from the environment.'),
  access: accessSection,
  store: store.describe('What is kept on disk.'),
  index: index.describe('The transaction index.'),
  tracing: tracing.describe('Following the logs without end.'),
  http: http.describe('The listener of `mailtrace tracing` and `mailtrace slack`: /healthz, /readyz, /metrics.'),
  alerts: alerts.describe('Alerts in channels.'),
  architecture: architectureSection,
  kumomta: kumomta.describe('Live sessions of KumoMTA.'),
});

export type Config = z.output<typeof configSchema>;

/** Bounds of one trace in the units of the code. */
export const traceLimits = ({ trace: bounds }: Config) => ({
  followLimitMs: durationMs(bounds.follow_limit) ?? 0,
  maxRounds: bounds.max_rounds,
  maxTransactions: bounds.max_transactions,
  maxLines: bounds.max_lines,
  maxBytes: bounds.max_bytes,
  manyHops: bounds.many_hops,
  slowHopMs: bounds.slow_hop_s * 1000,
  logLagMs: durationMs(bounds.log_lag) ?? 0,
});
