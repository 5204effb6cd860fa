/**
 * Chains as a Graphviz graph: a node is one machine, a line one hop between two transactions.
 *
 * Programs may rely on what CONTRACT says of it: node ids are canonical names, labels of lines begin with the queue ID on
 * the sending host. The rest is for the eye.
 */
import type { Chain, TraceReport } from '../domain/chain.js';
import { renderCard, stateOfMachine } from './dot-card.js';
import { type EdgeOptions, edgeAttributes, pictureLabel, pictureRows, plainLabel } from './dot-edge.js';
import { findFans } from './dot-layout.js';
import { buildGraphModel, type Edge, type GraphModel, type Machine } from './dot-model.js';
import { SIMPLIFIED_FROM, simplifyForPicture } from './dot-picture.js';
import { lookOf } from './dot-style.js';
import { cleanId, cleanText, escapeHtml, quoteId } from './dot-text.js';
import { renderTitle, titleOfChain, titleOfReport } from './dot-title.js';

export type DotOptions = Readonly<{
  /** Cluster name → canonical host names. */
  clusters?: Readonly<Record<string, readonly string[]>>;
  /** For people: parallel lines of a loop and many servers outside are told in words instead of drawn. */
  isPicture?: boolean;
}>;

/** All chains that fit the keywords, in one graph. Without any it is an empty graph whose label says what was found. */
export const renderDot = (report: TraceReport, options: DotOptions = {}): string => {
  const chains = report.chains.filter(({ isMatch }) => isMatch);
  return renderGraph(chains, titleOfReport(report, chains), options);
};

/** One chain, whether it fits the keywords or not. */
export const renderChainDot = (chain: Chain, options: DotOptions & Readonly<{ timeZone: string }>): string =>
  renderGraph([chain], titleOfChain(chain, options.timeZone), options);

/** The layout of a dense graph of this size takes Graphviz some seconds. */
const GRAPH_BOUNDS = { machines: 60, edges: 200 };
/** From here on Graphviz may stop polishing early (`nslimit`), which halves its time and is not seen. */
const MANY_EDGES = 60;

const renderGraph = (
  chains: readonly Chain[],
  title: readonly string[],
  { clusters = {}, isPicture = false }: DotOptions,
): string => {
  const configured = Object.values(clusters).flat();
  const model = isPicture
    ? simplifyForPicture(buildGraphModel(chains, configured, SIMPLIFIED_FROM))
    : buildGraphModel(chains, configured, GRAPH_BOUNDS);
  const machines = groupByCluster(model.machines, clusters);
  const drawing: Drawing = {
    model,
    isPicture,
    ids: assignIds(model.machines),
    fans: findFans(model.edges),
    optionsOf: createEdgeOptions(model, chains.length > 1),
  };
  return [
    'digraph mailtrace {',
    ...GRAPH_ATTRIBUTES,
    ...(model.edges.length > MANY_EDGES ? ['  graph [nslimit="1", nslimit1="1"];'] : []),
    `  label=${renderTitle(title, model)};`,
    ...renderMachines(machines, drawing),
    ...renderEdges(drawing),
    ...(isPicture ? renderColumns([...machines.values()].flat(), drawing) : []),
    '}',
    '',
  ].join('\n');
};

type Drawing = Readonly<{
  model: GraphModel;
  isPicture: boolean;
  ids: Ids;
  fans: readonly (readonly Edge[])[];
  optionsOf: (edge: Edge) => EdgeOptions;
}>;

/** Graphviz carries the widths of DejaVu Sans, so boxes fit; the PNG is drawn with that font too. */
const GRAPH_ATTRIBUTES = [
  '  graph [rankdir="TB", newrank="true", bgcolor="white", pad="0.25", nodesep="0.35", ranksep="0.4", labelloc="t", labeljust="l", fontname="DejaVu Sans", fontsize="12"];',
  '  node [shape="box", style="rounded,filled", fillcolor="white", color="#475569", penwidth="1.4", margin="0.14,0.08", fontname="DejaVu Sans", fontsize="12"];',
  '  edge [color="#475569", penwidth="1.4", arrowsize="0.9", fontname="DejaVu Sans", fontsize="11", labelfloat="false"];',
];

type Ids = ReadonlyMap<Machine['name'], string>;

/** Names that are alike once cleaned (hostile ones) stay different nodes. */
const assignIds = (machines: readonly Machine[]): Ids => {
  const ids = new Map<Machine['name'], string>();
  const used = new Set<string>();
  for (const { name } of machines) {
    const base = cleanId(name);
    let id = base;
    for (let number = 2; used.has(id); number++) id = `${base}~${number}`;
    used.add(id);
    ids.set(name, id);
  }
  return ids;
};

const idOf = (ids: Ids, name: Machine['name']): string => quoteId(ids.get(name) ?? '');

const renderMachine = (machine: Machine, drawing: Drawing): string => {
  const look = lookOf(stateOfMachine(machine));
  const isSeen = machine.programs.length > 0;
  const style = [look.style, 'filled', isSeen ? '' : 'dashed'].filter((word) => word !== '').join(',');
  // In a column the text of a line stands where it ends: beside the line it would push the next one to the side.
  const lineHere = drawing.isPicture ? drawing.fans.flat().find(({ to }) => to === machine.name) : undefined;
  const attributes = [
    `label=${renderCard(machine, lineHere === undefined ? '' : pictureRows(lineHere, drawing.optionsOf))}`,
    `shape="${look.shape}"`,
    `style="${style}"`,
    `color="${look.ink}"`,
    `fillcolor="${look.fill}"`,
    `penwidth="${look.border}"`,
  ];
  return `${idOf(drawing.ids, machine.name)} [${attributes.join(', ')}];`;
};

type Clusters = Readonly<Record<string, readonly string[]>>;

/** The smallest cluster that holds the machine: a cluster `all` beside `mx` says nothing. */
const clusterOf = (name: string, clusters: Clusters): string | null =>
  Object.entries(clusters)
    .filter(([, hosts]) => hosts.includes(name))
    .sort(([, a], [, b]) => a.length - b.length)[0]?.[0] ?? null;

/** In order of first appearance; the key null holds those of no cluster. */
const groupByCluster = (
  machines: readonly Machine[],
  clusters: Clusters,
): ReadonlyMap<string | null, readonly Machine[]> => {
  const groups = new Map<string | null, readonly Machine[]>();
  for (const machine of machines) {
    const cluster = clusterOf(machine.name, clusters);
    groups.set(cluster, [...(groups.get(cluster) ?? []), machine]);
  }
  return groups;
};

const renderMachines = (groups: ReadonlyMap<string | null, readonly Machine[]>, drawing: Drawing): readonly string[] =>
  [...groups].flatMap(([cluster, members], index) =>
    cluster === null
      ? members.map((machine) => `  ${renderMachine(machine, drawing)}`)
      : [
          `  subgraph cluster_${index} {`,
          `    label=<<FONT POINT-SIZE="11" COLOR="#475569">${escapeHtml(cleanText(cluster, 40))}</FONT>>; labeljust="l"; style="rounded,filled"; fillcolor="#F8FAFC"; color="#CBD5E1"; margin="10";`,
          ...members.map((machine) => `    ${renderMachine(machine, drawing)}`),
          '  }',
        ],
  );

const renderEdges = ({ model, ids, fans, isPicture, optionsOf }: Drawing): readonly string[] => {
  const inFan = new Map(fans.flatMap((fan) => fan.map((edge, index) => [edge, index + 1] as const)));
  return model.edges.map((edge) => {
    const row = inFan.get(edge);
    const attributes = [
      ...(isPicture && row !== undefined
        ? []
        : [`label=${isPicture ? pictureLabel(edge, optionsOf) : plainLabel(edge, optionsOf(edge))}`]),
      ...edgeAttributes(edge),
      ...(isPicture || row === undefined || row === 1 ? [] : [`minlen="${row}"`]),
    ];
    return `  ${idOf(ids, edge.from)} -> ${idOf(ids, edge.to)} [${attributes.join(', ')}];`;
  });
};

/** Holds the ends of a fan one below the other: first those that failed, then machines of one cluster together. */
const renderColumns = (machines: readonly Machine[], { fans, ids }: Drawing): readonly string[] =>
  fans.map((fan) => {
    const lines = new Map(fan.map((edge) => [edge.to, edge]));
    const ends = machines.filter(({ name }) => lines.has(name));
    const hasFailed = ({ name }: Machine): boolean => lines.get(name)?.kind === 'tried';
    const column = [...ends.filter(hasFailed), ...ends.filter((end) => !hasFailed(end))];
    return `  ${column.map(({ name }) => idOf(ids, name)).join(' -> ')} [style="invis", weight="100"];`;
  });

const createEdgeOptions = ({ edges, machines }: GraphModel, isOneOfMany: boolean): ((edge: Edge) => EdgeOptions) => {
  const ends = new Map(machines.map((machine) => [machine.name, machine]));
  const counts = new Map<string, number>();
  for (const edge of edges.flatMap((each) => [each, ...each.merged])) {
    counts.set(transactionKey(edge), (counts.get(transactionKey(edge)) ?? 0) + 1);
  }
  return (edge) => ({
    isOneOfMany,
    isBranch: (counts.get(transactionKey(edge)) ?? 0) > 1 && !saysRecipient(ends.get(edge.to), edge),
  });
};

/** True when the box at the end of the line names the recipient anyway. */
const saysRecipient = (end: Machine | undefined, { recipients }: Edge): boolean =>
  recipients.length === 1 && end?.outcomes.length === 1 && end.outcomes[0]?.address === recipients[0];

const transactionKey = ({ from, queueId, message }: Edge): string => [from, queueId, message].join('\n');
