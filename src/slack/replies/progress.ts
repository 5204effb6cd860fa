/** The channel message while a trace runs, and what it says when a trace ends without an answer. */
import type { TraceProgress } from '../../app/tracer.js';
import { type Asked, keywordSpans, keywordText, windowLine, windowText } from './answer-context.js';
import { bold, footnote, own, paragraph, plural, prose, type Reply, reply } from './blocks.js';

/** `progress` is null before the first round, and always for an asker who may not see everything: it would tell him what there is. */
export const tracingReply = (asked: Asked, progress: TraceProgress | null): Reply => {
  const state =
    progress === null
      ? 'reading the logs'
      : `round ${progress.round}: ${progress.hostsAnswered} of ${plural(progress.hostsAsked, 'host')} answered, ${plural(progress.transactions, 'transaction')} so far`;
  return reply(
    [`Tracing ${keywordText(asked)}, ${windowText(asked)}: ${state} …`],
    [
      paragraph([bold('Tracing '), ...keywordSpans(asked), own(' …')], windowLine(asked)),
      footnote(`Asked by ${asked.by}; ${state} …`),
    ],
  );
};

export const waitingReply = (asked: Asked, ahead: number): Reply =>
  reply(
    [`Waiting to trace ${keywordText(asked)}.`],
    [
      paragraph([bold('Waiting to trace '), ...keywordSpans(asked)], windowLine(asked)),
      footnote(`Asked by ${asked.by}; ${plural(ahead, 'other trace')} first.`),
    ],
  );

/** Replaces a message that could not be deleted. */
export const noResultReply = (): Reply =>
  reply(
    ['No result; the person who asked was told why.'],
    [paragraph([own('No result. The person who asked was told why.')])],
  );

export const interruptedReply = (asked: Asked): Reply =>
  reply(
    [`Interrupted: mailtrace is restarting. Ask again for ${keywordText(asked)}.`],
    [
      paragraph(
        [bold('Interrupted: '), own('mailtrace is restarting. Ask again in a minute: '), ...keywordSpans(asked)],
        windowLine(asked),
      ),
      footnote(`Asked by ${asked.by}.`),
    ],
  );

/** Under an answer whose details did not reach the thread. */
export const withInterruption = (answer: Reply): Reply => ({
  text: `${answer.text} (details interrupted by a restart)`,
  blocks: [
    ...answer.blocks,
    paragraph([
      bold('Interrupted: '),
      own('mailtrace is restarting; the details are not complete. Ask again in a minute.'),
    ]),
  ],
});

/** Under an answer whose details failed. */
export const withFault = (answer: Reply, what: string): Reply => ({
  text: answer.text,
  blocks: [...answer.blocks, paragraph([bold('⚠ '), prose(what, 500)])],
});
