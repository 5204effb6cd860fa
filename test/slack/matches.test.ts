import { describe, expect, it } from 'vitest';
import type { Chain } from '../../src/domain/chain.ts';
import { parseMessageId } from '../../src/domain/ids.ts';
import { findMatches } from '../../src/slack/matches.ts';
import { showsOwnMail } from '../../src/slack/privacy.ts';
import { bouncedChains, deliveredChain, rejectedReport } from '../support/chains.ts';

const [bounced, notice] = bouncedChains();
const summary = (chains: readonly Chain[]) =>
  findMatches({ chains }).map(({ chain, related }) => [
    chain.id,
    ...related.map((other) => `${other.relation} ${other.chain.id}`),
  ]);

describe('findMatches', () => {
  it('puts the bounce under its cause, whether it matches itself or not', () => {
    const expected = [[bounced.id, `bounced-by ${notice.id}`]];
    expect(summary([notice, bounced])).toEqual(expected);
    expect(summary([{ ...notice, isMatch: true }, bounced])).toEqual(expected);
  });

  it('takes the bounce itself when only that was asked for', () => {
    expect(
      summary([
        { ...notice, isMatch: true },
        { ...bounced, isMatch: false },
      ]),
    ).toEqual([[notice.id, `bounce-of ${bounced.id}`]]);
  });

  it('keeps the order of the report and leaves out what does not match', () => {
    const other = { ...deliveredChain(), id: 'other', isMatch: false };
    expect(summary([deliveredChain(), bounced, other]).map(([id]) => id)).toEqual([deliveredChain().id, bounced.id]);
  });

  it('finds what belongs to what belongs to it', () => {
    const link = (id: string, relation: 'list-copy-of' | 'bounced-by' | 'bounce-of') => ({
      id,
      relation,
      messageId: parseMessageId('a@b'),
    });
    const list = { ...deliveredChain(), id: 'list', relatedChains: [link('copy', 'bounced-by')] };
    const copy = {
      ...deliveredChain(),
      id: 'copy',
      relatedChains: [link('list', 'list-copy-of'), link('bounce', 'bounced-by')],
    };
    const bounce = { ...deliveredChain(), id: 'bounce', relatedChains: [link('copy', 'bounce-of')] };
    expect(summary([list, copy, bounce])).toEqual([['list', 'bounced-by copy', 'bounced-by bounce']]);
  });

  it('hides nothing when two chains claim to belong to each other', () => {
    const link = (id: string) => [{ id, relation: 'bounce-of' as const, messageId: null }];
    const a = { ...deliveredChain(), id: 'a', relatedChains: link('b') };
    const b = { ...deliveredChain(), id: 'b', relatedChains: link('a') };
    expect(summary([a, b]).map(([id]) => id)).toEqual(['a', 'b']);
  });
});

describe('showsOwnMail', () => {
  const own = { kind: 'own', address: 'Bob@campus.example' } as const;
  const anyOf = (limited: { domains?: string[]; hosts?: string[] }) =>
    ({ kind: 'any-of', scopes: [own, { kind: 'limited', domains: [], hosts: [], ...limited }] }) as const;
  const found = { chains: [deliveredChain()], rejects: [] };

  it.each([
    ['own mail that another rule does not cover', anyOf({ domains: ['elsewhere.example'] }), true],
    ['own mail of which another rule covers one host', anyOf({ hosts: ['mx1.campus.example'] }), true],
    ['mail that another rule covers whole', anyOf({ domains: ['campus.example'] }), false],
    ['everything', { kind: 'all' } as const, false],
  ])('%s', (_name, scope, expected) => {
    expect(showsOwnMail(scope, found)).toBe(expected);
  });

  it('looks at refusals too', () => {
    const { rejects } = rejectedReport();
    expect(showsOwnMail(anyOf({ domains: ['elsewhere.example'] }), { chains: [], rejects })).toBe(true);
  });

  it('leaves mail of others in the channel', () => {
    const scope = {
      kind: 'any-of',
      scopes: [
        { kind: 'own', address: 'zoe@x.example' },
        { kind: 'limited', domains: [], hosts: ['mx1.campus.example'] },
      ],
    } as const;
    expect(showsOwnMail(scope, found)).toBe(false);
  });
});
