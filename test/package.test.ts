/** The package as users get it: packed, installed by the image's scripts into an empty prefix, and run from there. */
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'mailtrace-package-'));
const prefix = join(scratch, 'prefix');
const installed = join(prefix, 'lib/mailtrace');
const program = join(prefix, 'bin/mailtrace');
/** Away from the checkout, where nothing could be found by accident. */
const elsewhere = join(scratch, 'elsewhere');

const run = (command: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> =>
  spawnSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const succeed = (command: string, args: readonly string[], cwd: string): string => {
  const { status, stdout, stderr, error } = run(command, args, cwd);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status ?? String(error)}\n${stdout}${stderr}`);
  return stdout;
};

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

beforeAll(() => {
  mkdirSync(elsewhere);
  const packed = succeed('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', scratch], root).trim();
  copyFileSync(join(scratch, packed), join(scratch, 'mailtrace.tgz'));
  copyFileSync(join(root, 'package-lock.json'), join(scratch, 'package-lock.json'));
  succeed(join(root, 'scripts/image/install.sh'), [scratch, prefix], elsewhere);
  // With an empty npm cache the dependencies come over the network.
}, 300_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the packed package', () => {
  it('holds every asset of src, byte for byte, and no source or test', () => {
    const assets = filesUnder(join(root, 'src')).filter((path) => !path.endsWith('.ts'));
    expect(assets.length).toBeGreaterThan(3);
    for (const path of assets) {
      expect(readFileSync(join(installed, 'dist', path)).equals(readFileSync(join(root, 'src', path))), path).toBe(
        true,
      );
    }
    const ours = readdirSync(installed).filter((name) => name !== 'node_modules' && name !== 'package-lock.json');
    expect(ours.sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'config.yaml.sample',
      'dist',
      'manifest.yml',
      'package.json',
    ]);
    expect(
      filesUnder(join(installed, 'dist')).filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts')),
    ).toEqual([]);
  });

  it('runs without the development dependencies', () => {
    succeed(join(root, 'scripts/image/smoke.sh'), [prefix], elsewhere);
  });

  it('can be imported as a library', () => {
    const script = "import * as mailtrace from 'mailtrace'; console.log(Object.keys(mailtrace).length > 0)";
    expect(succeed(process.execPath, ['--input-type=module', '-e', script], installed)).toBe('true\n');
  });
});

/** A delivered message in Postfix's log, on 20 November 2026. */
const postfixLog = (queueId: string): string =>
  [
    `postfix/smtpd[101]: ${queueId}: client=client.example[192.0.2.7]`,
    `postfix/cleanup[102]: ${queueId}: message-id=<one@client.example>`,
    `postfix/qmgr[103]: ${queueId}: from=<ann@client.example>, size=600, nrcpt=1 (queue active)`,
    `postfix/smtp[104]: ${queueId}: to=<bob@far.example>, relay=mx.far.example[192.0.2.9]:25, delay=1, delays=0.1/0/0.4/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok)`,
    `postfix/qmgr[103]: ${queueId}: removed`,
  ]
    .map((text, second) => `2026-11-20T10:00:0${second}.000000+00:00 mx1 ${text}\n`)
    .join('');

const drawPng = (queueId: string): Buffer => {
  writeFileSync(join(elsewhere, 'mail.log'), postfixLog(queueId));
  writeFileSync(
    join(elsewhere, 'config.yaml'),
    `method: file\nfile_config:\n  hosts:\n    mx1:\n      log_files: [${join(elsewhere, 'mail.log')}]\n`,
  );
  const query = ['-k', 'bob@far.example', '--time', '2026-11-20T10:00:00Z', '--time-range', '1h'];
  succeed(program, ['graph', '-c', 'config.yaml', ...query, '-o', 'graph.png'], elsewhere);
  return readFileSync(join(elsewhere, 'graph.png'));
};

describe('the installed program', () => {
  it('draws letters with the font it carries', () => {
    const png = drawPng('4jWkFk143lznk7d');
    expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
    // Without a font every letter is the same box: two queue IDs of the same letters then give the same picture.
    expect(drawPng('4jWkFk143lznk7d').equals(png)).toBe(true);
    expect(drawPng('4jkWFk143lznk7d').equals(png)).toBe(false);
  });

  it('serves the playground and ends on SIGTERM', async () => {
    const playground = spawn(program, ['playground'], { cwd: elsewhere, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const address = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        output += chunk.toString();
        const [found] = /http:\/\/(?:127\.0\.0\.1|localhost):\d+\/?/.exec(output) ?? [];
        if (found !== undefined) resolve(found);
      };
      playground.stdout.on('data', read);
      playground.stderr.on('data', read);
      playground.once('exit', (code) => reject(new Error(`exit ${code}: ${output}`)));
    });
    const page = await (await fetch(address)).text();
    const parts = [...page.matchAll(/(?:src|href)="(\/?[^"#:]+\.(?:js|css|svg))"/g)].map(([, path]) => path!);
    expect(parts.length).toBeGreaterThan(1);
    for (const path of parts) expect((await fetch(new URL(path, address))).status, path).toBe(200);
    const ended = once(playground, 'exit');
    playground.kill('SIGTERM');
    const [code, signal] = (await ended) as [number | null, string | null];
    expect({ code, signal }).toEqual({ code: expect.any(Number), signal: null });
  });
});
