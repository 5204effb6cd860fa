import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSshConfig } from '../../src/sources/ssh-config.ts';
import { isPatternMatch } from '../../src/sources/ssh-patterns.ts';
import { machineKey, type Route, routeTo } from '../../src/sources/ssh-route.ts';
import type { LocalUser } from '../../src/sources/ssh-tokens.ts';

let home: string;
let user: LocalUser;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'ssh-config-'));
  user = { name: 'ann', home, uid: 1000, machine: 'desk.example', env: { SSH_AUTH_SOCK: '/run/agent', KEYS: '/keys' } };
  await mkdir(join(home, '.ssh/conf.d'), { recursive: true });
});
afterAll(() => rm(home, { recursive: true }));

const route = async (text: string, host = 'mx1', more: Partial<Parameters<typeof routeTo>[1]> = {}): Promise<Route> => {
  const file = join(home, '.ssh/config');
  await writeFile(file, text);
  const config = await loadSshConfig('~/.ssh/config', user);
  const usual = { username: 'mail', privateKey: '~/k', timeoutMs: 10_000, isHostKeyChecked: true };
  return routeTo(host, { config, ...usual, localUser: user, ...more });
};

describe('ssh_config_file', () => {
  it.each([
    ['nothing said', '', { host: 'mx1', port: 22, user: 'mail' }],
    [
      'values',
      'Host mx1\n HostName 192.0.2.1\n Port 2222\n User root\n',
      { host: '192.0.2.1', port: 2222, user: 'root' },
    ],
    ['the first of each key', 'Host mx1\n Port 1\nHost *\n Port 2\n User u\n', { port: 1, user: 'u' }],
    ['patterns', 'Host mx? !mx2\n Port 3\n', { port: 3 }],
    ['a negated pattern', 'Host * !mx1\n Port 3\n', { port: 22 }],
    ['= and quotes', 'Host "mx1"\n Port = 4\n User="a b"\n', { port: 4, user: 'a b' }],
    ['comments and odd blanks', '# Port 9\n\tHost   mx1 # all\n\n  port 5\n', { port: 5 }],
    ['lines above the first Host', 'Port 6\nHost other\n Port 7\n', { port: 6 }],
    ['%h in HostName', 'Host mx1\n HostName %h.campus.example\n', { host: 'mx1.campus.example' }],
    ['Match host, after HostName', 'Host mx1\n HostName 192.0.2.7\nMatch host 192.0.2.*\n Port 7\n', { port: 7 }],
    ['Match originalhost', 'Match originalhost mx1 user mail\n Port 8\n', { port: 8 }],
    ['Match user that differs', 'Match user root\n Port 8\n', { port: 22 }],
    ['Match negated', 'Match !host other\n Port 8\n', { port: 8 }],
    ['Match localuser', 'Match localuser ann,bob\n Port 8\n', { port: 8 }],
    ['Match exec', 'Match exec "test %h = mx1"\n Port 8\n', { port: 8 }],
    ['Match exec that fails', 'Match exec "false"\n Port 8\n', { port: 22 }],
    ['Match all', 'Match all\n Port 8\n', { port: 8 }],
    ['Match final', 'Host mx1\n HostName 192.0.2.8\nMatch final host 192.0.2.8\n Port 8\n', { port: 8 }],
    ['an unknown criterion', 'Match moon full\n Port 8\n', { port: 22 }],
    ['ConnectTimeout', 'ConnectTimeout 3\n', { timeoutMs: 3000 }],
    ['HostKeyAlias', 'Port 2200\nHostKeyAlias box\n', { hostKeyName: { name: 'box', port: 22 } }],
    ['the port for the key', 'Port 2200\n', { hostKeyName: { name: 'mx1', port: 2200 } }],
    ['IdentityAgent none', 'IdentityAgent none\n', { agent: null }],
    ['IdentityAgent by variable', 'IdentityAgent $SSH_AUTH_SOCK\n', { agent: '/run/agent' }],
    ['the usual agent', '', { agent: '/run/agent' }],
    ['StrictHostKeyChecking', 'StrictHostKeyChecking no\n', { strictness: 'off' }],
    ['accept-new', 'StrictHostKeyChecking accept-new\n', { strictness: 'accept-new' }],
    ['the usual strictness', 'StrictHostKeyChecking ask\n', { strictness: 'strict' }],
    ['ProxyCommand', 'ProxyCommand nc -x p:1 %h %p\n', { proxy: { kind: 'command', command: 'nc -x p:1 mx1 22' } }],
    ['ProxyCommand none', 'ProxyCommand none\n', { proxy: { kind: 'none' } }],
  ])('reads %s', async (_name, text, expected) => {
    expect(await route(text)).toMatchObject(expected);
  });

  it('expands paths of keys and known hosts', async () => {
    const found = await route(
      'IdentityFile ~/.ssh/%r\nIdentityFile ${KEYS}/%h\nUserKnownHostsFile %d/known ~/other\nGlobalKnownHostsFile none\n',
    );
    expect(found.identityFiles).toEqual([
      { path: `${home}/.ssh/mail`, isNamed: true },
      { path: '/keys/mx1', isNamed: true },
    ]);
    expect(found.knownHostsFiles).toEqual([`${home}/known`, `${home}/other`]);
  });

  it('takes the private key of the configuration only when the file names none', async () => {
    expect((await route('')).identityFiles).toEqual([{ path: `${home}/k`, isNamed: true }]);
    expect((await route('', 'mx1', { privateKey: '' })).identityFiles.map(({ isNamed }) => isNamed)).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('includes files, by patterns and inside a Host', async () => {
    await writeFile(join(home, '.ssh/conf.d/a.conf'), 'Port 41\nHost mx1\n User included\n');
    expect(await route('Include conf.d/*.conf\n')).toMatchObject({ port: 41, user: 'included' });
    expect(await route('Host other\n Include conf.d/a.conf\n')).toMatchObject({ port: 22, user: 'mail' });
    expect(await route(`Host mx1\n Include ${home}/.ssh/conf.d/a.conf\n`)).toMatchObject({ port: 41 });
    expect(await route('Include nowhere.conf\n')).toMatchObject({ port: 22 });
  });

  it('refuses files that include each other', async () => {
    await writeFile(join(home, '.ssh/circle.conf'), 'Include circle.conf\n');
    await expect(route('Include circle.conf\n')).rejects.toThrow(/too many files that include files/);
  });

  it('goes through a chain of jumps', async () => {
    const found = await route(
      'Host mx1\n ProxyJump bob@jump1:2201,jump2\nHost jump1\n HostName 192.0.2.11\nHost jump2\n HostName 192.0.2.12\n User eve\n',
    );
    expect(found.proxy).toMatchObject({
      kind: 'jump',
      hop: {
        host: '192.0.2.12',
        user: 'eve',
        proxy: { kind: 'jump', hop: { host: '192.0.2.11', user: 'bob', port: 2201, proxy: { kind: 'none' } } },
      },
    });
    await expect(route('ProxyJump loop\n')).rejects.toThrow(/more than 8 jump hosts/);
    await expect(route('Host mx1\n ProxyJump b@c@d:x\n')).rejects.toThrow(/is no \[user@\]host\[:port\]/);
  });

  it('refuses certificates and ports that are none, by name', async () => {
    await expect(route('CertificateFile ~/.ssh/id-cert.pub\n')).rejects.toThrow(/user certificates are not supported/);
    await expect(route('Port many\n')).rejects.toThrow(/Port many is no port number/);
  });

  it('looks a HostName up once more when it is a Host and does not resolve', async () => {
    const text =
      'Host mx1\n HostName loghost.invalid\n User log\nHost loghost.invalid\n HostName 192.0.2.9\n Port 77\n User x\n';
    expect(await route(text)).toMatchObject({ host: '192.0.2.9', port: 77, user: 'log' });
  });

  it('tells one machine from another by address, port, user and way', async () => {
    const key = async (text: string, host?: string): Promise<string> => machineKey(await route(text, host));
    const text = 'Host mx*\n HostName 192.0.2.1\n';
    expect(await key(text, 'mx1')).toBe(await key(text, 'mx2'));
    expect(await key(text, 'mx1')).not.toBe(await key(`${text}Host mx1\n Port 23\n`, 'mx1'));
    expect(await key(text, 'mx1')).not.toBe(await key(`${text}Host mx1\n User x\n`, 'mx1'));
    expect(await key(text, 'mx1')).not.toBe(await key(`${text}Host mx1\n ProxyCommand x\n`, 'mx1'));
  });
});

describe('patterns', () => {
  it.each([
    ['*', 'any.example', true],
    ['*.example', 'a.example', true],
    ['*.example', 'example', false],
    ['mx?', 'mx12', false],
    ['MX1', 'mx1', true],
    ['a.b', 'axb', false],
    ['a,!a', 'a', false],
    ['192.0.2.(1)', '192.0.2.(1)', true],
  ])('%s: %s is %s', (patterns, name, isMatch) => {
    expect(isPatternMatch(patterns.split(','), name)).toBe(isMatch);
  });

  it('is not slowed down by many stars', () => {
    expect(isPatternMatch(['*'.repeat(5000)], 'a'.repeat(200))).toBe(true);
  });
});
