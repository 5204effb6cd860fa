/** pins.* and reactions.*. */
import type { Core } from '../core.js';
import type { JsonObject } from '../json.js';
import type { Message } from '../workspace.js';
import { ApiRefusal, argText, joinedConversation, type Method, sharedMessage, TIER } from './method.js';

const EMOJI_NAME = /^[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?$/;

const marked = (core: Core, args: JsonObject): Message => {
  const conversation = joinedConversation(core, argText(args, 'channel') ?? '');
  return sharedMessage(core, conversation.id, argText(args, 'timestamp') ?? '');
};

const changed = (core: Core, message: Message): JsonObject => {
  core.workspace.announce({ kind: 'message', message });
  return { ok: true };
};

const pin: Method['run'] = (args, core) => {
  const message = marked(core, args);
  if (message.isPinned) throw new ApiRefusal('already_pinned');
  message.isPinned = true;
  return changed(core, message);
};

const unpin: Method['run'] = (args, core) => {
  const message = marked(core, args);
  if (!message.isPinned) throw new ApiRefusal('no_pin');
  message.isPinned = false;
  return changed(core, message);
};

const emojiName = (args: JsonObject): string => {
  const name = (argText(args, 'name') ?? '').replaceAll(/^:|:$/g, '');
  if (!EMOJI_NAME.test(name)) throw new ApiRefusal('invalid_name');
  return name;
};

const react: Method['run'] = (args, core) => {
  const name = emojiName(args);
  const message = marked(core, args);
  const users = message.reactions.get(name) ?? new Set<string>();
  if (users.has(core.workspace.world.botUserId)) throw new ApiRefusal('already_reacted');
  message.reactions.set(name, users.add(core.workspace.world.botUserId));
  return changed(core, message);
};

const unreact: Method['run'] = (args, core) => {
  const name = emojiName(args);
  const message = marked(core, args);
  const users = message.reactions.get(name);
  if (users?.delete(core.workspace.world.botUserId) !== true) throw new ApiRefusal('no_reaction');
  if (users.size === 0) message.reactions.delete(name);
  return changed(core, message);
};

const method = (scope: string, perMinute: number, required: readonly string[], run: Method['run']): Method => ({
  token: 'bot',
  scopes: [scope],
  perMinute,
  required,
  optional: [],
  run,
});

const place = ['channel', 'timestamp'];

export const markMethods: Readonly<Record<string, Method>> = {
  'pins.add': method('pins:write', TIER.two, place, pin),
  'pins.remove': method('pins:write', TIER.two, place, unpin),
  'reactions.add': method('reactions:write', TIER.three, [...place, 'name'], react),
  'reactions.remove': method('reactions:write', TIER.two, [...place, 'name'], unreact),
};
