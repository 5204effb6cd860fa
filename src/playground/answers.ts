/** What the app says by other ways than the Web API: response URLs and the payload of an acknowledgement. */
import type { Core } from './core.js';
import { isObject, type JsonObject, parseJson } from './json.js';
import type { ResponseAddress } from './tickets.js';
import { findThread, readContent } from './web-api/chat.js';
import { ApiRefusal, argFlag, argText } from './web-api/method.js';
import { makeView, replaceView } from './web-api/views.js';
import type { Message, View } from './workspace.js';

type Place = Readonly<Pick<ResponseAddress, 'userId' | 'channelId' | 'messageTs' | 'threadTs'>>;

/** Posts a message where a command or press came from; the bot need not be a member there. */
const say = (core: Core, place: Place, body: JsonObject): Message => {
  const { workspace } = core;
  const isPublic = argText(body, 'response_type') === 'in_channel';
  const threadTs = findThread(core, place.channelId, argText(body, 'thread_ts') ?? place.threadTs);
  return workspace.post({
    channelId: place.channelId,
    userId: workspace.world.botUserId,
    ...readContent(core, body),
    threadTs,
    isBroadcast: threadTs !== null && argFlag(body, 'reply_broadcast'),
    ephemeralTo: isPublic ? null : place.userId,
  });
};

const originalOf = (core: Core, place: Place): Message => {
  const message = place.messageTs === null ? undefined : core.workspace.find(place.channelId, place.messageTs);
  if (message === undefined) throw new ApiRefusal('message_not_found');
  return message;
};

const carryOut = (core: Core, place: Place, body: JsonObject): void => {
  if (argFlag(body, 'delete_original')) core.workspace.remove(originalOf(core, place));
  else if (argFlag(body, 'replace_original') && place.messageTs !== null) {
    core.workspace.change(originalOf(core, place), readContent(core, body));
  } else say(core, place, body);
};

/** @returns HTTP status and body of the answer. */
export const useResponseUrl = (
  core: Core,
  id: string,
  bodyText: string,
): Readonly<{ status: number; body: JsonObject }> => {
  const parsed = parseJson(bodyText);
  const args = isObject(parsed) ? parsed : {};
  const refuse = (
    status: number,
    error: string,
    more: JsonObject = {},
  ): Readonly<{ status: number; body: JsonObject }> => {
    core.journal.write({ atMs: core.now(), method: 'response_url', args, status, error, undocumented: [] });
    return { status, body: { ok: false, error, ...more } };
  };
  const fault = core.faults.next('response_url');
  if (fault?.kind === 'status') return refuse(fault.status, 'planted');
  if (!isObject(parsed)) return refuse(400, 'invalid_payload');
  const address = core.tickets.useAddress(id);
  if ('error' in address) return refuse(404, address.error);
  try {
    carryOut(core, address, args);
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error;
    return refuse(400, error.error, error.more);
  }
  core.journal.write({ atMs: core.now(), method: 'response_url', args, status: 200, error: null, undocumented: [] });
  return { status: 200, body: { ok: true } };
};

/** A command may be answered in the acknowledgement itself. */
export const answerInAck = (core: Core, place: Place, payload: JsonObject | null): void => {
  if (payload === null || (payload['text'] === undefined && payload['blocks'] === undefined)) return;
  say(core, place, payload);
};

/**
 * The acknowledgement of a view's submission: close, show errors, replace, push or clear.
 * @returns the errors by block id; empty when the input was taken.
 */
export const answerSubmission = (core: Core, view: View, payload: JsonObject | null): JsonObject => {
  const { workspace } = core;
  const stack = workspace.views(view.userId);
  switch (payload?.['response_action']) {
    case 'errors':
      return isObject(payload['errors']) ? payload['errors'] : {};
    case 'update':
      replaceView(core, view, payload['view']);
      return {};
    case 'push': {
      const pushed = makeView(core, payload['view'], { userId: view.userId, type: 'modal', below: view });
      workspace.setViews(view.userId, [...stack, pushed]);
      return {};
    }
    case 'clear':
      workspace.setViews(view.userId, []);
      return {};
    default:
      workspace.setViews(view.userId, stack.slice(0, Math.max(stack.indexOf(view), 0)));
      return {};
  }
};
