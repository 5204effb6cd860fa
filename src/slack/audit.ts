/** One line of the audit log for each question, written before its answer is given. */
import type { AuditLog } from '../app/ports.js';
import type { Match } from './matches.js';
import type { Question } from './question.js';

export class UnauditedError extends Error {
  constructor(cause: unknown) {
    super('The audit log could not be written.', { cause });
    this.name = 'UnauditedError';
  }
}

export type Auditable = Pick<Question, 'user' | 'text' | 'place'>;

/** What outcomes say: a closed set of words, and the verdict or the number. */
export const foundOutcome = (matches: readonly Match[], rejects: number): string => {
  const only = matches[0];
  if (matches.length === 1 && only !== undefined) return `found: ${only.chain.verdict}`;
  if (matches.length > 1) return `found: ${matches.length} messages`;
  return rejects > 0 ? `found: rejected (${rejects})` : 'not-found';
};

/** Writes the first outcome it is given, and no second line for the same question. @throws UnauditedError */
export type NoteOutcome = (outcome: string) => Promise<void>;

export const createNoteOutcome = (
  { audit, now }: { audit: AuditLog; now: () => number },
  { user, place, text }: Auditable,
): NoteOutcome => {
  let isWritten = false;
  return async (outcome) => {
    if (isWritten) return;
    try {
      await audit.write({ time: new Date(now()).toISOString(), user, channel: place.channel, query: text, outcome });
    } catch (error) {
      throw new UnauditedError(error);
    }
    isWritten = true;
  };
};
