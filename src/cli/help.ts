/** What `--help` prints. */

const hostFlags = `  -c, --config-path FILE   configuration; else MAILTRACE_CONFIG, else config.yaml
      --login-pass TEXT    SSH password; better: --ask-login-pass, or MAILTRACE_SSH_PASSWORD
      --sudo-pass TEXT     sudo password; better: --ask-sudo-pass, or MAILTRACE_SUDO_PASSWORD
      --opensearch-pass TEXT  better: --ask-opensearch-pass, or MAILTRACE_OPENSEARCH_PASSWORD
      --help               this text (-h is the host)`;

const searchFlags = `  -k, --keyword TEXT       what to look for; repeat it and all must hold. Literal text, never a pattern:
                           an address or message-id (with @), a domain or host name, an IP address or CIDR,
                           a queue ID, a SASL user, a part of a local part. from: to: id: qid: client: sasl:
                           force one meaning; text:… finds any part of a log line
      --time PHRASE        when: "yesterday 10am", "2026-11-20 10:00", "last 30m", "since 9am"; default: last 24 hours
      --time-range LENGTH  before and after --time: 4h, 90m, 1h30m
  -h, --start-host NAME    host or cluster where the message must be found; default: every configured host
      --only-window        do not follow what was found beyond the window
${hostFlags}`;

const codes = `Exit codes: 0 found; 1 nothing found, everything was read; 2 wrong usage or configuration;
3 some log could not be read (what there is, is printed); 130 interrupted.`;

export const runHelp = `Usage: mailtrace run -k KEYWORD [-k KEYWORD …] [--time PHRASE] [--time-range LENGTH] [flags]
       mailtrace run --records FILE [--time PHRASE] [--time-range LENGTH] [flags]

Finds messages in the logs and follows each one over all hosts.

${searchFlags}
      --json               print the report as JSON (schema mailtrace.report/1)
      --all                show every matching message without asking
      --records FILE       in place of -k: trace the messages of a sender's records (- is stdin): a JSON array or JSON
                           lines of {"queue_id", "message_id", "success", "status_code"}; each is held against the
                           logs. With --all the whole traces follow

${codes}
A file of records with lines that are no records: the others are traced, the code is 2.

Examples:
  mailtrace run -k user@example.com --time "yesterday 10am" --time-range 4h
  mailtrace run --records sent.jsonl --time "yesterday" --json
  mailtrace run -k from:ann@example.com -k to:bob@example.org --json
`;

export const graphHelp = `Usage: mailtrace graph -k KEYWORD [-k KEYWORD …] [--time PHRASE] [-o FILE] [flags]

Draws the way of the messages. Without -o, DOT goes to stdout.

${searchFlags}
  -o, --output FILE        file to write; its suffix decides: .dot .svg .png .json; - is stdout
      --format FORMAT      dot, svg, png or json, whatever the suffix

${codes}

Examples:
  mailtrace graph -k user@example.com -o trace.png
  mailtrace graph -k 4jWkFk143lznk7d | dot -Tpdf > trace.pdf
`;

export const explainHelp = `Usage: mailtrace explain CODE [TEXT] [--json]

Says what a reply code or enhanced status code means, its usual cause and where to look next.
With the text of the response it can tell more.

Examples:
  mailtrace explain 550
  mailtrace explain 4.7.1
  mailtrace explain "554 5.7.1 <x@example.com>: Relay access denied"
`;

export const doctorHelp = `Usage: mailtrace doctor [-c FILE] [-h HOST|CLUSTER] [--json]

Checks what a trace relies on: configuration, access rules, reachability, host keys, sudo, readability, formats, zones,
the age of the newest line, and, by mail that passed between hosts, their clocks. One line each, with the remedy.

  -h, --start-host NAME    host or cluster to check; default: every configured host
${hostFlags}
      --json               print the checks as JSON (schema mailtrace.doctor/1)

Exit codes: 0 nothing failed (there may be warnings); 2 wrong usage or configuration; 3 something failed or could not be
read; 130 interrupted.

Examples:
  mailtrace doctor -c config.yaml
  mailtrace doctor -h mx-cluster --json
`;

export const slackHelp = `Usage: mailtrace slack [-c FILE]

Runs the Slack bot: Socket Mode with SLACK_APP_TOKEN, otherwise HTTP with SLACK_SIGNING_SECRET and PORT.
SLACK_BOT_TOKEN is needed in both cases.

  -c, --config-path FILE   configuration; else MAILTRACE_CONFIG, else config.yaml
      --help               this text
`;

export const tracingHelp = `Usage: mailtrace tracing [-c FILE] [flags]

Follows the logs of all configured hosts without end: OTLP spans, the index of transactions, alerts. It goes on where it
ended. SIGTERM ends it.

  -c, --config-path FILE     configuration; else MAILTRACE_CONFIG, else config.yaml
      --otel-endpoint URL    OTLP/gRPC receiver; else OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4317
      --interval SECONDS     between polls; else tracing.sleep_seconds, else 60
      --login-pass, --sudo-pass, --opensearch-pass PASSWORD
                             best not used: others see command lines. MAILTRACE_SSH_PASSWORD and so on, or:
      --ask-login-pass, --ask-sudo-pass, --ask-opensearch-pass
                             ask for it
      --help                 this text
`;

export const playgroundHelp = `Usage: mailtrace playground [--port N]

Runs the real bot against a simulated Slack and a simulated fleet, and prints the address of its page.

      --port N             port of the page on 127.0.0.1; default: PORT, else a free one
      --help               this text
`;
