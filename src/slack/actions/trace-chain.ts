/** A button that traces one message. What it may show depends on who presses it, not on who asked first. */
import { queueId } from '../../domain/ids.js';
import { type DeskDeps, enqueue, findScope, receive, tell, type Visit } from '../desk.js';
import { staleButtonReply } from '../replies/problems.js';
import { type ChainKey, parseChainKey } from '../replies/trace-button.js';
import type { Respond } from '../whisper.js';

/** Fields of Bolt's arguments. */
export type ActionArgs = Readonly<{
  ack: () => Promise<void>;
  respond: Respond;
  user: Readonly<{ id: string; name: string; teamId: string | null }>;
  channel: Readonly<{ id: string; name: string }>;
  /** The message the button stands in, and the thread of that message when it is a reply. */
  message: Readonly<{ ts: string; threadTs: string | null }>;
  value: string;
}>;

const traceChain = async (deps: DeskDeps, visit: Visit, key: ChainKey, threadTs: string): Promise<void> => {
  const { host, window, id: chainId } = key;
  const { visitor, person, whisper, onShown, timeZone, zoneNote } = visit;
  const text = `qid:${key.queueId} on ${host} (button)`;
  const scope = await findScope(deps, visit, text);
  if (scope === null) return;
  const id = queueId(key.queueId);
  await enqueue(
    deps,
    visit,
    {
      user: person.id,
      text,
      asked: { by: person.name, keywords: [`qid:${id}`], startHost: host, window, timeZone, zoneNote },
      query: { keywords: [{ kind: 'qid', text: id }], startHost: host, window, timeZone, onlyWindow: false, scope },
      place: { channel: visitor.channel.id, threadTs },
      chainId,
      whisper,
      onShown,
    },
    // Two people with different scopes get different answers.
    JSON.stringify([visitor.channel.id, threadTs, chainId, scope]),
  );
};

export const traceChainAction =
  (deps: DeskDeps) =>
  async ({ ack, respond, user, channel, message, value }: ActionArgs): Promise<void> => {
    await ack();
    await receive(deps, { ...user, channel, respond }, async (visit) => {
      const key = parseChainKey(value);
      if (key === null) {
        await tell(deps, visit, 'a button of another version', 'problem: usage', staleButtonReply());
        return;
      }
      await traceChain(deps, visit, key, message.threadTs ?? message.ts);
    });
  };
