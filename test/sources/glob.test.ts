import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandGlob } from '../../src/sources/glob.ts';

describe('a glob', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'glob-'));
    for (const path of [
      'mail.log',
      'mail.log.1',
      'mail.err',
      'a+(b).log',
      'x[1].log',
      '.hidden.log',
      'gw/mail.log',
      'gw/deep/mail.log',
      'mx1/mail.log',
      'mx10/mail.log',
    ]) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), '');
    }
    await symlink(folder, join(folder, 'circle'));
    await symlink(join(folder, 'mx1'), join(folder, 'link'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ['*', ['a+(b).log', 'circle', 'link', 'mail.err', 'mail.log', 'mail.log.1', 'x[1].log']],
    ['mail.log*', ['mail.log', 'mail.log.1']],
    ['mail.???', ['mail.err', 'mail.log']],
    ['mail.[le]*', ['mail.err', 'mail.log', 'mail.log.1']],
    ['mail.[!l]*', ['mail.err']],
    ['mail.[^l]*', ['mail.err']],
    ['a+(b).l*', ['a+(b).log']],
    ['x[[]1].log', ['x[1].log']],
    ['x[1.log', []],
    ['.h*', ['.hidden.log']],
    ['mx?/mail.log', ['mx1/mail.log']],
    ['mx[0-9]*/mail.log', ['mx1/mail.log', 'mx10/mail.log']],
    ['l*/mail.log', ['link/mail.log']],
    ['gw/**/mail.log', ['gw/deep/mail.log', 'gw/mail.log']],
    ['**/mail.log', ['gw/deep/mail.log', 'gw/mail.log', 'mail.log', 'mx1/mail.log', 'mx10/mail.log']],
    ['gw/**', ['gw/deep/mail.log', 'gw/mail.log']],
    ['nowhere/*', []],
    ['mail.log/*', []],
  ])('%s', async (pattern, expected) => {
    const { paths, failures } = await expandGlob(join(folder, pattern));
    expect(paths.map((path) => relative(folder, path))).toEqual(expected);
    expect(failures.size).toBe(0);
  });
});
