/** Does a sequence of hosts fit a route, and if not, where not? A small matcher of steps: `one`, `optional`, `star`. */
import type { RouteStep } from '../domain/architecture.js';
import type { HostName } from '../domain/ids.js';

type Route = readonly RouteStep[];

/** `isBegun`: the first host is where the mail came in; else any part of the route may come first. `isDone`: the last is the end. */
export type Journey = Readonly<{ hosts: readonly HostName[]; isBegun: boolean; isDone: boolean }>;

/** A step that was passed over, between which hosts; `after` null = before the first host, `before` null = after the last. */
export type SkippedStep = Readonly<{ step: RouteStep; after: HostName | null; before: HostName | null }>;

const isNeeded = ({ times }: RouteStep): boolean => times === 'one';

/** The steps at which a host may come next, when `position` steps are done: up to the first that must be there. */
const reachable = (route: Route, position: number): readonly number[] => {
  const steps: number[] = [];
  for (let at = position; at < route.length; at++) {
    steps.push(at);
    if (isNeeded(route[at]!)) break;
  }
  return steps;
};

const after = (route: Route, at: number): number => (route[at]!.times === 'star' ? at : at + 1);

const canEnd = (route: Route, position: number): boolean => route.slice(position).every((step) => !isNeeded(step));

/** How far a route leads: the number of hosts that fit, the positions then, and whether the whole journey fits. */
type Progress = Readonly<{ matched: number; positions: readonly number[]; fits: boolean }>;

const follow = (route: Route, { hosts, isBegun, isDone }: Journey): Progress => {
  let positions: readonly number[] = isBegun ? [0] : route.map((_, index) => index);
  for (const [matched, host] of hosts.entries()) {
    const next = new Set<number>();
    for (const position of positions) {
      for (const at of reachable(route, position)) if (route[at]!.hosts.has(host)) next.add(after(route, at));
    }
    if (next.size === 0) return { matched, positions, fits: false };
    positions = [...next];
  }
  const fits = !isDone || positions.some((position) => canEnd(route, position));
  return { matched: hosts.length, positions, fits };
};

export const fitsRoutes = (routes: readonly Route[], journey: Journey): boolean =>
  routes.some((route) => follow(route, journey).fits);

export type Misfit = Readonly<{
  /** Number of the first host that does not fit; the number of hosts when the journey ends too early. */
  at: number;
  /** Names of the steps that could have come there; empty: the route ends before. */
  expected: readonly string[];
}>;

/** Where the routes that fit longest stop fitting. */
export const findMisfit = (routes: readonly Route[], journey: Journey): Misfit => {
  const all = routes.map((route) => ({ route, progress: follow(route, journey) }));
  const at = Math.max(0, ...all.map(({ progress }) => progress.matched));
  const expected = all
    .filter(({ progress }) => progress.matched === at)
    .flatMap(({ route, progress }) =>
      progress.positions.flatMap((position) => reachable(route, position).map((step) => route[step]!.name)),
    );
  return { at, expected: [...new Set(expected)] };
};

type Way = Readonly<{ cost: number; skipped: readonly SkippedStep[] }>;

/** More steps than this were not skipped: it is another route. */
const SKIPPED_MAX = 3;

/** The cheapest way to make the journey fit `route` by skipping steps that must be there; null when there is none. */
const skipIn = (route: Route, { hosts, isBegun, isDone }: Journey): Way | null => {
  let ways = new Map<number, Way>();
  const start: readonly number[] = isBegun ? [0] : route.map((_, index) => index);
  for (const position of start) ways.set(position, { cost: 0, skipped: [] });
  const keep = (into: Map<number, Way>, position: number, way: Way): void => {
    if (way.cost <= SKIPPED_MAX && way.cost < (into.get(position)?.cost ?? Number.POSITIVE_INFINITY)) {
      into.set(position, way);
    }
  };
  for (const [index, host] of hosts.entries()) {
    const next = new Map<number, Way>();
    for (const [position, way] of ways) {
      let skipping = way;
      for (let at = position; at < route.length; at++) {
        if (route[at]!.hosts.has(host)) keep(next, after(route, at), skipping);
        skipping = skipStep(skipping, route[at]!, hosts[index - 1] ?? null, host);
      }
    }
    ways = next;
  }
  const ends = [...ways].flatMap(([position, way]) => {
    if (!isDone) return [way];
    let ending = way;
    for (const step of route.slice(position)) ending = skipStep(ending, step, hosts.at(-1) ?? null, null);
    return ending.cost <= SKIPPED_MAX ? [ending] : [];
  });
  return ends.toSorted((a, b) => a.cost - b.cost)[0] ?? null;
};

const skipStep = (way: Way, step: RouteStep, from: HostName | null, to: HostName | null): Way =>
  isNeeded(step) ? { cost: way.cost + 1, skipped: [...way.skipped, { step, after: from, before: to }] } : way;

/** Steps whose absence alone explains why the journey fits no route; null when that does not explain it. */
export const findSkipped = (routes: readonly Route[], journey: Journey): readonly SkippedStep[] | null =>
  routes.flatMap((route) => skipIn(route, journey) ?? []).toSorted((a, b) => a.cost - b.cost)[0]?.skipped ?? null;

/** The routes that a journey follows longest; all that do so equally far. */
export const nearestRoutes = (routes: readonly Route[], journey: Journey): readonly Route[] => {
  const all = routes.map((route) => ({ route, matched: follow(route, journey).matched }));
  const most = Math.max(0, ...all.map(({ matched }) => matched));
  return all.filter(({ matched }) => matched === most).map(({ route }) => route);
};

/** `mx → filter+ → mailbox`. A step that was given with `+` is two here, and one again in words. */
export const routeText = (route: Route): string => {
  const signs = { one: '', optional: '?', star: '*' } as const;
  const words = route.flatMap((step, index) => {
    const before = route[index - 1];
    const isSecond = step.times === 'star' && before?.times === 'one' && before.name === step.name;
    if (isSecond) return [];
    const next = route[index + 1];
    const isPlus = step.times === 'one' && next?.times === 'star' && next.name === step.name;
    return [`${step.name}${isPlus ? '+' : signs[step.times]}`];
  });
  return words.join(' → ');
};
