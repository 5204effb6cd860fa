/**
 * What a picture for people may leave out and DOT for programs may not: parallel lines of a loop, and the many servers
 * outside that a list sends to. Whatever is left out is counted in words.
 */
import type { HostName } from '../domain/ids.js';
import type { Edge, GraphModel, Machine } from './dot-model.js';
import { byState, signOf, worstState } from './dot-style.js';

/** Outside servers of one machine that get a box of their own. */
const MAX_OUTSIDE = 6;

export const simplifyForPicture = (model: GraphModel): GraphModel => foldOutside(mergeParallel(model));

const mergeParallel = (model: GraphModel): GraphModel => {
  const groups = new Map<string, Edge[]>();
  for (const edge of model.edges) {
    const key = [edge.kind, edge.from, edge.to].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), edge]);
  }
  return { ...model, edges: [...groups.values()].map(([first, ...merged]) => ({ ...first!, merged })) };
};

/** Machines that nothing leaves, that one machine alone speaks to, and that we have no log of: by that machine. */
const findOutside = ({ machines, edges }: GraphModel): ReadonlyMap<HostName, readonly Machine[]> => {
  const sources = new Map<HostName, Set<HostName>>();
  const isSource = new Set(edges.map(({ from }) => from));
  for (const { from, to } of edges) sources.set(to, (sources.get(to) ?? new Set()).add(from));
  const outside = new Map<HostName, Machine[]>();
  for (const machine of machines) {
    const [source, ...others] = sources.get(machine.name) ?? [];
    const isLeaf = source !== undefined && others.length === 0 && !isSource.has(machine.name);
    if (!isLeaf || machine.programs.length > 0) continue;
    outside.set(source, [...(outside.get(source) ?? []), machine]);
  }
  return outside;
};

const foldOutside = (model: GraphModel): GraphModel => {
  const worstEdge = new Map<HostName, readonly Edge[]>();
  for (const edge of model.edges) worstEdge.set(edge.to, [...(worstEdge.get(edge.to) ?? []), edge]);
  const stateOf = ({ name }: Machine) =>
    worstState((worstEdge.get(name) ?? []).map(({ status }) => (status === null ? 'passing' : signOf(status).state)));
  const folded = new Map<HostName, readonly Machine[]>();
  for (const [source, machines] of findOutside(model)) {
    if (machines.length <= MAX_OUTSIDE) continue;
    // Problems keep their box. The sort is stable, so that the picture is.
    const ranked = [...machines].sort((a, b) => byState(stateOf(a), stateOf(b)));
    folded.set(source, ranked.slice(MAX_OUTSIDE - 1));
  }
  const gone = new Set([...folded.values()].flat().map(({ name }) => name));
  return {
    ...model,
    machines: model.machines
      .filter(({ name }) => !gone.has(name))
      .map((machine) => ({ ...machine, folded: folded.get(machine.name) ?? [] })),
    edges: model.edges.filter(({ to }) => !gone.has(to)),
  };
};
