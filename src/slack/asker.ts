/** Who asks: what Slack says about a person, for the time zone and for the access rules. */
import { z } from 'zod';
import type { Log } from '../app/ports.js';
import { MailtraceError } from '../errors.js';
import { isZone } from '../zone.js';
import { readAnswer, type SlackCall } from './slack-call.js';

export type Person = Readonly<{
  /** `U…` */
  id: string;
  /** Display name; text of others. */
  name: string;
  /** IANA name; null when Slack gave none that is known here. */
  timeZone: string | null;
  /** Confirmed address only; null when there is none. */
  email: string | null;
  /** Guest, person of another organisation, deactivated, or unknown because Slack did not say: no rights unless named. */
  isOutsider: boolean;
  /** User groups (`S…`) of those asked for. */
  groups: readonly string[];
  /** What could not be found out, in our own words; null when all is known. */
  doubt: string | null;
}>;

/** The workspace the bot is installed in (`auth.test`). */
export type Home = Readonly<{ teamId: string; enterpriseId: string | null }>;

/** `teamId`: of the person as the command or button said; decides when users.info leaves it out. */
export type FindPerson = (who: Readonly<{ id: string; name: string; teamId: string | null }>) => Promise<Person>;

/** Rights that were taken away work for so long at most. */
const KEEP_MS = 5 * 60_000;
/** Of both caches: a workspace's people come and go. */
const MAX_KEPT = 10_000;

const userAnswer = z.looseObject({
  user: z.looseObject({
    name: z.string().optional(),
    real_name: z.string().optional(),
    tz: z.string().nullish(),
    team_id: z.string().optional(),
    deleted: z.boolean().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    is_stranger: z.boolean().optional(),
    is_email_confirmed: z.boolean().optional(),
    profile: z.looseObject({ email: z.string().optional(), display_name: z.string().optional() }).optional(),
    enterprise_user: z.looseObject({ enterprise_id: z.string().optional() }).optional(),
  }),
});
type SlackUser = z.infer<typeof userAnswer>['user'];

const groupAnswer = z.looseObject({ users: z.array(z.string()) });

/** Remembers what `load` found for a while; failures are not remembered. */
const createCache = <T>(now: () => number, load: (key: string) => Promise<T>): ((key: string) => Promise<T>) => {
  const kept = new Map<string, { value: T; untilMs: number }>();
  return async (key) => {
    const hit = kept.get(key);
    if (hit !== undefined && hit.untilMs > now()) return hit.value;
    const value = await load(key);
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(key, { value, untilMs: now() + KEEP_MS });
    return value;
  };
};

const isOutsider = (user: SlackUser, home: Home, teamId: string | null): boolean => {
  if (user.is_restricted || user.is_ultra_restricted || user.is_stranger || user.deleted) return true;
  const isHere = (user.team_id ?? teamId) === home.teamId;
  const isSameOrganisation = home.enterpriseId !== null && user.enterprise_user?.enterprise_id === home.enterpriseId;
  return !isHere && !isSameOrganisation;
};

/** Blank means absent: Slack gives an empty display name to those who set none. */
const firstName = (...names: readonly (string | undefined)[]): string =>
  names.find((name) => name !== undefined && name.trim() !== '') ?? 'somebody';

/** `groups`: the user groups that the access rules name. A group or person that Slack does not show gives no rights. */
export const createFindPerson = (deps: {
  call: SlackCall;
  home: Home;
  groups: readonly string[];
  now: () => number;
  log: Log;
}): FindPerson => {
  const { call, home, groups, now, log } = deps;
  const userOf = createCache(
    now,
    async (user) => readAnswer('users.info', userAnswer, await call('users.info', { user })).user,
  );
  const membersOf = createCache(now, async (usergroup) => {
    const method = 'usergroups.users.list';
    return new Set(readAnswer(method, groupAnswer, await call(method, { usergroup })).users);
  });

  const orNull = async <T>(what: string, load: Promise<T>): Promise<T | null> => {
    try {
      return await load;
    } catch (error) {
      if (!(error instanceof MailtraceError)) throw error;
      log.warn({ error: error.message, hint: error.hint }, `${what} could not be asked from Slack`);
      return null;
    }
  };

  return async ({ id, name, teamId }) => {
    const [user, ...members] = await Promise.all([
      orNull('A person', userOf(id)),
      ...groups.map(async (group) => orNull('A user group', membersOf(group))),
    ]);
    const doubts = [
      user === null ? 'Slack did not say who you are.' : '',
      members.includes(null) ? 'Slack did not say who is in the user groups of the access list.' : '',
    ].filter((doubt) => doubt !== '');
    return {
      id,
      name: firstName(user?.profile?.display_name, user?.real_name, user?.name, name),
      timeZone: user?.tz && isZone(user.tz) ? user.tz : null,
      email: user?.is_email_confirmed === true ? (user.profile?.email ?? null) : null,
      isOutsider: user === null || isOutsider(user, home, teamId),
      groups: groups.filter((_, index) => members[index]?.has(id)),
      doubt: doubts.length === 0 ? null : doubts.join(' '),
    };
  };
};
