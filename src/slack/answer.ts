/** Question → trace → answer in Slack. Every question is written to the audit log before its answer is given. */
import type { AuditLog, Log } from '../app/ports.js';
import type { TraceReport } from '../domain/chain.js';
import { explainCode } from '../domain/status-code.js';
import { MailtraceError } from '../errors.js';
import { createNoteOutcome, foundOutcome, type NoteOutcome, UnauditedError } from './audit.js';
import type { Turn } from './jobs.js';
import { createLiveMessage, type LiveMessage } from './live-message.js';
import { findMatches, type Match } from './matches.js';
import { type OpenAnswer, openAnswer, openPrivately } from './open-answer.js';
import { showsOwnMail } from './privacy.js';
import type { Question } from './question.js';
import type { Reply } from './replies/blocks.js';
import { listReply } from './replies/list.js';
import { notFoundReply } from './replies/not-found.js';
import { bugReply, problemReply, tooSlowReply, unauditedReply } from './replies/problems.js';
import {
  interruptedReply,
  noResultReply,
  tracingReply,
  waitingReply,
  withFault,
  withInterruption,
} from './replies/progress.js';
import { codesText, groupRejects, rejectReply } from './replies/rejects.js';
import { verdictReply } from './replies/verdict.js';
import { InterruptedError, type RunDeps, runTrace, TooSlowError } from './run-trace.js';
import type { Sender } from './send.js';
import { isSlackError } from './slack-call.js';
import { postDetails, type ThreadDeps } from './thread.js';

export type AnswerDeps = Omit<ThreadDeps, 'sender'> &
  RunDeps &
  Readonly<{
    sender: Sender;
    audit: AuditLog;
    log: Log;
    now: () => number;
    /** As it is invited into a channel. */
    botName: string;
    /** Tells the log about a bug and returns the reference to give to the user. */
    reportBug: (error: unknown) => string;
  }>;

/** A question at work. */
type Work = Readonly<{
  deps: AnswerDeps;
  question: Question;
  note: NoteOutcome;
  opened: OpenAnswer;
  live: LiveMessage;
  signal: AbortSignal;
}>;

/** Answers in Slack, also about what went wrong. @throws what Slack refused and could not be told to anybody */
export const answerQuestion = async (deps: AnswerDeps, question: Question, turn: Turn): Promise<void> => {
  const note = createNoteOutcome(deps, question);
  const { sender, sleep, log } = deps;
  const { asked } = question;
  let opened: OpenAnswer;
  try {
    opened = await openAnswer(
      deps,
      question,
      turn.ahead > 0 ? waitingReply(asked, turn.ahead) : tracingReply(asked, null),
    );
  } catch (error) {
    const { outcome, reply } = faultOf(deps, question, error);
    await question.whisper(reply);
    await noteUnanswered(deps, note, outcome);
    return;
  }
  const live = createLiveMessage({
    update: (reply) => sender.update(opened.sent, reply),
    sleep,
    onFault: (error) => log.warn({ error: String(error) }, 'a message could not be updated'),
  });
  const work: Work = { deps, question, note, opened, live, signal: turn.signal };
  try {
    await turn.ready;
    if (turn.signal.aborted) throw new InterruptedError();
    if (turn.ahead > 0) live.show(tracingReply(asked, null));
    await give(work, await runTrace(deps, question, live, turn.signal));
  } catch (error) {
    await live.close();
    await recover(work, error);
  }
};

/** Puts the answer where it belongs. */
const give = async (work: Work, whole: TraceReport): Promise<void> => {
  const { question, note, opened, live } = work;
  const { asked, chainId } = question;
  // A button asks for one message: refusals that hold its queue ID are none of its business.
  const report = chainId === null ? whole : { ...whole, rejects: [] };
  const matches = selectMatches(chainId, report);
  await note(foundOutcome(matches, report.rejects.length));
  const only = matches.length === 1 ? matches[0] : undefined;
  if (only !== undefined) {
    const shown = verdictReply({ asked, chain: only.chain, report, inThread: 'hop table and picture' });
    const place = await publish(work, shown, report);
    await giveDetails({ ...work, opened: place }, { shown, match: only, report });
  } else if (matches.length > 1) await publish(work, listReply({ asked, matches, report }), report);
  else if (report.rejects.length > 0)
    await publish(work, rejectReply({ asked, report, nextStep: nextStepOf(report) }), report);
  else {
    await live.close();
    await removeMessage(work.deps, opened);
    await question.whisper(notFoundReply(asked, report));
  }
};

/** In place of what stands there, or in the direct messages when others must not read it. */
const publish = async (
  { deps, question, opened, live }: Work,
  shown: Reply,
  report: TraceReport,
): Promise<OpenAnswer> => {
  const isPublic = !showsOwnMail(question.query.scope, report);
  if (isPublic || (await deps.sender.openDirect(question.user)) === opened.sent.channel) {
    await live.finish(shown);
    return opened;
  }
  await live.close();
  await removeMessage(deps, opened);
  return openPrivately(deps, question, shown);
};

/** A queue ID may be used again: `chainId` decides; null takes all. */
const selectMatches = (chainId: string | null, report: TraceReport): readonly Match[] => {
  const matches = findMatches(report);
  if (chainId === null) return matches;
  const exact = matches.filter(({ chain }) => chain.id === chainId);
  if (exact.length > 0) return exact;
  // When an older piece of the log has been rotated away, the chain begins later now and has another id.
  return matches.length === 1 ? matches : [];
};

const nextStepOf = ({ rejects }: TraceReport): string | null => {
  const newest = groupRejects(rejects)[0]?.newest;
  return newest === undefined ? null : (explainCode(codesText(newest), newest.text)?.lookNext ?? null);
};

type Found = Readonly<{ shown: Reply; match: Match; report: TraceReport }>;

const giveDetails = async (
  { deps, question, opened, signal }: Work,
  { shown, match, report }: Found,
): Promise<void> => {
  const { sender, reportBug } = deps;
  try {
    const details = { match, report, timeZone: question.asked.timeZone };
    const missing = await postDetails(deps, opened.thread, details, signal);
    if (signal.aborted) await sender.update(opened.sent, withInterruption(shown));
    else if (missing.length > 0) await sender.update(opened.sent, withFault(shown, missing.join(' ')));
  } catch (error) {
    // The verdict stands; only the details are lost.
    const fault = error instanceof MailtraceError ? `${error.message} ${error.hint}` : `Reference ${reportBug(error)}.`;
    await sender.update(opened.sent, withFault(shown, `The details could not be sent. ${fault}`));
  }
};

/** Takes the message away; where Slack does not let us, it says that there is no result. */
const removeMessage = async ({ sender, log }: AnswerDeps, { sent }: OpenAnswer): Promise<void> => {
  try {
    await sender.remove(sent);
  } catch (error) {
    if (!(error instanceof MailtraceError)) throw error;
    if (isSlackError(error, 'message_not_found')) return;
    log.warn({ error: error.message }, 'a message could not be deleted');
    await sender.update(sent, noResultReply());
  }
};

/** No answer: the channel message goes, the asker is told why, the audit log has it. */
const recover = async ({ deps, question, opened, note }: Work, error: unknown): Promise<void> => {
  if (error instanceof InterruptedError) {
    await deps.sender.update(opened.sent, interruptedReply(question.asked));
    await noteUnanswered(deps, note, 'interrupted');
    return;
  }
  const { outcome, reply } = faultOf(deps, question, error);
  await removeMessage(deps, opened);
  await question.whisper(reply);
  await noteUnanswered(deps, note, outcome);
};

/** Nothing was told, so a line that cannot be written keeps nothing back. */
const noteUnanswered = async ({ log }: AnswerDeps, note: NoteOutcome, outcome: string): Promise<void> => {
  try {
    await note(outcome);
  } catch (error) {
    if (!(error instanceof UnauditedError)) throw error;
    log.error({ error: String(error.cause), outcome }, 'the audit log cannot be written');
  }
};

type Fault = Readonly<{ outcome: string; reply: Reply }>;

/** Words for the audit log and for the asker. */
const faultOf = (deps: AnswerDeps, { asked }: Question, error: unknown): Fault => {
  if (error instanceof UnauditedError) {
    deps.log.error({ error: String(error.cause) }, 'the audit log cannot be written: questions are not answered');
    return { outcome: 'unaudited', reply: unauditedReply() };
  }
  if (error instanceof TooSlowError) {
    return { outcome: 'too-slow', reply: tooSlowReply(asked, Math.round(deps.traceTimeoutMs / 1000)) };
  }
  if (error instanceof MailtraceError) return { outcome: `problem: ${error.code}`, reply: problemReply(error) };
  const reference = deps.reportBug(error);
  return { outcome: `failed: ${reference}`, reply: bugReply(reference) };
};
