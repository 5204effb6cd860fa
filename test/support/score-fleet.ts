/** A fleet's scenarios, each searched by message-id through the tracer of a configuration and held against the ground truth. */
import { readLogs } from '../../scripts/corpus/logs.mjs';
import { scoreScenario } from '../../scripts/corpus/run-corpus.mjs';
import type { readTruth } from '../../scripts/corpus/truth.mjs';
import { openFromText } from './open-tracer.ts';

type Truth = ReturnType<typeof readTruth>;

export type FleetScore = Readonly<{
  /** Scenario → what is wrong, missing or false in it; only those with a fault. */
  faults: Readonly<Record<string, unknown>>;
  /** Facts that are right, over all scenarios. */
  right: number;
}>;

/** @param config text of the configuration by which its logs are read */
export const scoreFleet = async (truth: Truth, config: string): Promise<FleetScore> => {
  const tracer = await openFromText(config);
  try {
    const options = { trace: tracer.trace, by: 'message-id', logs: readLogs(truth) };
    const faults: Record<string, unknown> = {};
    let right = 0;
    for (const scenario of truth.scenarios) {
      const { right: count, ...rest } = await scoreScenario(scenario, truth, options);
      right += count;
      if (Object.values(rest).some((each) => each.length > 0)) faults[scenario.sid] = rest;
    }
    return { faults, right };
  } finally {
    await tracer.close();
  }
};
