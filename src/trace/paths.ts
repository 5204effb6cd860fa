/** The ways a message took through our machines, held against the configured routes. */
import type { Architecture, Direction, DirectionPlan, Place } from '../domain/architecture.js';
import type { Finding, PathCheck } from '../domain/chain.js';
import type { HostName } from '../domain/ids.js';
import type { Component } from './components.js';
import { directionOf, isOwnMachine, originOf } from './direction.js';
import type { Machines } from './machines.js';
import {
  findMisfit,
  findSkipped,
  fitsRoutes,
  type Journey,
  nearestRoutes,
  routeText,
  type SkippedStep,
} from './routes.js';
import type { FinalOutcome } from './verdict.js';
import { createWalkBack, type Way } from './walk-back.js';

export type PathInput = Readonly<{
  component: Component;
  outcomes: readonly FinalOutcome[];
  isLoop: boolean;
  architecture: Architecture;
  machines: Machines;
}>;

export type PathResult = Readonly<{ paths: readonly PathCheck[]; findings: readonly Finding[] }>;

/** A longer way is a loop, and reported as one. */
const HOSTS_MAX = 100;
/** Machines and routes that a text names. */
const NAMED_MAX = 3;

/** Our machine that took it over last and whose log is not at hand: a gap, or a mailbox server spoken to by LMTP. */
const takenOnBy = ({ takenBy, gap, recipient, transaction }: FinalOutcome, input: PathInput): HostName | null => {
  if (takenBy !== null) return gap === 'external' ? null : takenBy;
  const attempt = recipient?.attempts.at(-1);
  const relay = attempt?.relay?.host ?? attempt?.relay?.ip ?? null;
  if (attempt?.by !== 'lmtp' || relay === null) return null;
  const host = input.machines.canonical(relay);
  return host !== transaction.host && isOwnMachine(host, input) ? host : null;
};

const journeyOf = (outcome: FinalOutcome, way: Way, input: PathInput): Journey => {
  const on = takenOnBy(outcome, input);
  return {
    hosts: on === null || on === way.hosts.at(-1) ? way.hosts : [...way.hosts, on],
    isBegun: way.cameFrom === null && (way.entry.hasArrival || way.entry.via === 'internal'),
    // Behind a gap of ours it went on; what did not arrive may stop anywhere.
    isDone: outcome.status === 'sent' && (outcome.gap === null || outcome.gap === 'external'),
  };
};

const listed = (names: readonly string[]): string =>
  names.length <= NAMED_MAX
    ? names.join(', ')
    : `${names.slice(0, NAMED_MAX).join(', ')} and ${names.length - NAMED_MAX} more`;

const placeText = (name: string, hosts: ReadonlySet<HostName>): string =>
  hosts.size === 1 && [...hosts][0] === name ? name : `${name} (${listed([...hosts])})`;

/** Routes that have most in common with the journey. */
const expectedText = (plan: DirectionPlan, journey: Journey): string => {
  const routes = nearestRoutes(plan.routes, journey);
  return `expected: ${routes.slice(0, NAMED_MAX).map(routeText).join(', or ')}${routes.length > NAMED_MAX ? ', or others' : ''}`;
};

const finding = (code: Finding['code'], host: HostName | null, text: string): Finding => ({
  code,
  severity: 'warning',
  text,
  host,
});

const skippedFinding = (subject: string, { step, after, before }: SkippedStep, expected: string): Finding => {
  const place = placeText(step.name, step.hosts);
  const where =
    after === null
      ? `came to ${before} without ${place} before it`
      : before === null
        ? `ended on ${after}, before ${place}`
        : `went from ${after} to ${before} without ${place} in between`;
  const [only, second] = [...step.hosts];
  const host = only !== undefined && second === undefined ? only : (after ?? before);
  return finding('missing-hop', host, `${subject} ${where}; ${expected}.`);
};

const misfitFinding = (subject: string, journey: Journey, plan: DirectionPlan): Finding => {
  const { at, expected } = findMisfit(plan.routes, journey);
  const host = journey.hosts[at] ?? null;
  const before = journey.hosts[at - 1] ?? null;
  const wanted = expected.length === 0 ? 'nothing more was expected' : `${listed(expected)} was expected`;
  if (host === null) return finding('unexpected-route', before, `${subject} ended on ${before}, where ${wanted} next.`);
  const way = before === null ? `began on ${host}` : `went from ${before} to ${host}`;
  return finding('unexpected-route', host, `${subject} ${way}, where ${wanted}; ${expectedText(plan, journey)}.`);
};

const isIn = (place: Place | null, host: HostName | undefined): boolean =>
  place === null || host === undefined || place.hosts.has(host);

const placesText = ({ names, hosts }: Place): string => placeText(names.join(' or '), hosts);

/** What is wrong with a way; nothing when all is as configured. */
const checkJourney = (subject: string, journey: Journey, plan: DirectionPlan): readonly Finding[] => {
  const { hosts, isBegun, isDone } = journey;
  const [first] = hosts;
  const last = hosts.at(-1);
  if (plan.routes.length > 0 && !fitsRoutes(plan.routes, journey)) {
    const known = new Set(plan.routes.flatMap((route) => route.flatMap((step) => [...step.hosts])));
    const foreign = [...new Set(hosts)].filter((host) => !known.has(host));
    if (foreign.length > 0) {
      return foreign.map((host) =>
        finding(
          'unexpected-host',
          host,
          `${subject} passed ${host}, which is on none of its routes; ${expectedText(plan, journey)}.`,
        ),
      );
    }
    const skipped = findSkipped(plan.routes, journey);
    return skipped === null
      ? [misfitFinding(subject, journey, plan)]
      : skipped.map((step) => skippedFinding(subject, step, expectedText(plan, journey)));
  }
  return [
    ...(isBegun && first !== undefined && plan.entry !== null && !isIn(plan.entry, first)
      ? [finding('unexpected-route', first, `${subject} came in on ${first}; expected: ${placesText(plan.entry)}.`)]
      : []),
    ...(isDone && last !== undefined && plan.exit !== null && !isIn(plan.exit, last)
      ? [finding('unexpected-route', last, `${subject} ended on ${last}; expected: ${placesText(plan.exit)}.`)]
      : []),
  ];
};

const SUBJECTS: Readonly<Record<Direction, string>> = {
  inbound: 'Inbound mail',
  outbound: 'Outbound mail',
  internal: 'Internal mail',
  forwarded: 'Forwarded mail',
  notices: 'A notice',
};

type Judged = Readonly<{ path: PathCheck; findings: readonly Finding[] }>;

const judge = (outcome: FinalOutcome, way: Way, input: PathInput): Judged => {
  const { architecture } = input;
  const journey = journeyOf(outcome, way, input);
  const { direction, reason } = directionOf(originOf(way.entry, way.cameFrom, input), outcome, way.addressedTo, input);
  const recipients = outcome.recipient === null ? [] : [outcome.recipient.address];
  const base = { direction, hosts: journey.hosts, recipients };
  const unchecked = (note: string): Judged => ({ path: { ...base, isExpected: null, note }, findings: [] });
  if (direction === null) return unchecked(`the direction cannot be told: ${reason}`);
  const plan = architecture.plans.get(direction);
  if (plan === undefined) return unchecked(`architecture.${direction} is not configured`);
  if (input.isLoop) return unchecked('it went round in a loop');
  if (journey.hosts.length > HOSTS_MAX) return unchecked(`it has more than ${HOSTS_MAX} hosts`);
  const findings = checkJourney(SUBJECTS[direction], journey, plan);
  const note = findings.length === 0 ? null : findings.map(({ text }) => text).join(' ');
  return { path: { ...base, isExpected: findings.length === 0, note }, findings };
};

/** Ways that are the same in everything but the recipients are one. */
const groupPaths = (paths: readonly PathCheck[]): readonly PathCheck[] => {
  const groups = new Map<string, PathCheck>();
  for (const path of paths) {
    const key = JSON.stringify([path.direction, path.hosts, path.note]);
    const known = groups.get(key);
    const recipients = [...new Set([...(known?.recipients ?? []), ...path.recipients])];
    groups.set(key, { ...path, recipients });
  }
  return [...groups.values()];
};

/** Nothing when no routes are configured: there is nothing to hold a way against. */
export const checkPaths = (input: PathInput): PathResult => {
  if (input.architecture.plans.size === 0) return { paths: [], findings: [] };
  const walk = createWalkBack(input.component);
  const judged = input.outcomes
    .filter(({ transaction }) => !transaction.isProbe)
    .map((outcome) => judge(outcome, walk(outcome), input));
  const findings = new Map(
    judged.flatMap((each) => each.findings).map((each) => [`${each.code} ${each.text}`, each] as const),
  );
  return { paths: groupPaths(judged.map(({ path }) => path)), findings: [...findings.values()] };
};
