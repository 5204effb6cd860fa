/** Section `architecture`: what is read of it, what it means, and how it is wrong. */
import { describe, expect, it } from 'vitest';
import { configuredFleet } from '../../src/config/configured-hosts.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { Direction } from '../../src/domain/architecture.ts';
import { MailtraceError } from '../../src/errors.ts';
import { routeText } from '../../src/trace/routes.ts';
import { resolveArchitecture } from '../../src/wire/architecture.ts';

const FLEET = `method: file
domain: corp.example
clusters: { mx-cluster: [mx1, mx2] }
file_config: { host_config: { log_files: [/var/log/mail.log] }, hosts: { mx1: {}, mx2: {}, gw: {}, box1: {}, box2: {} } }
`;

const parse = (architecture: string) =>
  parseConfig(`${FLEET}architecture:\n${architecture}`, { env: {}, path: 'config.yaml' });

const resolve = (architecture: string) => {
  const config = parse(architecture);
  return resolveArchitecture(config, configuredFleet(config).directory);
};

const planOf = (architecture: string, direction: Direction) => {
  const plan = resolve(architecture).plans.get(direction);
  if (plan === undefined) return null;
  const place = (at: typeof plan.entry) => (at === null ? null : [at.names.join('|'), [...at.hosts].join(' ')]);
  return { start: plan.start, entry: place(plan.entry), exit: place(plan.exit), routes: plan.routes.map(routeText) };
};

const problemsOf = (architecture: string): readonly string[] => {
  try {
    parse(architecture);
    return [];
  } catch (error) {
    if (!(error instanceof MailtraceError)) throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().replace(/^line \d+, architecture\./, ''));
  }
};

const ROLES = '  roles: { edge: [mx-cluster], filter: [gw], box: [box1, box2] }\n';

describe('routes', () => {
  it('know roles, clusters, hosts and machines without logs; entry, exit and start follow from them', () => {
    const text = `${ROLES}  untracked: [archive]\n  inbound: { routes: [[edge, filter+, box], [mx-cluster, gw?, archive]] }\n`;
    expect(planOf(text, 'inbound')).toEqual({
      start: ['mx-cluster'],
      entry: ['edge|mx-cluster', 'mx1 mx2'],
      exit: ['box|archive', 'box1 box2 archive.corp.example'],
      routes: ['edge → filter+ → box', 'mx-cluster → gw? → archive'],
    });
  });

  it('begin with whatever may be left out, and what comes after it', () => {
    expect(planOf(`${ROLES}  inbound: { routes: [[edge?, filter, box*]] }\n`, 'inbound')).toMatchObject({
      entry: ['edge|filter', 'mx1 mx2 gw'],
      exit: ['box|filter', 'box1 box2 gw'],
    });
  });

  it('may be left out where entry and exit say enough', () => {
    expect(planOf(`${ROLES}  outbound: { entry: [gw], exit: [edge], start: box }\n`, 'outbound')).toEqual({
      start: ['box1', 'box2'],
      entry: ['gw', 'gw'],
      exit: ['edge', 'mx1 mx2'],
      routes: [],
    });
  });

  it('are not there where nothing is said', () => {
    expect(resolve(ROLES).plans.size).toBe(0);
  });
});

it('takes the domain of the fleet when no domains are named', () => {
  expect(resolve(ROLES).domains).toEqual(['corp.example']);
  expect(resolve('  domains: ["@Corp.Example", .x.example.]\n').domains).toEqual(['corp.example', 'x.example']);
});

it('takes retry times of the host before those of its role', () => {
  const { retry } = resolve(
    `${ROLES}  retry: { box1: { minimal_backoff_time: 60s }, box: { minimal_backoff_time: 5m, queue_interval: 10m } }\n`,
  );
  expect(
    [...retry].map(([host, { minimalBackoffMs, queueIntervalMs }]) => [host, minimalBackoffMs, queueIntervalMs]),
  ).toEqual([
    ['box1', 60_000, 600_000],
    ['box2', 300_000, 600_000],
  ]);
});

describe('problems, with what was probably meant', () => {
  it.each([
    ['  inbuond: {}\n', ['inbuond: unknown key. Did you mean "inbound"?']],
    ['  inbound: { route: [] }\n', ['inbound.route: unknown key. Did you mean "routes"?']],
    [
      '  retry: { gw: { minimal_backoff: 5m } }\n',
      [expect.stringMatching(/^retry\.gw\.minimal_backoff: unknown key\./)],
    ],
    [
      '  retry: { gw: { queue_interval: soon } }\n',
      ['retry.gw.queue_interval: must be a duration like 90s, 30m, 4h, 6d or 1h30m'],
    ],
    ['  retry: { gww: {} }\n', ['retry.gww: there is no such host, cluster or role. Did you mean "gw"?']],
    [
      '  retry: { gw: { minimal_backoff_time: 2h, maximal_backoff_time: 1h } }\n',
      ['retry.gw.minimal_backoff_time: must not be longer than maximal_backoff_time'],
    ],
    ['  networks: [10.0.0.0/99, 10.0.0.0/8]\n', ['networks[0]: must be an IP address or a network like 10.0.0.0/8']],
    [
      '  roles: { edge: [mx-clutser] }\n',
      ['roles.edge[0]: there is no such host, cluster or role. Did you mean "mx-cluster"?'],
    ],
    ['  roles: { edge: [] }\n', ['roles.edge: must name a host or cluster']],
    ['  roles: { gw: [box1] }\n', ['roles.gw: is a host or cluster already']],
    ['  roles: { "edge+": [gw] }\n', ['roles."edge+": must not end in ?, + or *']],
    [
      `${ROLES}  inbound: { routes: [[edge, fliter?, box]] }\n`,
      ['inbound.routes[0][1]: there is no such host, cluster or role. Did you mean "filter"?'],
    ],
    [`${ROLES}  inbound: { routes: [[]] }\n`, ['inbound.routes[0]: must name a step']],
    [
      `${ROLES}  inbound: { start: mx9, entry: [bx], exit: [nowhere-at-all] }\n`,
      [
        expect.stringMatching(/^inbound\.start: .* Did you mean "mx1"\?$/),
        expect.stringMatching(/^inbound\.entry\[0\]: .* Did you mean "box"\?$/),
        expect.stringMatching(
          /^inbound\.exit\[0\]: .* Known here: edge, filter, box, mx-cluster, mx1, mx2, gw, box1, box2\.$/,
        ),
      ],
    ],
  ])('%s', (text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  it('are not told of names while the machines themselves are not known', () => {
    const text = FLEET.replace('mx2: {}', 'mx2: { log_file: x }');
    expect(() => parseConfig(`${text}architecture: { inbound: { entry: [nowhere] } }`, { env: {}, path: 'c' })).toThrow(
      /Did you mean "log_files"\?/,
    );
  });
});
