/** What is wrong about what section `architecture` says: names that stand for nothing, times that contradict each other. */
import type { Fleet } from '../sources/configured-hosts.js';
import { durationMs } from '../sources/option-fields.js';
import type { ArchitectureSection } from './architecture-section.js';
import { findNearest } from './known-keys.js';
import type { Complaint } from './schema-problems.js';

const DIRECTIONS = ['inbound', 'outbound', 'internal', 'forwarded', 'notices'] as const;

/** Known names that a complaint lists when none is near. */
const LISTED_MAX = 20;

/** A step without its `?`, `+` or `*`. */
const bareStep = (step: string): string => step.replace(/[?+*]$/, '');

type Known = Readonly<{ isName: (name: string) => boolean; all: readonly string[] }>;

const unknownName = (name: string, { all }: Known): string => {
  const nearest = findNearest(name, all);
  const advice =
    nearest === null ? ` Known here: ${all.slice(0, LISTED_MAX).join(', ')}.` : ` Did you mean "${nearest}"?`;
  return `there is no such host, cluster or role.${advice}`;
};

/** Names that stand for nothing, and roles that nobody could tell from a cluster. */
export const findArchitectureFaults = (
  { untracked, roles, retry: settings, ...directions }: ArchitectureSection,
  directory: Fleet['directory'],
): readonly Complaint[] => {
  const machines = [...directory.hosts, ...untracked];
  const clusters = [...directory.clusters.keys()];
  const isMachine = (name: string): boolean => directory.resolveStart(name) !== null || untracked.includes(name);
  const ofRoles: Known = { isName: isMachine, all: [...clusters, ...machines] };
  const ofSteps: Known = {
    isName: (name) => Object.hasOwn(roles, name) || isMachine(name),
    all: [...Object.keys(roles), ...ofRoles.all],
  };
  const checkNames = (list: readonly string[], path: Complaint['path'], known: Known): readonly Complaint[] =>
    list.flatMap((name, index) =>
      known.isName(bareStep(name)) || known.isName(name)
        ? []
        : [{ path: [...path, index], text: unknownName(bareStep(name), known) }],
    );
  const checkName = (name: string, path: Complaint['path'], known: Known): readonly Complaint[] =>
    known.isName(name) ? [] : [{ path, text: unknownName(name, known) }];
  return [
    ...Object.entries(roles).flatMap(([role, members]) => [
      ...(isMachine(role) ? [{ path: ['architecture', 'roles', role], text: 'is a host or cluster already' }] : []),
      ...(/[?+*]$/.test(role) ? [{ path: ['architecture', 'roles', role], text: 'must not end in ?, + or *' }] : []),
      ...checkNames(members, ['architecture', 'roles', role], ofRoles),
    ]),
    ...DIRECTIONS.flatMap((name) => {
      const { start, entry, exit, routes } = directions[name];
      const path = ['architecture', name];
      return [
        ...(start === undefined || directory.resolveStart(start) !== null || Object.hasOwn(roles, start)
          ? []
          : [{ path: [...path, 'start'], text: unknownName(start, ofSteps) }]),
        ...checkNames(entry, [...path, 'entry'], ofSteps),
        ...checkNames(exit, [...path, 'exit'], ofSteps),
        ...routes.flatMap((route, index) => checkNames(route, [...path, 'routes', index], ofSteps)),
      ];
    }),
    ...Object.entries(settings).flatMap(([name, { minimal_backoff_time: min, maximal_backoff_time: max }]) => [
      ...checkName(name, ['architecture', 'retry', name], ofSteps),
      ...((durationMs(min ?? '') ?? 0) > (durationMs(max ?? '') ?? Number.POSITIVE_INFINITY)
        ? [
            {
              path: ['architecture', 'retry', name, 'minimal_backoff_time'],
              text: 'must not be longer than maximal_backoff_time',
            },
          ]
        : []),
    ]),
  ];
};
