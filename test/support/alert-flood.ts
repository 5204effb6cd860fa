/** `mailtrace slack` as a process that follows a log file, before a Slack double, while mail bounces in great numbers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type SlackDouble, startSlackDouble } from '../../src/playground/playground.ts';
import { read } from './slack-bench.ts';

const HOST = 'mx1.campus.example';

export type FloodPlan = Readonly<{
  bounces: number;
  /** Over so long. */
  seconds: number;
  /** kill -9 so often, evenly spread. */
  kills?: number;
  /** Slack cannot be reached for so long, from the middle on. */
  awayMs?: number;
}>;

const CAUSES = [
  { at: 'mx.one.example', dsn: '5.1.1', text: '550 5.1.1 <$TO>: Recipient address rejected: User unknown' },
  { at: 'mx.two.example', dsn: '5.7.1', text: '554 5.7.1 Message $ID rejected as spam, see https://two.example/$ID' },
  { at: 'mx.three.example', dsn: '5.2.2', text: '552 5.2.2 Mailbox of <$TO> is full ($N MB)' },
  { at: 'mx.four.example', dsn: '5.7.1', text: '554 5.7.1 <$TO>: Relay access denied' },
  { at: 'mx.four.example', dsn: '5.1.10', text: '556 5.1.10 Domain does not accept mail, request $ID' },
] as const;

const bounce = (serial: number): string => {
  const cause = CAUSES[serial % CAUSES.length]!;
  // Postfix' long queue IDs have no vowels.
  const queueId = `4b${String(serial).padStart(6, '0')}Zz`;
  const to = `user${serial}@${cause.at.slice(3)}`;
  const text = cause.text.replaceAll('$TO', to).replaceAll('$ID', `${queueId}x9`).replaceAll('$N', String(serial));
  const stamp = `${new Date().toISOString()} mx1 postfix/`;
  return [
    `smtpd[101]: ${queueId}: client=c104.sender.example[198.51.100.104]`,
    `cleanup[102]: ${queueId}: message-id=<${serial}.flood@campus.example>`,
    `qmgr[103]: ${queueId}: from=<news@campus.example>, size=1234, nrcpt=1 (queue active)`,
    `smtp[104]: ${queueId}: to=<${to}>, relay=${cause.at}[203.0.113.${serial % 5}]:25, delay=1.1, delays=0.1/0/0.5/0.5, dsn=${cause.dsn}, status=bounced (host ${cause.at}[203.0.113.${serial % 5}] said: ${text} (in reply to RCPT TO command))`,
    `qmgr[103]: ${queueId}: removed`,
  ]
    .map((line) => `${stamp}${line}\n`)
    .join('');
};

/** JSON is YAML. */
const configText = (folder: string): string =>
  JSON.stringify({
    method: 'file',
    time_zone: 'UTC',
    domain: 'campus.example',
    clusters: { mx: [HOST] },
    access: [{ who: 'everyone', may: ['trace', 'subscribe'], scope: 'all' }],
    file_config: { hosts: { [HOST]: { log_files: [join(folder, 'mail.log')] } } },
    tracing: { enabled: true, sleep_seconds: 0.5 },
    http: { enabled: false },
    store: { data_dir: join(folder, 'data') },
  });

/** @param apiUrl where the process finds Slack */
const startProcess = async (folder: string, slack: SlackDouble, apiUrl: string): Promise<ChildProcess> => {
  const child = spawn(process.execPath, ['dist/bin/mailtrace.js', 'slack', '-c', join(folder, 'config.yaml')], {
    env: {
      PATH: process.env['PATH'],
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: apiUrl,
      // Nobody takes spans here: they wait on disk.
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const note = (chunk: unknown): void => {
      output += String(chunk);
      if (output.includes('connected to Slack')) resolve();
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    child.on('close', (code) => reject(new Error(`mailtrace ended with ${code}: ${output.slice(-2000)}`)));
  });
  return child;
};

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.on('close', () => resolve());
  });

export type FloodOutcome = Readonly<{
  /** Place and class of status → the count that its message shows in the end. */
  counts: Readonly<Record<string, number>>;
  expected: Readonly<Record<string, number>>;
  /** Messages that were posted to the channel itself. */
  posted: number;
  /** The longest that a line was not shown after it was written, in ms. */
  stalestMs: number;
  /** The shortest time between two calls that post or change a message in the channel. */
  shortestGapMs: number;
  /** Calls that Slack refused. */
  refused: readonly string[];
}>;

type Shown = Readonly<{ atMs: number; cause: string; count: number }>;
type Written = Readonly<{ atMs: number; cause: string; count: number }>;

const causeName = (serial: number): string => {
  const { at, dsn } = CAUSES[serial % CAUSES.length]!;
  return `${at} ${dsn}`;
};

const TITLE = /^\w+: ([\d,]+) bounced at ([\w.]+): .*?(5\.\d+\.\d+)/;

/** What each call to the channel showed of an incident. */
const shownBy = (slack: SlackDouble, channel: string): readonly Shown[] =>
  slack.calls().flatMap(({ atMs, method, args, error }) => {
    const isParent = method === 'chat.update' || (method === 'chat.postMessage' && args['thread_ts'] === undefined);
    const [, count = '', at = '', dsn = ''] = TITLE.exec(String(args['text'])) ?? [];
    if (!isParent || error !== null || args['channel'] !== channel || count === '') return [];
    return [{ atMs, cause: `${at} ${dsn}`, count: Number(count.replaceAll(',', '')) }];
  });

const stalest = (written: readonly Written[], shown: readonly Shown[]): number =>
  Math.max(
    ...written.map(({ atMs, cause, count }) => {
      const first = shown.find((each) => each.cause === cause && each.count >= count && each.atMs >= atMs);
      return first === undefined ? Number.POSITIVE_INFINITY : first.atMs - atMs;
    }),
  );

const outcomeOf = (slack: SlackDouble, channel: string, written: readonly Written[]): FloodOutcome => {
  const shown = shownBy(slack, channel);
  const calls = slack.calls();
  const busy = calls.filter(
    ({ method, args }) => args['channel'] === channel && ['chat.postMessage', 'chat.update'].includes(method),
  );
  const gaps = busy.slice(1).map(({ atMs }, index) => atMs - busy[index]!.atMs);
  const newest = (all: readonly Shown[]) => Object.fromEntries(all.map(({ cause, count }) => [cause, count]));
  return {
    counts: newest(shown),
    expected: newest(written),
    posted: busy.filter(
      ({ method, args, error }) => method === 'chat.postMessage' && args['thread_ts'] === undefined && error === null,
    ).length,
    stalestMs: stalest(written, shown),
    shortestGapMs: Math.min(...gaps),
    refused: calls.flatMap(({ method, error }) => (error === null ? [] : [`${method}: ${error}`])),
  };
};

const STEP_MS = 200;
const CURRENT_WITHIN_MS = 60_000;

/** Hands requests on to the double, which asks to be called by its own name. */
const forward =
  (target: URL): RequestListener =>
  (asked, answer) => {
    const headers = { ...asked.headers, host: target.host };
    const onward = request({
      port: target.port,
      host: target.hostname,
      path: asked.url,
      method: asked.method,
      headers,
    });
    onward.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  };

/** A way to Slack that can be closed for a while. */
export const openWay = async (slack: SlackDouble) => {
  const open = async (port: number): Promise<Server> => {
    const server = createServer(forward(new URL(slack.apiUrl)));
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return server;
  };
  let server = await open(0);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return {
    apiUrl: `http://127.0.0.1:${port}/api/`,
    close,
    closeFor: async (ms: number): Promise<void> => {
      await close();
      slack.sockets.cut();
      await wait(ms);
      server = await open(port);
    },
  };
};

/** Writes the lines, as many at once as are due. `trouble` is asked after each step. @returns what was written when */
const writeLines = async (
  log: string,
  { bounces, seconds }: FloodPlan,
  trouble: (share: number) => void,
): Promise<readonly Written[]> => {
  const written: Written[] = [];
  const beganMs = Date.now();
  for (let serial = 0; serial < bounces; ) {
    const due = Math.min(bounces, Math.ceil(((Date.now() - beganMs) / (seconds * 1000)) * bounces));
    let text = '';
    for (; serial < due; serial++) {
      text += bounce(serial);
      const count = Math.floor(serial / CAUSES.length) + 1;
      written.push({ atMs: Date.now(), cause: causeName(serial), count });
    }
    if (text !== '') await appendFile(log, text);
    trouble(serial / bounces);
    await wait(STEP_MS);
  }
  return written;
};

/** Runs it from the subscription to the last message. */
export const runFlood = async (plan: FloodPlan): Promise<FloodOutcome> => {
  const { kills = 0, awayMs = 0 } = plan;
  const folder = await mkdtemp(join(tmpdir(), 'mailtrace-flood-'));
  const log = join(folder, 'mail.log');
  await writeFile(log, '');
  await writeFile(join(folder, 'config.yaml'), configText(folder));
  const slack = await startSlackDouble();
  const way = await openWay(slack);
  let child = await startProcess(folder, slack, way.apiUrl);
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended(child);
  };
  try {
    const channel = slack.channel('mail-ops');
    await slack.person('alice').command(channel, '/mailtrace subscribe bounced');
    const isConfirmed = () => slack.messages(channel).some((message) => read(message).includes('now watches'));
    await slack.waitFor('the confirmation', isConfirmed, 20_000);
    slack.clearCalls();

    let troubles = Promise.resolve();
    let [killed, away] = [0, 0];
    const written = await writeLines(log, plan, (share) => {
      if (killed < kills && share >= (killed + 1) / (kills + 1)) {
        killed += 1;
        troubles = troubles.then(async () => {
          await stop();
          child = await startProcess(folder, slack, way.apiUrl);
        });
      }
      if (awayMs > 0 && away === 0 && share >= 0.5) {
        away = awayMs;
        troubles = troubles.then(() => way.closeFor(awayMs));
      }
    });
    await troubles;
    const isCurrent = (): boolean => {
      const { counts, expected } = outcomeOf(slack, channel, written);
      return Object.entries(expected).every(([cause, count]) => (counts[cause] ?? 0) >= count);
    };
    await slack.waitFor('every bounce to be shown', isCurrent, CURRENT_WITHIN_MS);
    return outcomeOf(slack, channel, written);
  } finally {
    await stop();
    await way.close();
    await slack.close();
    await rm(folder, { recursive: true });
  }
};
