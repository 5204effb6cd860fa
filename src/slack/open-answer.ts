/** The message that an answer begins with, where the bot may write and the asker may read. */
import { MailtraceError } from '../errors.js';
import type { Question } from './question.js';
import type { Reply } from './replies/blocks.js';
import { notMemberReply, ownOnlyReply } from './replies/problems.js';
import type { Place, Sender, Sent } from './send.js';
import { isNotMember } from './slack-call.js';

export type OpenAnswer = Readonly<{
  sent: Sent;
  /** Where the details go: the thread of `sent`, or the thread it stands in. */
  thread: Place;
}>;

type Deps = Readonly<{ sender: Sender; botName: string }>;

const postFirst = async ({ sender }: Deps, { onShown }: Question, place: Place, reply: Reply): Promise<OpenAnswer> => {
  const sent = await sender.post(place, reply, { isFirst: true });
  onShown();
  return { sent, thread: { channel: sent.channel, threadTs: place.threadTs ?? sent.ts } };
};

const postDirect = async (deps: Deps, question: Question, reply: Reply, why: Reply): Promise<OpenAnswer> => {
  const { user, place, whisper } = question;
  const channel = await deps.sender.openDirect(user);
  // Asked in the direct messages already: nothing moves, so nothing is to be explained.
  if (channel === place.channel) return postFirst(deps, question, place, reply);
  const opened = await postFirst(deps, question, { channel, threadTs: null }, reply);
  await whisper(why);
  return opened;
};

/** For what concerns nobody else in the channel: the direct messages of the asker. */
export const openPrivately = async (deps: Deps, question: Question, reply: Reply): Promise<OpenAnswer> =>
  postDirect(deps, question, reply, ownOnlyReply());

/** @throws MailtraceError when neither the place nor the asker's direct messages can be written to */
export const openAnswer = async (deps: Deps, question: Question, reply: Reply): Promise<OpenAnswer> => {
  const { botName } = deps;
  if (question.query.scope.kind === 'own') return openPrivately(deps, question, reply);
  try {
    return await postFirst(deps, question, question.place, reply);
  } catch (error) {
    if (!isNotMember(error)) throw error;
  }
  try {
    return await postDirect(deps, question, reply, notMemberReply(botName));
  } catch (error) {
    if (!(error instanceof MailtraceError)) throw error;
    throw new MailtraceError(
      'slack',
      'mailtrace is not in this channel and cannot write to your direct messages either.',
      `Type /invite @${botName} in this channel. ${error.message} ${error.hint}`,
      { cause: error },
    );
  }
};
