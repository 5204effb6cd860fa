import { createLogFolder, type LogFolder } from './log-folder.ts';
import { type ContractLine, type ContractLog, type SourceMaker, testLogSource, toLine } from './source-contract.ts';

type Layout = (
  logs: readonly ContractLog[],
  folder: LogFolder,
) => Promise<Readonly<Record<string, string | readonly string[]>>>;

const makerOf = (layout: Layout): SourceMaker => {
  let folder: LogFolder;
  return {
    open: async (logs) => {
      folder = await createLogFolder();
      return folder.open(await layout(logs, folder));
    },
    remove: () => folder.remove(),
  };
};

const inOwnFiles =
  (name: (host: string) => string, write: (host: string, line: ContractLine) => string): Layout =>
  async (logs, folder) => {
    for (const { host, lines } of logs) {
      if (lines !== null) await folder.write({ [name(host)]: lines.map((line) => write(host, line)) });
    }
    return Object.fromEntries(logs.map(({ host }) => [host, name(host)]));
  };

/** Each line at the time it was written: the lines of all hosts are mixed. */
const inOneFile: Layout = async (logs, folder) => {
  const all = logs.flatMap(({ host, lines }) => (lines ?? []).map((line) => ({ host, line })));
  all.sort((a, b) => Date.parse(a.line.time) - Date.parse(b.line.time));
  await folder.write({ 'all.log': all.map(({ host, line }) => toLine(host, line)) });
  return Object.fromEntries(logs.map(({ host, lines }) => [host, lines === null ? 'missing.log' : 'all.log']));
};

/** The second half of each log is live, the first half packed. */
const inPieces: Layout = async (logs, folder) => {
  for (const { host, lines } of logs) {
    if (lines === null) continue;
    const written = lines.map((line) => toLine(host, line));
    const middle = Math.floor(written.length / 2);
    await folder.write({
      [`${host}/mail.log.1.gz`]: written.slice(0, middle),
      [`${host}/mail.log`]: written.slice(middle),
    });
  }
  return Object.fromEntries(logs.map(({ host }) => [host, `${host}/mail.l*`]));
};

const toRfc5424 = (host: string, { time, program, pid, text }: ContractLine): string =>
  `<22>1 ${time} ${host} ${program} ${pid} - - ${text}`;

/** Everything is escaped that any writer escapes: all but ASCII, `/`, `<`, `>`, `&`. */
const toJson = (host: string, { time, program, pid, text }: ContractLine): string =>
  JSON.stringify({
    '@timestamp': time,
    'host.name': host,
    'log.syslog.appname': program,
    'log.syslog.procid': pid,
    message: text,
  })
    .replace(/[^ -~]|[<>&]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('/', '\\/');

testLogSource('A file for each host', makerOf(inOwnFiles((host) => `${host}.log`, toLine)));
testLogSource('A file of RFC 5424', makerOf(inOwnFiles((host) => `${host}.log`, toRfc5424)));
testLogSource('A file of JSON lines', makerOf(inOwnFiles((host) => `${host}.json`, toJson)));
testLogSource('A packed file', makerOf(inOwnFiles((host) => `${host}.log.1.gz`, toLine)));
testLogSource('A rotated log', makerOf(inPieces));
testLogSource('One file for all hosts', makerOf(inOneFile));
