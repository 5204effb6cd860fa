/** Everything that the records of a fleet tell, without a search: what a trace of every message at once would show. */
import { machinesOf } from '../../src/app/trace-deps.ts';
import { NO_ARCHITECTURE } from '../../src/domain/architecture.ts';
import type { LogRecord } from '../../src/domain/event.ts';
import type { HostDirectory } from '../../src/domain/host-names.ts';
import type { Reject, Transaction } from '../../src/domain/transaction.ts';
import { joinParts, parseRecord } from '../../src/parsers/registry.ts';
import { type BuiltChain, buildChains } from '../../src/trace/build-chains.ts';
import { createFold } from '../../src/trace/fold.ts';
import { tellChain } from './trace-story.ts';

const LIMITS = { manyHops: 7, slowHopMs: 60_000, logLagMs: 600_000 };

export type FleetStory = Readonly<{
  chains: readonly BuiltChain['chain'][];
  rejects: readonly Reject[];
  /** Lines that no parser knows. */
  unknown: number;
}>;

export const readFleet = (records: readonly LogRecord[], directory: HostDirectory): FleetStory => {
  const fold = createFold(1_000_000);
  let unknown = 0;
  for (const record of joinParts(records)) {
    const outcome = parseRecord(record);
    if (outcome.kind === 'unknown') unknown++;
    else if (outcome.kind === 'events') fold.add(record, outcome.events);
  }
  const folded = fold.result();
  const chains = buildChains({
    transactions: folded.transactions,
    machines: machinesOf({ directory }, folded),
    gapReason: () => 'unknown',
    limits: LIMITS,
    reach: {
      range: { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY },
      nowMs: Number.POSITIVE_INFINITY,
      isOnlyWindow: false,
    },
    architecture: NO_ARCHITECTURE,
  });
  return { chains: chains.map(({ chain }) => chain), rejects: folded.rejects, unknown };
};

/** Recipients of a hop stand in the order of their times, and some of these tests change times. */
const inOrder = (line: string): string => {
  const [hop, recipients] = line.split(/: (?=[^:]*, )/, 2);
  return recipients === undefined ? line : `${hop}: ${recipients.split(', ').sort().join(', ')}`;
};

const rejectLine = ({ host, queueId, stage, replyCode, dsn, sender, recipient, text }: Reject): string =>
  `reject ${[host, queueId, stage, replyCode, dsn, sender, recipient, text].join(' ')}`;

/** Verdict, hops, states of recipients and relations of every chain, and every reject: without times, and in one order. */
export const tellFleet = ({ chains, rejects }: FleetStory): readonly string[] => [
  ...chains.map((chain) => tellChain(chain).map(inOrder).sort().join('\n')).sort(),
  ...rejects.map(rejectLine).sort(),
];

/** The same with every time and every other fact that a report shows. */
export const tellExactly = ({ chains, rejects }: FleetStory): readonly string[] => [
  ...chains
    .map((chain) => {
      const shown: readonly Transaction[] = chain.transactions;
      return JSON.stringify({ ...chain, transactions: [...shown].sort((a, b) => (a.queueId < b.queueId ? -1 : 1)) });
    })
    .sort(),
  ...rejects.map((reject) => JSON.stringify(reject)).sort(),
];
