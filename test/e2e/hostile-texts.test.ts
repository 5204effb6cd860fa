/** Keywords and log paths with the syntax of shells, regular expressions and Lucene are texts: found as they are, and inert. */
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getService } from '../../scripts/services.mjs';
import { createLoginUser, type LoginUser } from '../services/login-user.ts';
import { getOpensearch, OPENSEARCH_START_MS } from '../services/opensearch.ts';
import { createSshdLab, type Shell, type Sshd, type SshdLab } from '../services/sshd.ts';
import { createIndex, index } from '../sources/opensearch-index.ts';
import { writeSshConfig } from '../sources/ssh-lab.ts';
import { runCli } from '../support/built-cli.ts';
import { type LoggedLine, toDocument, toFile } from '../support/relay-chain.ts';

const SHELLS: readonly Shell[] = ['dash', 'bash', 'mksh', 'busybox'];
const AT = '2026-11-21T07:00:00Z';

/** Folder in which everybody may make a file: what a command in a text or a name would do. */
let traps: string;

/** `text:` finds them in a line; the last ones are addresses. Each is one that a wrong reading of another would find. */
const KEYWORDS: readonly string[] = [
  'text:$(touch TRAPS/a)',
  'text:`touch TRAPS/b`',
  "text:'; touch TRAPS/c; '",
  'text:"; touch TRAPS/d #',
  'text:${HOME:=$(touch TRAPS/e)} $HOME !!',
  'text:.*',
  'text:[a-z]+(d|e){2}$',
  'text:back\\slash \\n \\1',
  'text:st*r qu?stion til~2',
  'text:message:"y z"^4 AND NOT x || {1 TO 5] /r/',
  'text:MT_END',
  'text:-rf --help -e',
  'text:%s%n\u0001 grüße \u{1f4ee}',
  '$(touch${IFS}TRAPS/f)@x.example',
  'a|b[c]+@x.example',
  'foo:user@x.example',
];

/** Paths: a file for each keyword, and the syntax of shells and globs in every name. */
const nameOf = (n: number): string => {
  const odd = ['$(touch trap)', '`touch trap`', "'; touch trap; '", '"&& touch trap #', '-rf *', '[a-z] ?', '\\n', '~'];
  return `${odd[n % odd.length]}-${n}.log`;
};

const queueId = (shell: number, n: number): string => `4C${shell}A${String(n).padStart(2, '0')}B7`;

/** One message with the text, and one with what a pattern would take for it. */
const linesOf = (host: string, shell: number, n: number): readonly LoggedLine[] => {
  const keyword = KEYWORDS[n]!.replaceAll('TRAPS', traps);
  const isText = keyword.startsWith('text:');
  const address = isText ? `rcpt${n}@y.example` : keyword;
  const said = isText ? keyword.slice('text:'.length) : 'nothing odd';
  const line = (ms: number, daemon: string, text: string): LoggedLine => ({
    time: new Date(Date.parse(AT) + n * 1000 + ms).toISOString(),
    host,
    program: `postfix/${daemon}`,
    pid: 7,
    text: `${queueId(shell, n)}: ${text}`,
  });
  const relay = 'relay=mx.y.example[198.51.100.7]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent';
  return [
    line(0, 'smtpd', 'client=c.y.example[198.51.100.8]'),
    line(1, 'cleanup', `message-id=<m${n}.${shell}@y.example>`),
    line(2, 'qmgr', `from=<sender@y.example>, size=500, nrcpt=1 (queue active)`),
    line(3, 'smtp', `to=<${address}>, ${relay} (250 2.0.0 Ok: ${said} said)`),
    line(4, 'qmgr', 'removed'),
  ];
};

const hostOf = (shell: Shell): string => `${shell}.y.example`;

/** Every keyword (every `step`th) by a program of its own, two at a time. */
const searchAll = async (config: string, cwd: string, step = 1): Promise<void> => {
  const todo = [...KEYWORDS.entries()].filter(([n]) => n % step === 0);
  const work = async (): Promise<void> => {
    for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
      const [n, template] = next;
      const keyword = template.replaceAll('TRAPS', traps);
      const { code, out, err } = await runCli(['run', '-c', config, '-k', keyword, '--time', AT, '--json'], { cwd });
      expect({ keyword, code, err }).toEqual({ keyword, code: 0, err: '' });
      const { chains } = JSON.parse(out) as { chains: readonly { transactions: readonly { queueId: string }[] }[] };
      const found = chains.flatMap(({ transactions }) => transactions.map((each) => each.queueId)).sort();
      expect({ keyword, found }).toEqual({ keyword, found: SHELLS.map((_, shell) => queueId(shell, n)) });
    }
  };
  await Promise.all([work(), work()]);
};

describe('over SSH', () => {
  let lab: SshdLab;
  let user: LoginUser;
  let servers: readonly Sshd[];
  /** Requests of the searches without sudo, by server. */
  let seenPlain: readonly number[] = [];
  beforeAll(async () => {
    lab = await createSshdLab();
    user = createLoginUser(lab.path('home'), 'unused');
    await chmod(lab.path('home'), 0o755);
    traps = lab.path('traps');
    await mkdir(traps);
    await chmod(traps, 0o777);
    servers = await Promise.all(SHELLS.map((shell) => lab.start({ shell })));
    // BusyBox has none of its own.
    await symlink(getService('sudo'), lab.path(`bin-${servers[SHELLS.indexOf('busybox')]!.port}/sudo`));
    // Else sudo would take the machine's own `sh` on all of them.
    user.setSudoRules(['ALL=(root) NOPASSWD: ALL'], ['!secure_path']);
  });
  afterAll(async () => {
    user.remove();
    await lab.remove();
  });

  const configure = async (sudo: boolean): Promise<string> => {
    const places = await Promise.all(
      SHELLS.map(async (shell, at) => {
        const folder = lab.path(`${shell}-${sudo ? 'sudo' : 'plain'}`);
        await mkdir(folder);
        const logFiles = KEYWORDS.map((_, n) => join(folder, nameOf(n)));
        for (const [n, path] of logFiles.entries()) {
          await writeFile(path, toFile(linesOf(shell, at, n)), { mode: sudo ? 0o600 : 0o644 });
        }
        return { host: hostOf(shell), server: servers[at]!, logFiles };
      }),
    );
    const hosts = Object.fromEntries(places.map(({ host, logFiles }) => [host, { log_files: logFiles }]));
    const configFile = await writeSshConfig(lab, places);
    const config = `${configFile}.yaml`;
    const section = { username: user.name, sudo, ssh_config_file: configFile, hosts };
    await writeFile(config, JSON.stringify({ method: 'ssh', domain: 'y.example', ssh_config: section }));
    return config;
  };

  it.each([false, true])(
    'with dash, bash, mksh and BusyBox as the shell there; sudo: %s',
    async (sudo) => {
      const config = await configure(sudo);
      const before = await readdir(lab.path('home'));
      await searchAll(config, lab.folder);
      expect(await readdir(traps)).toEqual([]);
      expect(await readdir(lab.path('home'))).toEqual(before);
      for (const folder of [lab.folder, '/root', process.cwd()]) expect(await readdir(folder)).not.toContain('trap');
      // What a shell of root reads has gone through that of the login: the same searches are seen twice.
      const seen = await Promise.all(servers.map((server) => server.countRequests()));
      const own = seen.map((count, at) => count - (seenPlain[at] ?? 0));
      if (sudo) expect(own).toEqual(seenPlain.map((count) => 2 * count));
      else seenPlain = own;
      expect(Math.min(...own)).toBeGreaterThan(0);
    },
    120_000,
  );

  it('refuses a keyword of two lines before anybody is asked', async () => {
    const asked = await servers[0]!.countConnections();
    const { code, out, err } = await runCli(['run', '-c', 'none.yaml', '-k', `text:a\ntouch ${traps}/z`], {
      cwd: lab.folder,
    });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('A keyword holds a line break');
    expect(await servers[0]!.countConnections()).toBe(asked);
    expect(await readdir(traps)).toEqual([]);
  });
});

describe('over OpenSearch', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailtrace-hostile-'));
    traps = join(folder, 'traps');
    await mkdir(traps);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ['dynamic', null, 1],
    ['keyword', { properties: { '@timestamp': { type: 'date' }, message: { type: 'keyword' } } }, 3],
  ] as const)(
    'with a %s mapping',
    async (kind, mappings, step) => {
      const server = await getOpensearch('plain');
      const name = `hostile-${kind}`;
      await createIndex(server, name, { mappings });
      const documents = SHELLS.flatMap((shell, at) => KEYWORDS.flatMap((_, n) => linesOf(shell, at, n)));
      await index(server, name, documents.map(toDocument));
      const config = join(folder, `${name}.yaml`);
      const section = { host: '127.0.0.1', port: server.port, index: name };
      const clusters = { fleet: SHELLS.map(hostOf) };
      const text = { method: 'opensearch', domain: 'y.example', clusters, opensearch_config: section };
      await writeFile(config, JSON.stringify(text));
      await searchAll(config, folder, step);
      expect(await readdir(traps)).toEqual([]);
    },
    OPENSEARCH_START_MS,
  );
});
