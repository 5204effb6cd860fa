/** One message as it was linked → one chain: judged, with what a person should look at. */
import type { Architecture } from '../domain/architecture.js';
import { type Chain, transactionKey } from '../domain/chain.js';
import { hostName, traceId } from '../domain/ids.js';
import { queueFilesOf } from '../domain/transaction.js';
import type { Component } from './components.js';
import { findCutOffs, type Reach } from './cut-off.js';
import { type FindingLimits, findFindings } from './findings.js';
import { hopOfLink, hopOfOpenEnd } from './link.js';
import type { Machines } from './machines.js';
import { queueCommands } from './mta-commands.js';
import { nextStepOf } from './next-step.js';
import { checkPaths, type PathResult } from './paths.js';
import { findRedFlags } from './red-flags.js';
import { estimateRetries, overdueFindings } from './retry.js';
import { summarise, summariseCounts } from './sentence.js';
import { decideVerdict, type FinalOutcome, findOutcomes } from './verdict.js';
import { narrowTo, type PartView } from './visible-part.js';

export type ChainInput = Readonly<{
  machines: Machines;
  limits: FindingLimits & Readonly<{ logLagMs: number }>;
  reach: Reach;
  architecture: Architecture;
}>;

type Judgement = Pick<Chain, 'verdict' | 'summary' | 'nextStep'>;

const countRecipients = (component: Component): number =>
  findOutcomes(component).filter(({ recipient }) => recipient !== null).length;

const judge = (component: Component, outcomes: readonly FinalOutcome[], { machines }: ChainInput): Judgement => {
  const verdict = decideVerdict(component, outcomes);
  const isNotified = component.transactions.some(({ notices }) => notices.some(({ kind }) => kind === 'failure'));
  const ownName = (name: string): string | null => {
    const host = name === '' ? hostName('') : machines.canonical(name);
    return machines.isConfigured(host) ? host : null;
  };
  return {
    verdict,
    summary: summarise(verdict, component.transactions[0]!, outcomes, isNotified),
    nextStep: nextStepOf({ verdict, outcomes, ownName }),
  };
};

/** The sender of a message may know what became of all of it, but not who its further recipients are. */
const judgePart = (whole: Component, part: Component, view: PartView, input: ChainInput): Judgement => {
  const isSender = view.address !== null && whole.transactions[0]?.sender?.toLowerCase() === view.address.toLowerCase();
  if (!isSender || countRecipients(whole) === countRecipients(part)) return judge(part, findOutcomes(part), input);
  const outcomes = findOutcomes(whole);
  const verdict = decideVerdict(whole, outcomes);
  return { verdict, summary: summariseCounts(verdict, outcomes), nextStep: null };
};

/** What was read may end before now: then nobody knows whether it was tried again since. */
const retriesOf = ({ transactions }: Component, { architecture, limits, reach }: ChainInput): Chain['retries'] =>
  reach.range.toMs < reach.nowMs
    ? []
    : estimateRetries(transactions, { retry: architecture.retry, nowMs: reach.nowMs, logLagMs: limits.logLagMs });

const assemble = (
  component: Component,
  outcomes: readonly FinalOutcome[],
  judgement: Judgement,
  { paths, findings }: PathResult,
  input: ChainInput,
): Chain => {
  const { transactions } = component;
  const entry = transactions[0]!;
  const messageId = entry.messageId ?? transactions.find((t) => t.messageId !== null)?.messageId ?? null;
  const order = new Map(transactions.map((t, index) => [t, index]));
  const links = [...component.links].sort(
    (a, b) => order.get(a.from)! - order.get(b.from)! || order.get(a.to)! - order.get(b.to)!,
  );
  const ends = [...component.openEnds].sort((a, b) => order.get(a.transaction)! - order.get(b.transaction)!);
  const retries = retriesOf(component, input);
  return {
    id: transactionKey(entry),
    messageId,
    traceId: traceId({ messageId, host: entry.host, queueId: entry.queueId, arrivedAtMs: entry.arrivedAtMs }),
    ...judgement,
    firstSeenMs: Math.min(...transactions.map(({ firstSeenMs }) => firstSeenMs)),
    lastSeenMs: Math.max(...transactions.map(({ lastSeenMs }) => lastSeenMs)),
    transactions,
    hops: [...links.map(hopOfLink), ...ends.map(hopOfOpenEnd)],
    relatedChains: [],
    findings: [
      ...findFindings(component, input.limits),
      ...findings,
      ...findRedFlags(transactions, outcomes),
      ...overdueFindings(retries, ({ host, queueId }) => listCommand(component, host, queueId)),
      ...findCutOffs(component, input.reach),
    ],
    paths,
    retries,
    isMatch: false,
    hiddenRecipients: 0,
  };
};

const listCommand = ({ transactions }: Component, host: string, queueId: string): string => {
  const mta =
    transactions.flatMap(queueFilesOf).find((t) => t.host === host && t.queueId === queueId)?.mta ?? 'postfix';
  return queueCommands(mta, queueId).list;
};

export const buildChain = (component: Component, input: ChainInput): Chain => {
  const outcomes = findOutcomes(component);
  const judgement = judge(component, outcomes, input);
  const isLoop = judgement.verdict === 'loop';
  const paths = checkPaths({ component, outcomes, isLoop, ...input });
  return assemble(component, outcomes, judgement, paths, input);
};

/** What somebody may see who may not see all of it: a way with hosts left out would look wrong, so ways are not judged. */
export const buildPart = (whole: Component, view: PartView, input: ChainInput): Chain | null => {
  const part = narrowTo(whole, view);
  if (part === null) return null;
  const shown = assemble(
    part,
    findOutcomes(part),
    judgePart(whole, part, view, input),
    { paths: [], findings: [] },
    input,
  );
  return { ...shown, hiddenRecipients: Math.max(0, countRecipients(whole) - countRecipients(part)) };
};
