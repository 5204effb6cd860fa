import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ACCESS_EXAMPLE } from '../../src/app/access.ts';
import { configuredHosts } from '../../src/config/configured-hosts.ts';
import { allKeys } from '../../src/config/known-keys.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';

const path = new URL('../../config.yaml.sample', import.meta.url).pathname;
const text = readFileSync(path, 'utf8');

/** The file with its commented examples put in force. */
const uncommented = text.replace(/^( *)# ( *(?:- )?[a-z][\w.]*:(?: .*)?)$/gm, '$1$2');

/** `<name>` stands for any key, `[]` for any item. */
const holds = (value: unknown, [step, ...rest]: readonly string[]): boolean => {
  if (step === undefined) return true;
  if (typeof value !== 'object' || value === null) return false;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const inner = entries.filter(([key]) => step === '<name>' || step === '[]' || key === step).map(([, each]) => each);
  return inner.some((each) => holds(each, rest));
};

describe('config.yaml.sample', () => {
  it('loads with an empty environment', async () => {
    const config = await loadConfig(path, {});
    expect(config.method).toBe('ssh');
    expect(configuredHosts(config).map(({ host }) => host)).toEqual([
      'mx1.mydomain.example',
      'mx2.mydomain.example',
      'smtp-relay-1.mydomain.example',
      'smtp-relay-2.mydomain.example',
    ]);
  });

  it('shows every key of the schema, some of them in a comment', () => {
    const value: unknown = parse(uncommented);
    // file_config has the host_config and hosts of ssh_config, explained there.
    const forms = ([section = '', ...rest]: readonly string[]) => {
      const paths = (section === 'file_config' && rest.length > 1 ? [section, 'ssh_config'] : [section]).map(
        (first) => [first, ...rest],
      );
      // Every direction has the keys of inbound, explained there.
      return section === 'architecture' && rest.length === 2
        ? [...paths, [section, 'inbound', ...rest.slice(1)]]
        : paths;
    };
    const missing = allKeys().filter(({ path: keys }) => !forms(keys).some((form) => holds(value, form)));
    expect(missing.map(({ path: keys }) => keys.join('.'))).toEqual([]);
  });

  it('loads with all of its examples in force', () => {
    const config = parseConfig(uncommented, { env: {}, path: 'example' });
    expect(config.access.map(({ token_env: name }) => name)).toEqual([
      undefined,
      undefined,
      undefined,
      'HELPDESK_MCP_TOKEN',
    ]);
    expect(config.kumomta.endpoint).toBe('http://kumo1.mydomain.example:8000');
  });

  it('has a comment above every section', () => {
    const lines = text.split('\n');
    const sections = lines.flatMap((line, index) => (/^[a-z_]+:/.test(line) ? [index] : []));
    const bare = sections.filter(
      (index) => !lines[index - 1]?.startsWith('#') && lines[index - 1] !== 'auto_continue: false',
    );
    expect(sections.length).toBeGreaterThan(15);
    expect(bare.map((index) => lines[index])).toEqual([]);
  });

  it('describes every key in the schema', () => {
    expect(allKeys().length).toBeGreaterThan(80);
    expect(allKeys().filter(({ description }) => description === '')).toEqual([]);
  });

  it('has an example for method: file that loads once its comment signs are gone', () => {
    const config = parseConfig(
      uncommented
        .replace('method: ssh', 'method: file')
        .replace(/ {2}relay-cluster:\n(?: {4}- .*\n)+/, '')
        .replace('relay: [relay-cluster]', 'relay: [mx2.mydomain.example]'),
      {
        env: {},
        path: 'example',
      },
    );
    expect(configuredHosts(config)).toEqual([
      {
        host: 'mx1.mydomain.example',
        options: {
          log_files: ['/var/log/remote/mx1/mail.log'],
          log_parser: 'SyslogParser',
          time_format: '%Y-%m-%dT%H:%M:%S',
        },
      },
      {
        host: 'mx2.mydomain.example',
        options: {
          log_files: ['/var/log/remote/mx2/mail.log'],
          log_parser: 'SyslogParser',
          time_format: '%Y-%m-%dT%H:%M:%S',
          time_zone: 'America/New_York',
        },
      },
    ]);
  });
});

it('loads the access rules that are offered where there are none', () => {
  const { access } = parseConfig(`method: ssh\n${ACCESS_EXAMPLE}`, { env: {}, path: 'example' });
  expect(access.map(({ scope }) => scope)).toEqual(['all', { domains: ['example.org'], clusters: [] }, 'own']);
});
