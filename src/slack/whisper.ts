/** Messages that only the asker sees, by the response URL of his command or button: it works in every channel. */
import type { Log } from '../app/ports.js';
import { MailtraceError } from '../errors.js';
import type { Sleep } from './pace.js';
import type { Whisper } from './question.js';
import type { Reply } from './replies/blocks.js';
import { patienceReply } from './replies/problems.js';
import { fitReply, type Sender } from './send.js';

/** What is sent to a response URL. Slack takes five messages in 30 minutes. */
export type ResponseMessage = Readonly<{ response_type: 'ephemeral'; replace_original: false }> & Reply;

/** Posts to the response URL. @throws when Slack does not take it */
export type Respond = (message: ResponseMessage) => Promise<unknown>;

type Deps = Readonly<{ sender: Pick<Sender, 'ephemeral'>; log: Log }>;

/** Where the response URL is used up or dead, by chat.postEphemeral. There is nobody left to tell of a failure but the log. */
export const createWhisper =
  ({ sender, log }: Deps, respond: Respond, channel: string, user: string): Whisper =>
  async (reply) => {
    try {
      await respond({ response_type: 'ephemeral', replace_original: false, ...fitReply(reply) });
      return;
    } catch (error) {
      log.warn({ error: String(error) }, 'the response URL did not take a message');
    }
    try {
      await sender.ephemeral(channel, user, reply);
    } catch (error) {
      if (!(error instanceof MailtraceError)) throw error;
      log.error({ error: error.message, hint: error.hint, user }, 'a message could not be shown to the asker');
    }
  };

/** Something must be visible within 1.5 s, however slow Slack or the queue is. */
const PATIENCE_MS = 900;

/**
 * Whispers that work goes on, unless something was shown before.
 * @returns to be called when something is shown
 */
export const startPatience = ({ sleep, whisper }: { sleep: Sleep; whisper: Whisper }): (() => void) => {
  const shown = new AbortController();
  void sleep(PATIENCE_MS, shown.signal).then(async () => {
    if (!shown.signal.aborted) await whisper(patienceReply());
  });
  return () => shown.abort();
};
