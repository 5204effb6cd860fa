/**
 * The straight line: query → lookups → records → events → transactions → chains → report. All hosts are asked at once, in
 * rounds; `trace/next-lookups.ts` decides what a round asks, sources fetch it. A dead host is a row of the report.
 */
import type { TraceReport } from '../domain/chain.js';
import type { LogRecord } from '../domain/event.js';
import { isIdPrefix, joinParts, parseRecord } from '../parsers/registry.js';
import type { TraceQuery } from '../query/trace-query.js';
import { type BuildInput, buildChains } from '../trace/build-chains.js';
import { createFold, type FoldResult } from '../trace/fold.js';
import { needlesOf, needlesOfIds } from '../trace/needles.js';
import { createPlanner, followRange } from '../trace/next-lookups.js';
import { createFollowed } from './followed.js';
import { createFoundLines } from './found-lines.js';
import { createGapReason } from './gap-reason.js';
import { createReader, type Reader } from './read-round.js';
import { selectAnswer } from './select-answer.js';
import { resolveStartHosts } from './start-hosts.js';
import { machinesOf, type TraceDeps } from './trace-deps.js';
import type { TraceMessage, TraceOptions } from './tracer.js';

const needlesOfQuery = (query: TraceQuery) => {
  if (query.wanted !== undefined) return needlesOfIds(query.wanted);
  const lists = query.keywords.map(needlesOf);
  // One keyword with a literal text is enough to narrow the search: all keywords must hold.
  const literal = lists.filter((list) => list !== null);
  return literal.length === 0 ? null : literal.flat();
};

/** Everything a trace has found out so far. */
type State = Readonly<{ folded: FoldResult; input: BuildInput }>;

const cutsOf = (deps: TraceDeps, folded: FoldResult, reader: Reader, isUnfinished: boolean): readonly string[] => [
  ...(isUnfinished && !reader.isCut() ? [`${deps.limits.maxRounds} rounds`] : []),
  ...(folded.isCut ? [`${deps.limits.maxTransactions} transactions`] : []),
  ...(reader.isCut() ? [`${deps.limits.maxLines} lines or ${Math.round(deps.limits.maxBytes / 1_048_576)} MB`] : []),
];

/**
 * @throws MailtraceError `usage` for an unknown start host; the signal's reason when it aborts. Nothing that a log or a host
 * does.
 */
export const createTraceMessage =
  (deps: TraceDeps): TraceMessage =>
  async (query: TraceQuery, { signal, onProgress }: TraceOptions): Promise<TraceReport> => {
    const startHosts = resolveStartHosts(query.startHost, deps);
    const nowMs = deps.now();
    const followLimitMs = query.onlyWindow ? 0 : deps.limits.followLimitMs;
    const extent = { window: query.window, followLimitMs, nowMs };
    const planner = createPlanner({
      ...extent,
      startHosts,
      allHosts: deps.hosts,
      needles: needlesOfQuery(query),
      isIdPrefix,
    });
    const reach = { range: followRange(extent), nowMs, isOnlyWindow: query.onlyWindow };
    const reader = createReader(deps, signal);
    const lines = createFoundLines(query.keywords);
    const fold = createFold(deps.limits.maxTransactions);

    const take = (record: LogRecord, isFirstRound: boolean): void => {
      const outcome = parseRecord(record);
      if (outcome.kind === 'unknown') reader.countUnknown(record.host);
      const events = outcome.kind === 'events' ? outcome.events : [];
      fold.add(record, events);
      lines.add(record, events, isFirstRound);
    };
    const digest = (): State => {
      const folded = fold.result();
      const machines = machinesOf(deps, folded);
      const gapReason = createGapReason(deps, reader.reports(), nowMs);
      const { limits, architecture } = deps;
      return { folded, input: { transactions: folded.transactions, machines, gapReason, limits, reach, architecture } };
    };

    let plan = planner.first();
    let state = digest();
    for (let round = 1; plan.size > 0 && round <= deps.limits.maxRounds && !reader.isCut(); round++) {
      const records = await reader.read(plan, (hostsAnswered, hostsAsked) =>
        onProgress?.({ round, hostsAnswered, hostsAsked, transactions: state.folded.transactions.length }),
      );
      signal.throwIfAborted();
      for (const record of joinParts(records)) take(record, round === 1);
      state = digest();
      plan = planner.next(createFollowed(query, state.folded, state.input, lines));
    }
    const { folded, input } = state;
    const cuts = cutsOf(deps, folded, reader, plan.size > 0);
    return selectAnswer({
      query,
      startHosts,
      folded,
      lines,
      sources: reader.reports(),
      ambiguousTimes: reader.ambiguousTimes(),
      cuts,
      chains: buildChains(input),
      architecture: deps.architecture,
      lateSinceMs: nowMs - deps.limits.logLagMs,
    });
  };
