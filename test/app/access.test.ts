import { describe, expect, it } from 'vitest';
import {
  ACCESS_EXAMPLE,
  type AccessRule,
  type Asker,
  evaluateAccess,
  findVisiblePart,
  isVisible,
  type MailParties,
} from '../../src/app/access.ts';
import type { Scope } from '../../src/query/trace-query.ts';

const ann: Asker = {
  userId: 'U0ANN',
  email: 'ann@corp.example',
  userGroups: ['S0MAIL'],
  channelId: 'C0OPS',
  channelName: 'mail-ops',
  isOutsider: false,
};
const CLUSTERS: Readonly<Record<string, readonly string[]>> = { mx: ['mx1', 'mx2'], out: ['out1'] };
const evaluate = (rules: readonly AccessRule[], asker: Asker = ann) =>
  evaluateAccess(rules, asker, (name) => CLUSTERS[name] ?? null);

const rule = (
  who: AccessRule['who'],
  scope: AccessRule['scope'] = 'all',
  may: AccessRule['may'] = ['trace'],
): AccessRule => ({ who, may, scope });

describe('who a rule names', () => {
  it.each<[string, AccessRule['who'], Partial<Asker>, boolean]>([
    ['everyone', 'everyone', {}, true],
    ['everyone, a guest or somebody of another organisation', 'everyone', { isOutsider: true }, false],
    ['by user id', ['U0BOB', 'U0ANN'], {}, true],
    ['by user id, an outsider', ['U0ANN'], { isOutsider: true }, true],
    ['another user id', ['U0BOB'], {}, false],
    ['by user group', ['S0MAIL'], {}, true],
    ['by user group, an outsider', ['S0MAIL'], { isOutsider: true }, false],
    ['another user group', ['S0WEB'], {}, false],
    ['by channel id', ['C0OPS'], {}, true],
    ['by channel id, an outsider', ['C0OPS'], { isOutsider: true }, false],
    ['by channel name', ['#mail-ops'], {}, true],
    ['a channel whose name begins so', ['#mail'], {}, false],
    ['the name without #', ['mail-ops'], {}, false],
    ['elsewhere', ['#mail-ops', 'C0OPS'], { channelId: 'C0ALL', channelName: 'general' }, false],
    ['a private channel has no name', ['#privategroup'], { channelName: 'privategroup' }, false],
    ['a direct message has no name', ['#directmessage'], { channelName: 'directmessage' }, false],
    ['no name at all', ['#'], { channelName: '' }, false],
    ['a rule for a token', undefined, {}, false],
    ['nobody', [], {}, false],
  ])('%s', (_case, who, asker, expected) => {
    const access = evaluate([rule(who)], { ...ann, ...asker });
    expect([access.may('trace'), access.scopeFor('trace') !== null]).toEqual([expected, expected]);
  });

  it('allows nothing without rules', () => {
    expect(evaluate([]).may('trace')).toBe(false);
    expect(evaluate([]).scopeFor('trace')).toBeNull();
  });
});

const limits = (domains: string[], clusters: string[] = []) => ({ domains, clusters });

describe('what a rule allows', () => {
  it('gives the rights it lists and no other: admin implies nothing', () => {
    const access = evaluate([rule('everyone', 'all', ['admin'])]);
    const rights = ['trace', 'search', 'live', 'subscribe', 'admin'] as const;
    expect(rights.filter(access.may)).toEqual(['admin']);
    expect(access.scopeFor('trace')).toBeNull();
  });

  it.each<[string, readonly AccessRule[], Scope | null]>([
    ['all', [rule('everyone')], { kind: 'all' }],
    ['own', [rule('everyone', 'own')], { kind: 'own', address: 'ann@corp.example' }],
    [
      'clusters become their machines',
      [rule('everyone', limits(['a.example'], ['mx', 'gone']))],
      { kind: 'limited', domains: ['a.example'], hosts: ['mx1', 'mx2'] },
    ],
    [
      'all covers the rest',
      [rule('everyone', 'own'), rule(['U0ANN']), rule(['C0OPS'], limits(['a.example']))],
      { kind: 'all' },
    ],
    [
      'limits unite',
      [
        rule('everyone', limits(['a.example'], ['mx'])),
        rule(['S0MAIL'], limits(['b.example', 'a.example'], ['mx', 'out'])),
      ],
      { kind: 'limited', domains: ['a.example', 'b.example'], hosts: ['mx1', 'mx2', 'out1'] },
    ],
    [
      'own and limits',
      [rule('everyone', 'own'), rule(['S0MAIL'], limits(['a.example']))],
      {
        kind: 'any-of',
        scopes: [
          { kind: 'own', address: 'ann@corp.example' },
          { kind: 'limited', domains: ['a.example'], hosts: [] },
        ],
      },
    ],
    [
      'a rule for others adds nothing',
      [rule('everyone', 'own'), rule(['U0BOB'])],
      { kind: 'own', address: 'ann@corp.example' },
    ],
    ['a rule for another right adds nothing', [rule('everyone', 'all', ['search'])], null],
  ])('%s', (_case, rules, scope) => {
    expect(evaluate(rules).scopeFor('trace')).toEqual(scope);
  });

  it('knows no own mail of somebody without a confirmed address', () => {
    const nobody = { ...ann, email: null };
    expect(evaluate([rule('everyone', 'own')], nobody).may('trace')).toBe(true);
    expect(evaluate([rule('everyone', 'own')], nobody).scopeFor('trace')).toBeNull();
    const both = [rule('everyone', 'own'), rule('everyone', limits(['a.example']))];
    expect(evaluate(both, nobody).scopeFor('trace')).toEqual({ kind: 'limited', domains: ['a.example'], hosts: [] });
  });
});

const own = (address: string): Scope => ({ kind: 'own', address });
const limited = (domains: readonly string[], hosts: readonly string[] = []): Scope => ({
  kind: 'limited',
  domains,
  hosts,
});
const part = (address: string | null, hosts: readonly string[] = []) => ({ kind: 'part', address, hosts });
const whole = { kind: 'whole' };
const nothing = { kind: 'nothing' };

describe('what a scope shows', () => {
  const mail: MailParties = {
    senders: ['Ann@Corp.example', ''],
    recipients: ['bob@mail.partner.example', 'sales@shop.example'],
    hosts: ['mx1', 'out1'],
  };
  const anyOf = (address: string, domains: readonly string[], hosts: readonly string[] = []): Scope => ({
    kind: 'any-of',
    scopes: [
      { kind: 'own', address },
      { kind: 'limited', domains, hosts },
    ],
  });

  it.each<[string, Scope, object]>([
    ['all', { kind: 'all' }, whole],
    ['own, as sender, whatever the case', own('ann@corp.example'), part('ann@corp.example')],
    ['own, as recipient', own('Bob@mail.partner.example'), part('Bob@mail.partner.example')],
    ['own, an address that ends so', own('nn@corp.example'), nothing],
    ['own, an address that begins so', own('ann@corp.exampl'), nothing],
    ['own, with extension', own('ann+x@corp.example'), nothing],
    ['the null sender is nobody’s own', own(''), nothing],
    ['domain of the sender', limited(['corp.example']), whole],
    ['domain of a recipient', limited(['SHOP.example']), whole],
    ['a sub-domain', limited(['partner.example']), whole],
    ['a domain that ends so', limited(['orp.example']), nothing],
    ['a domain that contains it', limited(['mail.corp.example']), nothing],
    ['a cluster', limited([], ['out1', 'mx9']), part(null, ['out1'])],
    ['neither domain nor cluster', limited(['x.example'], ['mx9']), nothing],
    ['domain or cluster', limited(['corp.example'], ['out1']), whole],
    ['no limits at all', limited([]), nothing],
    ['any of: neither', anyOf('eve@corp.example', ['x.example']), nothing],
    ['any of: only own', anyOf('ann@corp.example', ['x.example']), part('ann@corp.example')],
    ['any of: own in a domain', anyOf('ann@corp.example', ['corp.example']), whole],
    ['any of: own and a cluster', anyOf('ann@corp.example', [], ['mx1']), part('ann@corp.example', ['mx1'])],
    ['any of: only the cluster', anyOf('eve@corp.example', [], ['mx1']), part(null, ['mx1'])],
  ])('%s', (_case, scope, expected) => {
    expect(findVisiblePart(scope, mail)).toEqual(expected);
    expect(isVisible(scope, mail)).toBe(expected !== nothing);
  });

  it('shows mail without any address only by its host', () => {
    const bare = { senders: [''], recipients: [], hosts: ['mx1'] };
    expect(isVisible(limited(['']), bare)).toBe(false);
    expect(isVisible(limited(['corp.example']), bare)).toBe(false);
    expect(isVisible(limited([], ['mx1']), bare)).toBe(true);
  });
});

it('offers lines that name the three kinds of rule', () => {
  expect(ACCESS_EXAMPLE.match(/^ {2}- who: /gm)).toHaveLength(3);
});
