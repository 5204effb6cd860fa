/** Which command and which button goes where. */
import { randomUUID } from 'node:crypto';
import type { App, BlockAction, ButtonAction, RespondFn } from '@slack/bolt';
import { z } from 'zod';
import { incidentAction } from './actions/incident.js';
import { type ActionArgs, traceChainAction } from './actions/trace-chain.js';
import { mailtraceCommand } from './commands/mailtrace.js';
import type { DeskDeps } from './desk.js';
import { INCIDENT_ACTION, OPEN_TRACE_ACTION } from './replies/incident-buttons.js';
import { TRACE_ACTION } from './replies/trace-button.js';
import type { Respond } from './whisper.js';

/** Sees every listener at work, so that stopping can wait for them: Bolt does not. */
export type Track = (work: Promise<void>) => Promise<void>;

const respondWith =
  (respond: RespondFn): Respond =>
  ({ blocks, ...message }) =>
    respond({ ...message, blocks: [...blocks] });

type Pressed = Readonly<{ action: ButtonAction; body: BlockAction<ButtonAction>; respond: RespondFn }>;

/** What of a press our actions ask for; null where a button is in no message of a channel. */
const pressOf = ({ action, body, respond }: Pressed): Omit<ActionArgs, 'ack'> | null => {
  const { user, channel, message } = body;
  if (channel === undefined || message === undefined) return null;
  const { thread_ts: threadTs } = z.looseObject({ thread_ts: z.string().optional() }).parse(message);
  return {
    respond: respondWith(respond),
    user: { id: user.id, name: user.username ?? user.name ?? '', teamId: user.team_id ?? null },
    channel,
    message: { ts: message.ts, threadTs: threadTs ?? null },
    value: action.value ?? '',
  };
};

export const register = (app: App, desk: DeskDeps, track: Track): void => {
  const onCommand = mailtraceCommand({ ...desk, newKey: randomUUID });
  const onTrace = traceChainAction(desk);
  const onIncident = incidentAction(desk);
  // A second installation may have to name its command differently: /mailtrace-test.
  app.command(/^\/mailtrace[\w-]*$/, ({ ack, command, respond }) =>
    track(onCommand({ ack: () => ack(), command, respond: respondWith(respond) })),
  );
  app.action<BlockAction<ButtonAction>>(
    { type: 'block_actions', action_id: TRACE_ACTION },
    async ({ ack, action, body, respond }) => {
      const press = pressOf({ action, body, respond });
      await (press === null ? ack() : track(onTrace({ ack: () => ack(), ...press })));
    },
  );
  app.action<BlockAction<ButtonAction>>(
    { type: 'block_actions', action_id: new RegExp(`^${INCIDENT_ACTION}`) },
    async ({ ack, action, body, respond }) => {
      const press = pressOf({ action, body, respond });
      const actionId = action.action_id;
      await (press === null ? ack() : track(onIncident({ ack: () => ack(), ...press, actionId })));
    },
  );
  // The browser opens the address by itself; Slack waits for the acknowledgement all the same.
  app.action({ type: 'block_actions', action_id: OPEN_TRACE_ACTION }, ({ ack }) => ack());
  app.error(async (error) => {
    desk.answer.reportBug(error);
  });
};
