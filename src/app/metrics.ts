/** Every metric of following, alerts included: the one list of their names. */

export type Metric = Readonly<{ name: string; type: 'counter' | 'gauge'; help: string }>;

const counter = (name: string, help: string): Metric => ({ name: `mailtrace_${name}`, type: 'counter', help });
const gauge = (name: string, help: string): Metric => ({ name: `mailtrace_${name}`, type: 'gauge', help });

export const METRICS: readonly Metric[] = [
  counter('lines_total', 'Log lines read.'),
  counter('unknown_lines_total', 'Log lines that no parser understands.'),
  counter('late_lines_total', 'Log lines that came after their transaction was closed; left out of spans and index.'),
  counter('losses_total', 'Times that part of a log could not be read any more.'),
  counter('spans_total', 'Spans by what became of them: sent, spooled on disk, dropped.'),
  gauge('spans_spooled', 'Spans that wait on disk for the receiver.'),
  gauge(
    'spans_dropped',
    'Spans that were ever lost: the receiver was down and the disk space used up, or it refused them.',
  ),
  gauge('receiver_up', 'Whether the OTLP receiver takes spans: 1 or 0.'),
  gauge('lag_seconds', 'How far behind the wall clock reading is.'),
  gauge('waiting_lines', 'Log lines known to wait; NaN while it is not known.'),
  gauge('caught_up', 'Whether all that is logged was read: 1 or 0.'),
  gauge('open_transactions', 'Transactions that are not closed.'),
  gauge('places_in_memory', 'Queue IDs in memory.'),
  gauge('source_faults', 'Hosts, or whole sources, that cannot be read at present.'),
  counter('sink_failures_total', 'Failures to hand on what was read, by step; each is tried again.'),
  counter('polls_total', 'Polls of the logs.'),
  counter('poll_seconds_total', 'Time spent in polls.'),
  counter('round_seconds_total', 'Time spent on what polls gave.'),
  counter('alerts_total', 'Lines that matched a subscription, by kind.'),
  counter('alert_messages_total', 'Messages about incidents, by what became of them.'),
  gauge('alert_outbox', 'Messages about incidents that are still to be sent.'),
  gauge('incidents_open', 'Incidents that are open.'),
];
