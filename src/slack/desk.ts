/** Where commands and buttons arrive: who asks, may he, is there room. What is refused is told to the asker alone. */
import type { Right } from '../app/access.js';
import type { ActOnIncident } from '../app/incident-acts.js';
import type { AuditLog, Log } from '../app/ports.js';
import type { Subscriptions } from '../app/subscriptions.js';
import { MailtraceError } from '../errors.js';
import type { Scope } from '../query/trace-query.js';
import { type AnswerDeps, answerQuestion } from './answer.js';
import type { FindPerson, Person } from './asker.js';
import { type Auditable, createNoteOutcome, UnauditedError } from './audit.js';
import type { Jobs } from './jobs.js';
import type { Question, Whisper } from './question.js';
import type { Reply } from './replies/blocks.js';
import {
  alreadyRunningReply,
  bugReply,
  busyReply,
  noAccessReply,
  noAddressReply,
  problemReply,
  stoppingReply,
  unauditedReply,
} from './replies/problems.js';
import { createWhisper, type Respond, startPatience } from './whisper.js';

/** A channel as Slack names it in a command or button. */
export type Channel = Readonly<{ id: string; name: string }>;

/** What of the mail the access rules let a person trace. */
export type Granted =
  | Readonly<{ kind: 'scope'; scope: Scope }>
  | Readonly<{ kind: 'nothing' }>
  /** A rule with the scope `own` names him, but Slack gave no confirmed address. */
  | Readonly<{ kind: 'no-address' }>;

/** Rights that are asked for in Slack. */
export type DeskRight = Extract<Right, 'trace' | 'subscribe'>;

export type ScopeOf = (person: Person, channel: Channel, right: DeskRight) => Granted;

/** Subscriptions and incidents; the logs are followed in this process. */
export type AlertDesk = Readonly<{
  subscriptions: Subscriptions;
  actOnIncident: ActOnIncident;
  /** How long an acknowledgement, and the mute of a button, hold. */
  acknowledgeForMs: number;
  muteForMs: number;
}>;

export type DeskDeps = Readonly<{
  answer: AnswerDeps;
  findPerson: FindPerson;
  scopeOf: ScopeOf;
  jobs: Pick<Jobs, 'add'>;
  /** null: nobody follows the logs. */
  alerts: AlertDesk | null;
  audit: AuditLog;
  log: Log;
  /** Zone for those whose own Slack does not say, and where it comes from. */
  timeZone: string;
}>;

/** Somebody in front of the desk. */
export type Visitor = Readonly<{ id: string; name: string; teamId: string | null; channel: Channel; respond: Respond }>;

export type Visit = Readonly<{
  visitor: Visitor;
  person: Person;
  whisper: Whisper;
  /** To be called when the asker can see something of an answer. */
  onShown: () => void;
  timeZone: string;
  /** Why the zone is not the asker's own; null when it is. */
  zoneNote: string | null;
}>;

/**
 * Finds out who it is and lets `serve` do the rest. Whatever is thrown ends here: a bug is logged and the asker gets its
 * reference.
 */
export const receive = async (
  deps: DeskDeps,
  visitor: Visitor,
  serve: (visit: Visit) => Promise<void>,
): Promise<void> => {
  const { answer, findPerson, log, timeZone: fallback } = deps;
  const { channel, respond } = visitor;
  const say = createWhisper({ sender: answer.sender, log }, respond, channel.id, visitor.id);
  const onShown = startPatience({ sleep: answer.sleep, whisper: say });
  const whisper: Whisper = async (reply) => {
    onShown();
    await say(reply);
  };
  try {
    const person = await findPerson(visitor);
    const zoneNote = person.timeZone === null ? 'your own time zone is not known: this is the configured one' : null;
    await serve({ visitor, person, whisper, onShown, timeZone: person.timeZone ?? fallback, zoneNote });
  } catch (error) {
    if (error instanceof MailtraceError) {
      log.error({ error: error.message, hint: error.hint }, 'an answer could not be given');
      await whisper(problemReply(error));
    } else await whisper(bugReply(answer.reportBug(error)));
  } finally {
    onShown();
  }
};

/** Writes the audit line. @returns false when it cannot be written: then nothing may come of it, and the asker must be told */
export const note = async (deps: DeskDeps, visit: Visit, text: string, outcome: string): Promise<boolean> => {
  const { visitor } = visit;
  const place = { channel: visitor.channel.id, threadTs: null };
  const entry: Auditable = { user: visitor.id, place, text };
  try {
    await createNoteOutcome({ audit: deps.audit, now: deps.answer.now }, entry)(outcome);
    return true;
  } catch (error) {
    if (!(error instanceof UnauditedError)) throw error;
    deps.log.error({ error: String(error.cause) }, 'the audit log cannot be written');
    return false;
  }
};

/** Writes the audit line, then tells the asker alone. @throws nothing that concerns the audit log */
export const tell = async (
  deps: DeskDeps,
  visit: Visit,
  text: string,
  outcome: string,
  reply: Reply,
): Promise<void> => {
  const isNoted = await note(deps, visit, text, outcome);
  await visit.whisper(isNoted ? reply : unauditedReply());
};

/** @returns null when he may not; he has been told then */
export const findScope = async (
  deps: DeskDeps,
  visit: Visit,
  text: string,
  right: DeskRight = 'trace',
): Promise<Scope | null> => {
  const { doubt } = visit.person;
  const granted = deps.scopeOf(visit.person, visit.visitor.channel, right);
  if (granted.kind === 'scope') return granted.scope;
  const reply = granted.kind === 'nothing' ? noAccessReply(doubt, right) : noAddressReply(doubt);
  await tell(deps, visit, text, 'denied', reply);
  return null;
};

/** `key`: questions with the same one are not answered twice at once. */
export const enqueue = async (deps: DeskDeps, visit: Visit, question: Question, key: string): Promise<void> => {
  const admission = deps.jobs.add({
    user: question.user,
    key,
    run: (turn) => answerQuestion(deps.answer, question, turn),
  });
  if (admission.kind === 'admitted') {
    await admission.done;
    return;
  }
  const { why } = admission;
  const reply = why === 'stopping' ? stoppingReply() : why === 'same' ? alreadyRunningReply() : busyReply(why);
  await tell(deps, visit, question.text, `refused: ${why === 'stopping' ? 'stopping' : 'busy'}`, reply);
};
