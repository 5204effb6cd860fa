import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { describeMissing, findService, services } from '../../scripts/services.mjs';

const folder = mkdtempSync(join(tmpdir(), 'mailtrace-services-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
symlinkSync(process.execPath, join(folder, 'second-name'));

const service = {
  name: 'Example',
  neededFor: 'this test',
  env: 'EXAMPLE_PATH',
  programs: ['no-such-program', 'second-name'],
  debianPackage: 'example-package',
};

describe('a service of the tests', () => {
  it('is found on the PATH under any of its names', () => {
    expect(findService(service, { PATH: `/nowhere:${folder}` })).toBe(join(folder, 'second-name'));
    expect(findService(service, { PATH: '/nowhere' })).toBeNull();
    expect(findService(service, {})).toBeNull();
  });

  it('is where its variable says, and nowhere else', () => {
    expect(findService(service, { PATH: folder, EXAMPLE_PATH: process.execPath })).toBe(process.execPath);
    expect(findService(service, { PATH: folder, EXAMPLE_PATH: '/nowhere' })).toBeNull();
  });

  it('may be named by its whole path', () => {
    expect(findService({ ...service, programs: [process.execPath] }, {})).toBe(process.execPath);
  });

  it('that is missing is named with its use and its package', () => {
    expect(describeMissing(service, {})).toMatch(
      /Example is missing .*this test.*apt-get install example-package.*EXAMPLE_PATH/,
    );
  });

  it('is asked for once each', () => {
    expect(new Set(services.map(({ name }) => name)).size).toBe(services.length);
  });
});

describe('ensure-services', () => {
  it('fails at once and names what is missing where it may not install', () => {
    const script = fileURLToPath(new URL('../../scripts/ensure-services.mjs', import.meta.url));
    // A variable that names a wrong path is a mistake of the user: nothing is installed for it.
    const env = Object.fromEntries(services.map((row) => [row.env, '/nowhere/program']));
    const { status, stderr } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
    expect(status).toBe(1);
    for (const row of services) expect(stderr).toContain(`${row.name} is missing`);
  });
});
