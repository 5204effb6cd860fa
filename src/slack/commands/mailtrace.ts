/** `/mailtrace …` */
import type { Keyword } from '../../domain/keyword.js';
import { explainCode } from '../../domain/status-code.js';
import { parseCommand } from '../../query/parse-command.js';
import { unwrapSlackText } from '../../query/slack-text.js';
import { type DeskDeps, enqueue, findScope, receive, tell, type Visit } from '../desk.js';
import { explainReply, unknownCodeReply } from '../replies/explain.js';
import { helpReply } from '../replies/help.js';
import { problemReply } from '../replies/problems.js';
import type { Respond } from '../whisper.js';
import { serveAlertCommand } from './alerts.js';

/** Fields of Bolt's arguments. */
export type CommandArgs = Readonly<{
  ack: () => Promise<void>;
  respond: Respond;
  command: Readonly<{
    text: string;
    user_id: string;
    user_name: string;
    team_id?: string | undefined;
    channel_id: string;
    channel_name: string;
  }>;
}>;

/** Keywords are shown and logged as the user wrote them; this bounds the audit line. */
const AUDIT_TEXT_MAX = 2000;

/** As the user may type it again. */
const keywordName = ({ kind, text }: Keyword): string => {
  switch (kind) {
    case 'address-or-id':
    case 'domain-or-host':
    case 'network':
    case 'word':
      return text;
    case 'text':
    case 'from':
    case 'to':
    case 'id':
    case 'qid':
    case 'client':
    case 'sasl':
      return `${kind}:${text}`;
  }
};

type Trace = Extract<ReturnType<typeof parseCommand>, { kind: 'trace' }>;

const trace = async (deps: DeskDeps, visit: Visit, text: string, parsed: Trace, key: string): Promise<void> => {
  const scope = await findScope(deps, visit, text);
  if (scope === null) return;
  const { visitor, person, whisper, onShown, zoneNote } = visit;
  const { keywords, window, timeZone } = parsed;
  await enqueue(
    deps,
    visit,
    {
      user: person.id,
      text,
      asked: { by: person.name, keywords: keywords.map(keywordName), startHost: null, window, timeZone, zoneNote },
      query: { keywords, startHost: null, window, timeZone, onlyWindow: false, scope },
      place: { channel: visitor.channel.id, threadTs: null },
      chainId: null,
      whisper,
      onShown,
    },
    key,
  );
};

/** `newKey`: a name no other question has. */
export const mailtraceCommand =
  (deps: DeskDeps & Readonly<{ newKey: () => string }>) =>
  async ({ ack, respond, command }: CommandArgs): Promise<void> => {
    // Slack waits 3 s at most: before any work.
    await ack();
    const { user_id: id, user_name: name, team_id: teamId, channel_id: channelId, channel_name: channelName } = command;
    const visitor = { id, name, teamId: teamId ?? null, channel: { id: channelId, name: channelName }, respond };
    await receive(deps, visitor, async (visit) => {
      const audited = unwrapSlackText(command.text).trim().slice(0, AUDIT_TEXT_MAX);
      const parsed = parseCommand(command.text, { nowMs: deps.answer.now(), timeZone: visit.timeZone });
      switch (parsed.kind) {
        case 'help':
          return visit.whisper(helpReply(visit.timeZone));
        case 'explain': {
          const explanation = explainCode(parsed.code);
          return visit.whisper(explanation === null ? unknownCodeReply(parsed.code) : explainReply(explanation));
        }
        case 'problem': {
          // Whom no rule names learns nothing about his question, not even that it cannot be read.
          if ((await findScope(deps, visit, audited)) === null) return;
          return tell(deps, visit, audited, `problem: ${parsed.error.code}`, problemReply(parsed.error));
        }
        case 'subscribe':
        case 'unsubscribe':
        case 'subscriptions':
        case 'mute':
        case 'unmute':
          return serveAlertCommand(deps, visit, audited, parsed);
        case 'trace':
          return trace(deps, visit, audited, parsed, deps.newKey());
      }
    });
  };
