/** The answer about one message: what became of it, who to whom, when, what to do next. */
import type { types } from '@slack/bolt';
import type { Chain, TraceReport } from '../../domain/chain.js';
import { pathTexts, retryTexts } from '../../render/diagnosis-text.js';
import { createZone } from '../../zone.js';
import { type Asked, clock, faultBlocks, faultsOf, keywordText, windowLine, windowText } from './answer-context.js';
import {
  bold,
  footnote,
  type Line,
  own,
  paragraph,
  plainInstructions,
  plural,
  prose,
  quote,
  type Reply,
  reply,
} from './blocks.js';
import { findingBlocks } from './findings.js';
import { matchText } from './rejects.js';
import { traceAgainButton } from './trace-button.js';
import { isOpen, pathSpans, pathText, verdictSpan } from './verdict-words.js';

export type VerdictFacts = Readonly<{
  asked: Asked;
  chain: Chain;
  report: TraceReport;
  /** What follows in the thread, in our own words: `table and picture`; empty while nothing is promised. */
  inThread: string;
}>;

const timesLine = ({ firstSeenMs, lastSeenMs }: Chain, timeZone: string): Line => [
  bold('Seen: '),
  own(`${clock(firstSeenMs, timeZone)} to ${clock(lastSeenMs, timeZone)}`),
];

const nextLine = ({ nextStep }: Chain): readonly Line[] =>
  nextStep === null ? [] : [[bold('Next: '), prose(plainInstructions(nextStep), 600)]];

const pathLines = (chain: Chain): readonly Line[] => pathTexts(chain).map((text) => [bold('Path: '), prose(text, 400)]);

const retryLines = (chain: Chain, timeZone: string): readonly Line[] =>
  retryTexts(chain, createZone(timeZone)).map((text) => [bold('Next try: '), prose(text, 500)]);

const footer = ({ asked, report, inThread }: VerdictFacts): types.ContextBlock => {
  const searched = `${plural(report.sources.length, 'host')} searched`;
  const rejects = report.rejects.length > 0 ? `${matchText(report.rejects.length)} too; ` : '';
  const thread = inThread === '' ? '' : `; ${inThread} in the thread`;
  return footnote(`Asked by ${asked.by}: ${keywordText(asked)}. ${rejects}${searched}${thread}.`);
};

export const verdictReply = (facts: VerdictFacts): Reply => {
  const { asked, chain, report } = facts;
  const messageId = chain.messageId === null ? [] : [[bold('Message-ID: '), quote(chain.messageId, 250)]];
  const again = isOpen(chain.verdict) ? traceAgainButton(chain) : null;
  return reply(
    [
      `${chain.verdict}: ${chain.summary}`,
      `${pathText(chain)}.`,
      chain.nextStep === null ? '' : `Next: ${plainInstructions(chain.nextStep)}`,
      windowText(asked),
    ],
    [
      paragraph([...verdictSpan(chain.verdict), own(' — '), prose(chain.summary)]),
      paragraph(
        [bold('Mail: '), ...pathSpans(chain)],
        ...nextLine(chain),
        ...retryLines(chain, asked.timeZone),
        timesLine(chain, asked.timeZone),
        ...pathLines(chain),
        ...messageId,
        windowLine(asked),
      ),
      ...faultBlocks(faultsOf(report)),
      // Findings about the whole answer, such as a bound that was hit, decide how far it can be trusted.
      ...findingBlocks(report.findings),
      ...(again === null ? [] : [again]),
      footer(facts),
    ],
  );
};
