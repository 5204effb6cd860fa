/** Section `architecture` → the machines that its names stand for. */
import type { Config } from '../config/schema.js';
import {
  type Architecture,
  DIRECTIONS,
  type Direction,
  type DirectionPlan,
  type Place,
  type RetrySettings,
  type RouteStep,
} from '../domain/architecture.js';
import type { HostDirectory } from '../domain/host-names.js';
import type { HostName } from '../domain/ids.js';
import { parseNetwork } from '../domain/keyword.js';
import { durationMs } from '../sources/option-fields.js';

type Section = Config['architecture'];
type Resolve = (name: string) => readonly HostName[];

const resolver = ({ roles }: Section, directory: HostDirectory): Resolve => {
  const machines: Resolve = (name) => directory.resolveStart(name) ?? [directory.canonical(name)];
  return (name) => (Object.hasOwn(roles, name) ? (roles[name] ?? []).flatMap(machines) : machines(name));
};

/** `gw+` is one `gw` and any number of further ones. */
const stepsOf = (text: string, resolve: Resolve): readonly RouteStep[] => {
  const [, name = text, sign = ''] = /^(.*?)([?+*]?)$/s.exec(text) ?? [];
  const hosts = new Set(resolve(name));
  const step = (times: RouteStep['times']): RouteStep => ({ name, hosts, times });
  switch (sign) {
    case '?':
      return [step('optional')];
    case '*':
      return [step('star')];
    case '+':
      return [step('one'), step('star')];
    default:
      return [step('one')];
  }
};

const placeOf = (names: readonly string[], resolve: Resolve): Place | null =>
  names.length === 0 ? null : { names, hosts: new Set(names.flatMap((name) => resolve(name))) };

/** The steps that may be first: all up to the first that must be there. */
const firstSteps = (route: readonly RouteStep[]): readonly RouteStep[] => {
  const sure = route.findIndex(({ times }) => times === 'one');
  return sure === -1 ? route : route.slice(0, sure + 1);
};

const placeOfSteps = (steps: readonly RouteStep[]): Place | null =>
  steps.length === 0
    ? null
    : { names: [...new Set(steps.map(({ name }) => name))], hosts: new Set(steps.flatMap(({ hosts }) => [...hosts])) };

const planOf = (section: Section, direction: Direction, resolve: Resolve): DirectionPlan | null => {
  const { start, entry, exit, routes: texts } = section[direction];
  const routes = texts.map((route) => route.flatMap((step) => stepsOf(step, resolve)));
  if (start === undefined && entry.length === 0 && exit.length === 0 && routes.length === 0) return null;
  const entryPlace = placeOf(entry, resolve) ?? placeOfSteps(routes.flatMap(firstSteps));
  const starts = start === undefined ? (entryPlace?.names ?? []) : [start];
  return {
    // `-h` knows no roles.
    start: [...new Set(starts.flatMap((name) => section.roles[name] ?? [name]))],
    entry: entryPlace,
    exit: placeOf(exit, resolve) ?? placeOfSteps(routes.flatMap((route) => firstSteps(route.toReversed()))),
    routes,
  };
};

const settingsOf = (values: Section['retry'][string]): RetrySettings => {
  const ms = (phrase: string | undefined): number | null => (phrase === undefined ? null : durationMs(phrase));
  return {
    minimalBackoffMs: ms(values.minimal_backoff_time),
    maximalBackoffMs: ms(values.maximal_backoff_time),
    queueRunDelayMs: ms(values.queue_run_delay),
    maximalQueueLifetimeMs: ms(values.maximal_queue_lifetime),
    queueIntervalMs: ms(values.queue_interval),
  };
};

/** Of two entries that mean one machine, the one of fewer machines counts, key by key: a host before its role. */
const retryOf = (section: Section, resolve: Resolve): ReadonlyMap<HostName, RetrySettings> => {
  const retry = new Map<HostName, RetrySettings>();
  const entries = Object.entries(section.retry)
    .map(([name, values]) => ({ hosts: new Set(resolve(name)), settings: settingsOf(values) }))
    .sort((a, b) => b.hosts.size - a.hosts.size);
  for (const { hosts, settings } of entries) {
    for (const host of hosts) {
      const before = retry.get(host);
      const merged = {
        minimalBackoffMs: settings.minimalBackoffMs ?? before?.minimalBackoffMs ?? null,
        maximalBackoffMs: settings.maximalBackoffMs ?? before?.maximalBackoffMs ?? null,
        queueRunDelayMs: settings.queueRunDelayMs ?? before?.queueRunDelayMs ?? null,
        maximalQueueLifetimeMs: settings.maximalQueueLifetimeMs ?? before?.maximalQueueLifetimeMs ?? null,
        queueIntervalMs: settings.queueIntervalMs ?? before?.queueIntervalMs ?? null,
      };
      retry.set(host, merged);
    }
  }
  return retry;
};

export const resolveArchitecture = (
  { architecture: section, domain }: Pick<Config, 'architecture' | 'domain'>,
  directory: HostDirectory,
): Architecture => {
  const resolve = resolver(section, directory);
  const domains = section.domains.length > 0 ? section.domains : [domain];
  return {
    domains: domains.map((name) => name.toLowerCase().replace(/^[@.]+|\.$/g, '')).filter((name) => name !== ''),
    networks: section.networks.flatMap((text) => parseNetwork(text) ?? []),
    untracked: new Set(section.untracked.map((name) => directory.canonical(name))),
    plans: new Map(
      DIRECTIONS.flatMap((direction) => {
        const plan = planOf(section, direction, resolve);
        return plan === null ? [] : [[direction, plan] as const];
      }),
    ),
    retry: retryOf(section, resolve),
  };
};
