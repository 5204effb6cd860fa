/** What goes wrong on the machine while it searches: never may a part pass for the whole. */
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SearchOutcome } from '../../src/app/ports.ts';
import { createSshdLab, type Shell, type Sshd, type SshdLab } from '../services/sshd.ts';
import { searchIn } from './log-folder.ts';
import { openLab } from './ssh-lab.ts';

const SHELLS: readonly Shell[] = ['dash', 'bash', 'mksh', 'busybox'];
const DAY = { from: '2026-11-21T00:00:00Z', to: '2026-11-22T00:00:00Z' };
const START = Date.parse('2026-11-21T00:00:00Z');

const lineAt = (second: number, text: string): string =>
  `${new Date(START + second * 1000).toISOString().replace('Z', '+00:00')} mx1 postfix/qmgr[1]: ${text}\n`;
/** Every second from one to the other. */
const linesOf = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => lineAt(from + index, `4jWkFk${from + index}: removed`)).join('');

describe.each(SHELLS)('over SSH with %s', (shell) => {
  let lab: SshdLab;
  let server: Sshd;
  beforeAll(async () => {
    lab = await createSshdLab();
    server = await lab.start({ shell });
  });
  afterAll(() => lab.remove());

  const write = async (name: string, content: string | Buffer): Promise<string> => {
    const path = lab.path(name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  };
  /** Runs `script` in place of a program, with `$REAL` for that; `remove` brings it back. */
  const replace = async (name: string, script: string): Promise<Readonly<{ remove: () => Promise<void> }>> => {
    const file = lab.path(`bin-${server.port}/${name}`);
    const real = shell === 'busybox' ? `/usr/bin/busybox ${name}` : `/usr/bin/${name}`;
    // It may be a link to the program itself.
    await rm(file, { force: true });
    await writeFile(file, `#!/bin/bash\nREAL='${real}'\n${script}\n`);
    await chmod(file, 0o755);
    return {
      remove: async () => {
        await rm(file);
        if (shell === 'busybox') {
          await writeFile(file, `#!/bin/bash\nexec ${real} "$@"\n`);
          await chmod(file, 0o755);
        }
      },
    };
  };
  const search = async (logFile: string, question: Partial<Parameters<typeof searchIn>[1]> = {}) => {
    const source = await openLab(lab, [{ host: 'mx1', server, logFiles: [logFile] }]);
    try {
      return await searchIn(source, { ...DAY, ...question });
    } finally {
      await source.close();
    }
  };
  const secondsOf = ({ records }: SearchOutcome): readonly number[] =>
    records.map(({ timeMs }) => (timeMs - START) / 1000);

  it('says so when a reading ends early', async () => {
    const path = await write('early/mail.log', linesOf(0, 100));
    await write('early/mail.log.1.gz', gzipSync(linesOf(-100, 0)));
    for (const [name, script, from] of [
      ['grep', `$REAL "$@" | head -n 20; exit 2`, '2026-11-20T00:00:00Z'],
      ['grep', 'kill -9 $$', DAY.from],
    ] as const) {
      const program = await replace(name, `[ $# -lt 3 ] || [ "$2" != -e ] || { ${script}; }\nexec $REAL "$@"`);
      const { hosts } = await search(path, { from });
      await program.remove();
      expect(hosts[0]).toMatchObject({ status: 'incomplete' });
      expect(hosts[0]!.error).toMatch(/mail\.log: could not be read to its end/);
    }
    expect((await search(path)).hosts[0]).toMatchObject({ status: 'ok', linesRead: 100 });
  });

  it('reads what a rotation moves away while it reads', async () => {
    const path = await write('rotating/mail.log', linesOf(100, 200));
    await write('rotating/mail.log.1', linesOf(0, 100));
    const program = await replace(
      'ls',
      // Rotates when the files have just been listed for the first time.
      `$REAL "$@"
case "$*" in *rotating*) ;; *) exit ;; esac
cd ${lab.path('rotating')} || exit
[ -e mail.log.2 ] || { /usr/bin/mv mail.log.1 mail.log.2; /usr/bin/mv mail.log mail.log.1; echo '${lineAt(200, 'new: removed').trim()}' > mail.log; }`,
    );
    const outcome = await search(path);
    await program.remove();
    expect(await readFile(lab.path('rotating/mail.log.2'), 'utf8')).toBe(linesOf(0, 100));
    expect(secondsOf(outcome)).toEqual(Array.from({ length: 201 }, (_, index) => index));
    expect(outcome.hosts[0]).toMatchObject({ status: 'ok', error: null });
  });

  it('reads a piece that is packed while it reads', async () => {
    const path = await write('packing/mail.log', linesOf(100, 200));
    await write('packing/mail.log.1', linesOf(0, 100));
    const program = await replace(
      'ls',
      `$REAL "$@"\ncase "$*" in *packing*) cd ${lab.path('packing')} && [ ! -e mail.log.1 ] || gzip mail.log.1 ;; esac`,
    );
    const outcome = await search(path);
    await program.remove();
    expect(secondsOf(outcome)).toEqual(Array.from({ length: 200 }, (_, index) => index));
    expect(outcome.hosts[0]).toMatchObject({ status: 'ok', error: null });
  });

  it('searches windows that end beyond 2038', async () => {
    const path = await write('far/mail.log', linesOf(0, 100));
    await write('far/mail.log.1', linesOf(-200_000, -199_900));
    const outcome = await search(path, { from: '1970-01-01T00:00:00Z', to: '2199-01-01T00:00:00Z' });
    expect(outcome.hosts[0]).toMatchObject({ status: 'ok', linesRead: 200 });
  });

  // What follows is up to the tools, not to the shell.
  if (shell !== 'dash' && shell !== 'busybox') return;

  it('says so when a disk gives only a part', async () => {
    const path = await write('disk/mail.log', linesOf(0, 20_000));
    const program = await replace(
      'dd',
      `case "$*" in *count=1) exec $REAL "$@" ;; esac
$REAL "$@" | head -c 70000; echo 'dd: error reading: Input/output error' >&2; exit 1`,
    );
    const question = { from: '2026-11-21T03:00:00Z', to: '2026-11-21T04:00:00Z' };
    const { hosts } = await search(path, question);
    await program.remove();
    expect(hosts[0]).toMatchObject({ status: 'incomplete' });
    expect(hosts[0]!.error).toMatch(/mail\.log: could not be read to its end \(.*Input\/output error.*\)/);
    expect(secondsOf(await search(path, question))).toHaveLength(3600);
  });

  it('returns nothing as the whole when its shell is killed again and again', async () => {
    const path = await write('killed/mail.log', linesOf(0, 100));
    const program = await replace('grep', '[ $# -lt 3 ] || [ "$2" != -e ] || kill -9 0\nexec $REAL "$@"');
    const { hosts, records } = await search(path);
    await program.remove();
    expect(hosts[0]).toMatchObject({ status: 'unreachable', linesRead: 0 });
    expect(hosts[0]!.error).toMatch(/lost in the middle of the answer, twice/);
    expect(records).toEqual([]);
  });

  it.each([
    ['RFC 3164 with a priority', (time: string) => `<22>Oct 25 ${time} mx1 postfix/qmgr[1]:`],
    ['RFC 3164 with a year', (time: string) => `Oct 25 2026 ${time} mx1 postfix/qmgr[1]:`],
    ['Exim', (time: string) => `2026-10-25 ${time} 1tGx2a-0000Ab-C3`],
  ])('tells the halves of a repeated hour by the order of lines: %s', async (name, headerAt) => {
    const times = ['01:59:00', '02:10:00', '02:50:00', '02:05:00', '02:55:00', '03:01:00'];
    const path = await write(`halves/${name}.log`, times.map((time) => `${headerAt(time)} => removed\n`).join(''));
    const source = await openLab(lab, [{ host: 'mx1', server, logFiles: [path], timeZone: 'Europe/Berlin' }]);
    const { records, hosts } = await searchIn(source, { from: '2026-10-24T00:00:00Z', to: '2026-10-26T00:00:00Z' });
    await source.close();
    expect(records.map(({ timeMs }) => new Date(timeMs).toISOString().slice(11, 16))).toEqual([
      '23:59',
      '00:10',
      '00:50',
      '01:05',
      '01:55',
      '02:01',
    ]);
    expect(hosts[0]).toMatchObject({ ambiguousTimes: 0 });
  });
});
