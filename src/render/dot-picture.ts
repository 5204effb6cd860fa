/**
 * What a picture for people may leave out and DOT for programs may not: parallel lines of a loop, and the many servers
 * outside that a list sends to. Whatever is left out is counted in words.
 */
import type { HostName } from '../domain/ids.js';
import type { Edge, GraphBounds, GraphModel, Machine } from './dot-model.js';
import { byState, signOf, worstState } from './dot-style.js';

/** About as much as can be told apart when it is zoomed in on; its layout takes well under a second. */
const PICTURE_BOUNDS: GraphBounds = { machines: 24, edges: 60 };
/** Outside servers of one machine that get a box of their own. */
const MAX_OUTSIDE = 6;

/** What is read before it is simplified: 5,000 transactions are the most a trace has. */
export const SIMPLIFIED_FROM: GraphBounds = { machines: 1000, edges: 5000 };

export const simplifyForPicture = (model: GraphModel): GraphModel =>
  cutToBounds(foldOutside(mergeParallel(model)), PICTURE_BOUNDS);

const mergeParallel = (model: GraphModel): GraphModel => {
  const groups = new Map<string, Edge[]>();
  for (const edge of model.edges) {
    // Graphviz draws a second line from a box to itself across the text of the first.
    const key = edge.from === edge.to ? edge.from : [edge.kind, edge.from, edge.to].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), edge]);
  }
  return { ...model, edges: [...groups.values()].map(mergeGroup) };
};

/** The failed attempt stands among those whose text is shown. */
const mergeGroup = (group: readonly Edge[]): Edge => {
  const first = group.find(({ kind }) => kind !== 'tried') ?? group[0]!;
  const others = group.filter((edge) => edge !== first);
  const tried = others.filter(({ kind }) => kind === 'tried');
  return { ...first, merged: [...tried, ...others.filter(({ kind }) => kind !== 'tried')] };
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

/** Keeps the first machine and those where something went wrong, then the others in order. */
const cutToBounds = ({ machines, edges, left }: GraphModel, bounds: GraphBounds): GraphModel => {
  const urgency = (machine: Machine, index: number): number => (index === 0 ? 0 : isTroubled(machine) ? 1 : 2);
  const ranked = machines.map((machine, index) => ({ machine, rank: urgency(machine, index) }));
  const kept = new Set(
    ranked
      .sort((a, b) => a.rank - b.rank)
      .slice(0, bounds.machines)
      .map(({ machine }) => machine.name),
  );
  const between = edges.filter(({ from, to }) => kept.has(from) && kept.has(to));
  const drawn = between.slice(0, bounds.edges);
  return {
    machines: machines.filter(({ name }) => kept.has(name)),
    edges: drawn,
    left: {
      machines: left.machines + machines.length - kept.size,
      edges: left.edges + edges.length - drawn.length,
    },
  };
};

const isTroubled = ({ outcomes }: Machine): boolean =>
  outcomes.some(({ status }) => ['failed', 'waiting'].includes(signOf(status).state));
