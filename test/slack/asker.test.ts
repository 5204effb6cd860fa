import { describe, expect, it } from 'vitest';
import type { Log } from '../../src/app/ports.ts';
import { createFindPerson } from '../../src/slack/asker.ts';
import { createFakeSlack } from './fake-slack.ts';
import { createFakeTime } from './fake-time.ts';

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const user = (facts: Readonly<Record<string, unknown>> = {}) => ({
  user: {
    id: 'U1',
    team_id: 'T1',
    name: 'ann',
    real_name: 'Ann Adler',
    tz: 'Europe/Berlin',
    is_email_confirmed: true,
    profile: { email: 'ann@x.example', display_name: 'Ann' },
    ...facts,
  },
});

const setUp = (facts: Readonly<Record<string, unknown>> = {}, groups: readonly string[] = []) => {
  const time = createFakeTime();
  const slack = createFakeSlack();
  slack.answer('users.info', user(facts));
  slack.answer('usergroups.users.list', { users: ['U1', 'U7'] });
  const home = { teamId: 'T1', enterpriseId: 'E1' };
  const find = createFindPerson({ call: slack.call, home, groups, now: time.now, log: silent });
  return { time, slack, find: () => find({ id: 'U1', name: 'ann.from.command', teamId: 'T1' }) };
};

describe('createFindPerson', () => {
  it('reads name, zone and confirmed address', async () => {
    expect(await setUp().find()).toEqual({
      id: 'U1',
      name: 'Ann',
      timeZone: 'Europe/Berlin',
      email: 'ann@x.example',
      isOutsider: false,
      groups: [],
      doubt: null,
    });
  });

  it.each([
    ['an address that is not confirmed', { is_email_confirmed: false }],
    ['an address of which nothing is said', { is_email_confirmed: undefined }],
    ['no address', { profile: {} }],
  ])('takes %s for none', async (_name, facts) => {
    expect((await setUp(facts).find()).email).toBeNull();
  });

  it.each([
    ['a guest', { is_restricted: true }],
    ['a single-channel guest', { is_ultra_restricted: true }],
    ['a stranger', { is_stranger: true }],
    ['a deactivated person', { deleted: true }],
    ['somebody of another workspace', { team_id: 'T9' }],
    ['somebody of another organisation', { team_id: 'T9', enterprise_user: { enterprise_id: 'E9' } }],
  ])('takes %s for an outsider', async (_name, facts) => {
    expect((await setUp(facts).find()).isOutsider).toBe(true);
  });

  it('takes somebody of another workspace of the same organisation for an insider', async () => {
    expect((await setUp({ team_id: 'T9', enterprise_user: { enterprise_id: 'E1' } }).find()).isOutsider).toBe(false);
  });

  it.each([null, '', 'Mars/Olympus'])('takes the zone %s for none', async (tz) => {
    expect((await setUp({ tz }).find()).timeZone).toBeNull();
  });

  it('finds the user groups of the rules', async () => {
    const { slack, find } = setUp({}, ['S1', 'S2']);
    expect((await find()).groups).toEqual(['S1', 'S2']);
    expect(slack.calls.map(({ method, args }) => `${method} ${String(args['usergroup'] ?? args['user'])}`)).toEqual([
      'users.info U1',
      'usergroups.users.list S1',
      'usergroups.users.list S2',
    ]);
  });

  it('asks Slack again only after five minutes', async () => {
    const { time, slack, find } = setUp({}, ['S1']);
    await find();
    await time.pass(4 * 60_000);
    await find();
    expect(slack.calls).toHaveLength(2);
    await time.pass(61_000);
    await find();
    expect(slack.calls).toHaveLength(4);
  });

  it('gives no rights to whom Slack does not describe, says so, and asks again the next time', async () => {
    const { slack, find } = setUp();
    slack.refuse('users.info', 'internal_error');
    expect(await find()).toMatchObject({
      name: 'ann.from.command',
      timeZone: null,
      email: null,
      isOutsider: true,
      doubt: 'Slack did not say who you are.',
    });
    expect(await find()).toMatchObject({ isOutsider: false, doubt: null });
  });

  it('leaves out a group that Slack does not show, and says so', async () => {
    const { slack, find } = setUp({}, ['S1', 'S2']);
    slack.refuse('usergroups.users.list', 'missing_scope');
    expect(await find()).toMatchObject({ groups: ['S2'], doubt: expect.stringContaining('user groups') });
  });
});
