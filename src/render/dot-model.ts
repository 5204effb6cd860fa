/** The picture as data: machines with what ended on them, and the lines between them. */
import type { Chain, Evidence, Gap, Hop } from '../domain/chain.js';
import type { Client, DeliveryStatus } from '../domain/event.js';
import type { HostName, QueueId } from '../domain/ids.js';
import type { DeliveryAttempt, Recipient, Transaction } from '../domain/transaction.js';
import { createMachineFinder, type MachineFinder } from './dot-machines.js';

/** What became of one recipient, on the machine where it became so. */
export type Outcome = Readonly<{
  /** `''` for the state of a whole transaction (held, deleted) of which no recipient is known. */
  address: string;
  originalAddress: string | null;
  status: DeliveryStatus;
  /** Null on a machine we have no log of. */
  queueId: QueueId | null;
  /** The attempt that decided it; null when none was logged. */
  last: DeliveryAttempt | null;
  attempts: number;
}>;

export type Machine = Readonly<{
  name: HostName;
  /** Why there is no log of it; null when there is one. */
  gap: Gap | null;
  /** True when only a failed attempt names it. */
  isOnlyTried: boolean;
  /** MTA families that logged here. */
  programs: readonly string[];
  /** Who handed the message in, where it was first seen. */
  clients: readonly Client[];
  outcomes: readonly Outcome[];
  /** Set in pictures: machines outside that are told in words on this one. */
  folded: readonly Machine[];
}>;

export type Edge = Readonly<{
  /** `handed`: accepted. `gap`: accepted, no log of the far side. `tried`: the last attempt, which failed. */
  kind: 'handed' | 'gap' | 'tried';
  from: HostName;
  to: HostName;
  queueId: QueueId | null;
  status: DeliveryStatus | null;
  last: DeliveryAttempt | null;
  attempts: number;
  recipients: readonly string[];
  evidence: Evidence;
  /** Number of the chain, from 1. */
  message: number;
  /** Set in pictures: further lines between the same two boxes, told by this one. */
  merged: readonly Edge[];
}>;

export type GraphModel = Readonly<{
  /** In the order in which the messages met them. */
  machines: readonly Machine[];
  edges: readonly Edge[];
  /** What the bounds left out. */
  left: Readonly<{ machines: number; edges: number }>;
}>;

export type GraphBounds = Readonly<{ machines: number; edges: number }>;

/**
 * Draws the first machines and lines up to `bounds` and counts the others.
 * @param configured canonical names of the fleet, to know a relay by.
 */
export const buildGraphModel = (
  chains: readonly Chain[],
  configured: readonly string[],
  bounds: GraphBounds,
): GraphModel => {
  const draft: Draft = { bounds, machines: new Map(), edges: [], beyond: new Set(), edgesLeft: 0 };
  const find = createMachineFinder(chains, configured);
  // Machines with a log first: what is a gap to one message, another may have passed.
  for (const chain of chains) addMachines(draft, chain);
  for (const [index, chain] of chains.entries()) addChain(draft, chain, find, index + 1);
  return {
    machines: [...draft.machines.values()].map(
      (machine): Machine => ({ ...machine, programs: [...machine.programs], folded: [] }),
    ),
    edges: draft.edges,
    left: { machines: draft.beyond.size, edges: draft.edgesLeft },
  };
};

type MachineDraft = {
  readonly name: HostName;
  readonly gap: Gap | null;
  readonly isOnlyTried: boolean;
  readonly programs: Set<string>;
  readonly clients: Client[];
  readonly outcomes: Outcome[];
};

type Draft = {
  readonly bounds: GraphBounds;
  readonly machines: Map<HostName, MachineDraft>;
  readonly edges: Edge[];
  readonly beyond: Set<HostName>;
  edgesLeft: number;
};

type Unseen = Readonly<{ gap?: Gap | null; isOnlyTried?: boolean }>;

/** @param unseen what to note on a machine that is new. @returns null when the picture is full. */
const machineOf = (
  draft: Draft,
  name: HostName,
  { gap = null, isOnlyTried = false }: Unseen = {},
): MachineDraft | null => {
  const known = draft.machines.get(name);
  if (known !== undefined) return known;
  if (draft.machines.size >= draft.bounds.machines) {
    draft.beyond.add(name);
    return null;
  }
  const machine = { name, gap, isOnlyTried, programs: new Set<string>(), clients: [], outcomes: [] };
  draft.machines.set(name, machine);
  return machine;
};

const addEdge = (draft: Draft, edge: Edge): void => {
  const hasEnds = draft.machines.has(edge.from) && draft.machines.has(edge.to);
  if (hasEnds && draft.edges.length < draft.bounds.edges) draft.edges.push(edge);
  else draft.edgesLeft += 1;
};

const endKey = (end: Readonly<{ host: HostName; queueId: QueueId | null }>): string => `${end.host}\n${end.queueId}`;

const addMachines = (draft: Draft, { transactions, hops }: Chain): void => {
  const entered = new Set(hops.map(({ to }) => endKey(to)));
  for (const transaction of transactions) {
    const machine = machineOf(draft, transaction.host);
    machine?.programs.add(transaction.mta);
    if (!entered.has(endKey(transaction)) && transaction.client !== null) machine?.clients.push(transaction.client);
  }
};

const addChain = (draft: Draft, chain: Chain, find: MachineFinder, message: number): void => {
  const transactions = new Map(chain.transactions.map((transaction) => [endKey(transaction), transaction]));
  const hopsFrom = new Map<string, Hop[]>();
  for (const hop of chain.hops) {
    const key = endKey(hop.from);
    hopsFrom.set(key, [...(hopsFrom.get(key) ?? []), hop]);
  }
  for (const hop of chain.hops) {
    const isEnd = !hopsFrom.has(endKey(hop.to));
    addHop(draft, hop, { transaction: transactions.get(endKey(hop.from)), isEnd, message });
  }
  for (const transaction of chain.transactions) {
    const hops = hopsFrom.get(endKey(transaction)) ?? [];
    const ended = transaction.recipients.filter((recipient) => !hops.some((hop) => carries(hop, recipient)));
    draft.machines
      .get(transaction.host)
      ?.outcomes.push(
        ...ended.map((recipient) => outcomeOf(recipient, transaction.queueId)),
        ...stateOutcome(transaction),
      );
    addTries(draft, transaction, ended, find, message);
  }
};

const REFUSED: ReadonlySet<DeliveryStatus> = new Set(['bounced', 'expired', 'rejected']);

/** True when `hop` took `recipient` on. A hop that names nobody (a requeue) took all that were not refused. */
const carries = (hop: Hop, { address, attempts, status }: Recipient): boolean =>
  hop.recipients.includes(address) ||
  (hop.recipients.length === 0 && !REFUSED.has(status)) ||
  attempts.some((attempt) => isAnsweredWith(attempt, hop.to.queueId));

const isAnsweredWith = ({ nextQueueIds }: DeliveryAttempt, id: QueueId | null): boolean =>
  id !== null && nextQueueIds.includes(id);

const outcomeOf = (recipient: Recipient, queueId: QueueId | null): Outcome => ({
  address: recipient.address,
  originalAddress: recipient.originalAddress,
  status: recipient.status,
  queueId: queueId === null ? null : (recipient.partQueueId ?? queueId),
  last: recipient.attempts.at(-1) ?? null,
  attempts: recipient.attempts.length,
});

/** Message-level states that no recipient shows. */
const stateOutcome = ({ state, recipients, queueId }: Transaction): readonly Outcome[] =>
  recipients.length > 0 || state === 'active' || state === 'requeued'
    ? []
    : [{ address: '', originalAddress: null, status: state, queueId, last: null, attempts: 0 }];

type HopPlace = Readonly<{
  /** Undefined when the sending host has no log of it either. */
  transaction: Transaction | undefined;
  /** No hop is known that goes on from there. */
  isEnd: boolean;
  message: number;
}>;

const addHop = (draft: Draft, hop: Hop, { transaction, isEnd, message }: HopPlace): void => {
  machineOf(draft, hop.from.host, { gap: hop.gap });
  const target = machineOf(draft, hop.to.host, { gap: hop.gap });
  const carried = (transaction?.recipients ?? []).filter((recipient) => carries(hop, recipient));
  const attempts = carried.flatMap((recipient) => recipient.attempts);
  const answered = attempts.filter((attempt) => isAnsweredWith(attempt, hop.to.queueId));
  const last = (answered.length > 0 ? answered : attempts).at(-1) ?? null;
  addEdge(draft, {
    kind: hop.gap === null ? 'handed' : 'gap',
    from: hop.from.host,
    to: hop.to.host,
    queueId: hop.from.queueId,
    status: last?.status ?? null,
    last,
    attempts: Math.max(0, ...carried.map((recipient) => recipient.attempts.length)),
    recipients: hop.recipients,
    evidence: hop.evidence,
    message,
    merged: [],
  });
  if (hop.gap === null || !isEnd) return;
  // A server outside has taken it over: that is as far as anybody here can see. Inside, the rest of the way is not known.
  const outcomes = carried.map((recipient) => outcomeOf(recipient, null));
  const isOutside = hop.gap === 'external';
  target?.outcomes.push(...(isOutside ? outcomes : outcomes.map((it): Outcome => ({ ...it, status: 'unknown' }))));
};

/** The last attempts that failed, one line per relay and reply. */
const addTries = (
  draft: Draft,
  transaction: Transaction,
  ended: readonly Recipient[],
  find: MachineFinder,
  message: number,
): void => {
  const edges = new Map<string, Edge>();
  for (const { address, status, attempts } of ended) {
    const last = attempts.at(-1);
    if (last === undefined || last.status === 'sent' || !(REFUSED.has(status) || status === 'deferred')) continue;
    const to = find(last, transaction.host);
    if (to === null) continue;
    machineOf(draft, to, { isOnlyTried: true });
    const key = [to, status, last.dsn, last.replyCode].join('\n');
    const known = edges.get(key);
    edges.set(key, {
      kind: 'tried',
      from: transaction.host,
      to,
      queueId: transaction.queueId,
      status,
      last,
      attempts: Math.max(known?.attempts ?? 0, attempts.length),
      recipients: [...(known?.recipients ?? []), address],
      evidence: 'none',
      message,
      merged: [],
    });
  }
  for (const edge of edges.values()) addEdge(draft, edge);
};
