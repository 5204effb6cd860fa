/** One Web API call: who asks, may they, not too often, with the right arguments, and then the method itself. */
import type { Core } from '../core.js';
import { hasScope } from '../core.js';
import type { Fault } from '../faults.js';
import type { JsonObject } from '../json.js';
import { POST_BURST, POSTS_PER_SECOND } from '../limits.js';
import { chatMethods } from './chat.js';
import { conversationMethods } from './conversations.js';
import { fileMethods } from './files.js';
import { markMethods } from './marks.js';
import { ApiRefusal, argText, invalidArguments, type Method, TIER } from './method.js';
import { peopleMethods } from './people.js';
import { viewMethods } from './views.js';

export type ApiRequest = Readonly<{
  method: string;
  args: JsonObject;
  /** From `Authorization: Bearer …` or the `token` argument; null = none. */
  token: string | null;
}>;

export type ApiAnswer = Readonly<{ status: number; headers: Readonly<Record<string, string>>; body: JsonObject }>;

const apiTest: Method = {
  token: 'any',
  scopes: [],
  perMinute: TIER.special,
  required: [],
  optional: ['error', 'foo'],
  run: (args) => {
    const error = argText(args, 'error');
    if (error !== null) throw new ApiRefusal(error);
    return { ok: true, args };
  },
};

const findMethod = (name: string, more: Readonly<Record<string, Method>>): Method => {
  const all = {
    'api.test': apiTest,
    ...chatMethods,
    ...conversationMethods,
    ...fileMethods,
    ...markMethods,
    ...peopleMethods,
    ...viewMethods,
    ...more,
  };
  const known = new Map(Object.entries(all));
  const method = known.get(name);
  if (method === undefined) throw new ApiRefusal('unknown_method', { req_method: name });
  return method;
};

const checkToken = ({ settings }: Core, method: Method, token: string | null): void => {
  if (token === null || token === '') throw new ApiRefusal('not_authed');
  const kind = token === settings.botToken ? 'bot' : token === settings.appToken ? 'app' : null;
  if (kind === null) throw new ApiRefusal('invalid_auth');
  if (method.token !== 'any' && method.token !== kind) throw new ApiRefusal('not_allowed_token_type');
};

const checkScopes = (core: Core, { scopes }: Method): void => {
  if (scopes.length === 0 || scopes.some((scope) => hasScope(core, scope))) return;
  const provided = core.settings.scopes === 'all' ? '' : core.settings.scopes.join(',');
  throw new ApiRefusal('missing_scope', { needed: scopes.join(','), provided });
};

const rateLimited = (seconds: number): ApiAnswer => ({
  status: 429,
  headers: { 'retry-after': String(seconds) },
  body: { ok: false, error: 'ratelimited' },
});

/** Seconds to wait; 0 = go on. */
const secondsToWait = (core: Core, name: string, method: Method, args: JsonObject): number => {
  if (core.settings.rateLimits === 'off') return 0;
  const { perMinute } = method;
  const wait = core.limiter.take(name, { perSecond: perMinute / 60, burst: perMinute });
  if (wait > 0 || name !== 'chat.postMessage') return wait;
  const channel = argText(args, 'channel') ?? '';
  return core.limiter.take(`post ${channel}`, { perSecond: POSTS_PER_SECOND, burst: POST_BURST });
};

const run = (core: Core, request: ApiRequest, more: Readonly<Record<string, Method>>): ApiAnswer => {
  const { method: name, args, token } = request;
  const method = findMethod(name, more);
  checkToken(core, method, token);
  checkScopes(core, method);
  const wait = secondsToWait(core, name, method, args);
  if (wait > 0) return rateLimited(wait);
  const missing = method.required.filter((key) => args[key] === undefined || args[key] === '');
  if (missing.length > 0) throw invalidArguments(missing.map((key) => `missing required field: ${key}`));
  return { status: 200, headers: {}, body: method.run(args, core) };
};

/** The planted fault as an answer; null for those that act on the connection. */
const faultAnswer = (fault: Fault | null): ApiAnswer | null => {
  switch (fault?.kind) {
    case 'rate-limited':
      return rateLimited(fault.retryAfterSeconds);
    case 'error':
      return { status: 200, headers: {}, body: { ok: false, error: fault.error } };
    case 'status':
    case 'delay':
    case 'hang-up':
    case undefined:
      return null;
  }
};

const undocumented = (name: string, args: JsonObject, more: Readonly<Record<string, Method>>): readonly string[] => {
  try {
    const { required, optional } = findMethod(name, more);
    return Object.keys(args).filter((key) => !required.includes(key) && !optional.includes(key));
  } catch (error) {
    if (error instanceof ApiRefusal) return [];
    throw error;
  }
};

/** `more`: methods that need parts of the double beyond the workspace, such as apps.connections.open. */
export const callMethod = (
  core: Core,
  request: ApiRequest,
  fault: Fault | null,
  more: Readonly<Record<string, Method>>,
): ApiAnswer => {
  const { method, args } = request;
  let answer: ApiAnswer;
  try {
    answer = faultAnswer(fault) ?? run(core, request, more);
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error;
    answer = { status: 200, headers: {}, body: { ok: false, error: error.error, ...error.more } };
  }
  core.journal.write({
    atMs: core.now(),
    method,
    args,
    status: answer.status,
    error: answer.body['ok'] === true ? null : String(answer.body['error']),
    undocumented: undocumented(method, args, more),
  });
  return answer;
};
