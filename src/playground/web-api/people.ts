/** users.*, usergroups.*, auth.test: who is there and who is asking. */
import { type Core, hasScope } from '../core.js';
import type { JsonObject } from '../json.js';
import { wireBotUser, wireUser } from '../wire-format.js';
import type { PlaygroundUser } from '../world.js';
import { ApiRefusal, argFlag, argText, type Method, page, TIER } from './method.js';

const shownUser = (core: Core, user: PlaygroundUser): JsonObject =>
  wireUser(user, core.workspace.world.teamId, core.now(), { withEmail: hasScope(core, 'users:read.email') });

const info: Method['run'] = (args, core) => {
  const id = argText(args, 'user') ?? '';
  const user = core.workspace.users.get(id);
  if (user !== undefined) return { ok: true, user: shownUser(core, user) };
  if (id === core.workspace.world.botUserId) return { ok: true, user: wireBotUser(core.workspace) };
  throw new ApiRefusal('user_not_found');
};

const list: Method['run'] = (args, core) => {
  const people = [...core.workspace.users.values()].map((user) => shownUser(core, user));
  const { items, response_metadata } = page([...people, wireBotUser(core.workspace)], args, { limit: 1000, max: 1000 });
  return { ok: true, members: items, cache_ts: Math.floor(core.now() / 1000), response_metadata };
};

const lookupByEmail: Method['run'] = (args, core) => {
  const email = (argText(args, 'email') ?? '').toLowerCase();
  const user = [...core.workspace.users.values()].find((known) => known.email?.toLowerCase() === email);
  if (user === undefined || user.kind === 'deactivated') throw new ApiRefusal('users_not_found');
  return { ok: true, user: shownUser(core, user) };
};

const groups: Method['run'] = (args, { workspace: { world } }) => {
  const usergroups = world.userGroups.map(({ id, handle, name, members }) => ({
    id,
    team_id: world.teamId,
    is_usergroup: true,
    name,
    handle,
    description: '',
    date_delete: 0,
    ...(argFlag(args, 'include_users') ? { users: members } : {}),
    ...(argFlag(args, 'include_count') ? { user_count: String(members.length) } : {}),
  }));
  return { ok: true, usergroups };
};

const groupUsers: Method['run'] = (args, { workspace: { world } }) => {
  const group = world.userGroups.find(({ id }) => id === argText(args, 'usergroup'));
  if (group === undefined) throw new ApiRefusal('no_such_subteam');
  return { ok: true, users: group.members };
};

const authTest: Method['run'] = (_args, core) => {
  const { teamName, botName, teamId, botUserId, botId } = core.workspace.world;
  return {
    ok: true,
    url: `${core.url()}/`,
    team: teamName,
    user: botName,
    team_id: teamId,
    user_id: botUserId,
    bot_id: botId,
    is_enterprise_install: false,
  };
};

export const peopleMethods: Readonly<Record<string, Method>> = {
  'auth.test': { token: 'any', scopes: [], perMinute: TIER.special, required: [], optional: [], run: authTest },
  'users.info': {
    token: 'bot',
    scopes: ['users:read'],
    perMinute: TIER.four,
    required: ['user'],
    optional: ['include_locale'],
    run: info,
  },
  'users.list': {
    token: 'bot',
    scopes: ['users:read'],
    perMinute: TIER.two,
    required: [],
    optional: ['cursor', 'limit', 'include_locale', 'team_id'],
    run: list,
  },
  'users.lookupByEmail': {
    token: 'bot',
    scopes: ['users:read.email'],
    perMinute: TIER.three,
    required: ['email'],
    optional: [],
    run: lookupByEmail,
  },
  'usergroups.list': {
    token: 'bot',
    scopes: ['usergroups:read'],
    perMinute: TIER.two,
    required: [],
    optional: ['include_count', 'include_disabled', 'include_users', 'team_id'],
    run: groups,
  },
  'usergroups.users.list': {
    token: 'bot',
    scopes: ['usergroups:read'],
    perMinute: TIER.two,
    required: ['usergroup'],
    optional: ['include_disabled', 'team_id'],
    run: groupUsers,
  },
};
