/** views.*: /reference/methods/views.open and its neighbours. */
import { randomBytes } from 'node:crypto';
import { refuseView } from '../blocks/view.js';
import type { Core } from '../core.js';
import { isObject, type JsonObject, objectsOf } from '../json.js';
import { VIEW_STACK_MAX } from '../limits.js';
import { wireView } from '../wire-format.js';
import { newId, type View } from '../workspace.js';
import { isFileReady } from './chat.js';
import { ApiRefusal, argText, invalidArguments, type Method, TIER } from './method.js';

const newHash = (core: Core): string => `${Math.floor(core.now() / 1000)}.${randomBytes(4).toString('hex')}`;

/** The view as sent, block ids filled in. */
const readView = (core: Core, value: unknown, type: 'modal' | 'home'): JsonObject => {
  const refusal = refuseView(value, isFileReady(core), type);
  if (refusal !== null) {
    throw refusal.error === 'invalid_arguments' ? invalidArguments(refusal.problems) : new ApiRefusal(refusal.error);
  }
  const view = isObject(value) ? value : {};
  const blocks = objectsOf(view['blocks']).map((block) => ({ block_id: newId(''), ...block }));
  return { ...view, blocks };
};

export const makeView = (
  core: Core,
  value: unknown,
  of: Readonly<Pick<View, 'userId' | 'type'> & { below: View | null }>,
): View => {
  const id = newId('V');
  return {
    id,
    userId: of.userId,
    type: of.type,
    rootViewId: of.below?.rootViewId ?? id,
    previousViewId: of.below?.id ?? null,
    hash: newHash(core),
    body: readView(core, value, of.type),
    values: {},
  };
};

/** Puts other content into a view; the input so far is kept where block and action ids are the same. */
export const replaceView = (core: Core, view: View, value: unknown): void => {
  view.body = readView(core, value, view.type);
  view.hash = newHash(core);
  core.workspace.announce({ kind: 'views', userId: view.userId });
};

const answer = (core: Core, view: View): JsonObject => ({ ok: true, view: wireView(view, core.workspace) });

const byTrigger = (core: Core, args: JsonObject): string => {
  const used = core.tickets.useTrigger(argText(args, 'trigger_id') ?? '');
  if ('error' in used) throw new ApiRefusal(used.error);
  return used.userId;
};

const checkExternalId = (core: Core, userId: string, value: unknown): void => {
  const id = isObject(value) ? value['external_id'] : undefined;
  const isTaken = id !== undefined && core.workspace.views(userId).some((view) => view.body['external_id'] === id);
  if (isTaken) throw new ApiRefusal('duplicate_external_id');
};

const open: Method['run'] = (args, core) => {
  const userId = byTrigger(core, args);
  checkExternalId(core, userId, args['view']);
  const view = makeView(core, args['view'], { userId, type: 'modal', below: null });
  core.workspace.setViews(userId, [view]);
  return answer(core, view);
};

const push: Method['run'] = (args, core) => {
  const userId = byTrigger(core, args);
  const stack = core.workspace.views(userId);
  const below = stack.at(-1);
  if (below === undefined) throw new ApiRefusal('not_found');
  if (stack.length >= VIEW_STACK_MAX) throw new ApiRefusal('push_limit_reached');
  checkExternalId(core, userId, args['view']);
  const view = makeView(core, args['view'], { userId, type: 'modal', below });
  core.workspace.setViews(userId, [...stack, view]);
  return answer(core, view);
};

const findView = (core: Core, args: JsonObject): View => {
  const externalId = argText(args, 'external_id');
  const byExternal = [...core.workspace.users.keys()]
    .flatMap((userId) => core.workspace.views(userId))
    .find((view) => externalId !== null && view.body['external_id'] === externalId);
  const view = byExternal ?? core.workspace.findView(argText(args, 'view_id') ?? '');
  if (view === undefined) throw new ApiRefusal('not_found');
  return view;
};

const update: Method['run'] = (args, core) => {
  const view = findView(core, args);
  const hash = argText(args, 'hash');
  if (hash !== null && hash !== view.hash) throw new ApiRefusal('hash_conflict');
  replaceView(core, view, args['view']);
  return answer(core, view);
};

/** The home tab of a person; kept beside the modals under a key of its own. */
export const homeKey = (userId: string): string => `home:${userId}`;

const publish: Method['run'] = (args, core) => {
  const userId = argText(args, 'user_id') ?? '';
  if (!core.workspace.users.has(userId)) throw new ApiRefusal('user_not_found');
  const current = core.workspace.views(homeKey(userId))[0];
  const hash = argText(args, 'hash');
  if (hash !== null && current !== undefined && hash !== current.hash) throw new ApiRefusal('hash_conflict');
  const view = makeView(core, args['view'], { userId, type: 'home', below: null });
  core.workspace.setViews(homeKey(userId), [view]);
  return answer(core, view);
};

const method = (required: readonly string[], optional: readonly string[], run: Method['run']): Method => ({
  token: 'bot',
  scopes: [],
  perMinute: TIER.four,
  required,
  optional,
  run,
});

export const viewMethods: Readonly<Record<string, Method>> = {
  'views.open': method(['trigger_id', 'view'], ['interactivity_pointer'], open),
  'views.push': method(['trigger_id', 'view'], ['interactivity_pointer'], push),
  'views.update': method(['view'], ['view_id', 'external_id', 'hash'], update),
  'views.publish': method(['user_id', 'view'], ['hash'], publish),
};
