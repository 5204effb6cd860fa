/** What dma 0.13 logged of real deliveries (the fixtures) tells the way of each mail, in every form of the log. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Chain } from '../../src/domain/chain.ts';
import { addressedTo } from '../../src/domain/transaction.ts';
import { createLogs, type Logs } from '../support/postfix-log.ts';
import { only, tell, tellChain, trace } from '../support/trace-story.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/parsers/dma');

const logsOf = (...situations: readonly string[]): Logs => ({
  ...createLogs(),
  lines: () => ({
    'nas1.campus.example': situations.flatMap((name) =>
      readFileSync(join(FIXTURES, `${name}.log`), 'utf8')
        .split('\n')
        .filter(Boolean),
    ),
  }),
});

/** The night of 22 November, in seconds from the stories' own time. */
const NIGHT = [140_400, 147_600] as const;

const story = (situation: string, keyword: string | readonly string[]) =>
  trace(logsOf(situation), keyword, { hosts: ['nas1.campus.example'], window: NIGHT });

const attemptsOf = (chain: Chain): readonly string[] =>
  chain.transactions.flatMap(({ recipients }) =>
    recipients.flatMap(({ attempts }) =>
      attempts.map(
        ({ status, relay, agent, replyCode, dsn, response }) =>
          `${status} ${relay?.host ?? relay?.ip ?? agent ?? '-'} ${replyCode ?? '-'} ${dsn ?? '-'} ${response ?? '-'}`,
      ),
    ),
  );

describe('a mail for several recipients', () => {
  it.each(['several-recipients', 'several-recipients-rfc3164', 'several-recipients-rfc5424', 'several-recipients-ecs'])(
    'is found whole by each of its queue IDs, its sender and any recipient: %s',
    async (situation) => {
      const keywords = [
        ['998162'],
        ['998162.558f3342f9a0'],
        ['qid:998162.558f3342f920'],
        ['ok2@far.example'],
        ['from:root@nas1.campus.example'],
        ['from:root@nas1.campus.example', 'to:ok1@far.example'],
      ];
      for (const keyword of keywords) {
        const chain = only(await story(situation, keyword));
        expect(tellChain(chain).toSorted(), keyword.join(' ')).toEqual(
          [
            'delivered',
            'nas1/998162 > mx1.far.example/? gap external: ok1@far.example, ok2@far.example',
            'nas1/998162.558f3342f920: ann sent',
            'nas1/998162.558f3342f9a0: ok1@far.example sent',
            'nas1/998162.558f334345f0: ok2@far.example sent',
          ].toSorted(),
        );
        expect(addressedTo(chain.transactions).toSorted()).toEqual(['ann', 'ok1@far.example', 'ok2@far.example']);
        // What was answered to a mail that was taken is not logged.
        expect(attemptsOf(chain).toSorted()).toEqual([
          'sent local - - -',
          'sent mx1.far.example - - -',
          'sent mx1.far.example - - -',
        ]);
      }
    },
  );

  it('says how many lines nobody understood', async () => {
    const { report } = await story('not-understood', 'text:ann');
    expect(report.sources.map(({ unknownLines }) => unknownLines)).toEqual([7]);
  });
});

describe('a recipient', () => {
  it.each<readonly [string, string, string, readonly string[]]>([
    [
      'deferred-then-sent',
      'grey1@far.example',
      'delivered',
      [
        'deferred mx1.far.example 450 4.2.0 450 4.2.0 <grey1@far.example>: Recipient address rejected: Greylisted, see http://postgrey.example/',
        'sent mx1.far.example - - -',
      ],
    ],
    [
      'second-relay',
      'kim@two.example',
      'delivered',
      [
        'deferred dead.far.example - - connect to dead.far.example [192.0.2.27] failed: Connection refused',
        'sent mx2.far.example - - -',
      ],
    ],
    [
      'mailbox-out-of-order',
      'www-data',
      'delivered',
      [
        ...Array<string>(4).fill(
          "deferred local - - local delivery deferred: can not open `/var/mail/www-data': Is a directory",
        ),
        'sent local - - -',
      ],
    ],
    ['smarthost', 'ok6@far.example', 'delivered', ['sent relay.campus.example - - -']],
    // NULLCLIENT: an address of this host goes to the smarthost too.
    ['smarthost', '9981c0', 'delivered', ['sent 192.0.2.50 - - -']],
    ['starttls', 'ok8@far.example', 'delivered', ['sent relay.campus.example - - -']],
    [
      'starttls',
      'ok10@far.example',
      'deferred',
      ['deferred relay.campus.example 502 5.5.1 502 5.5.1 Error: command not implemented'],
    ],
    ['starttls', 'ok11@far.example', 'delivered', ['sent relay.campus.example - - -']],
    ['starttls', 'ok12@far.example', 'deferred', ['deferred relay.campus.example - - fingerprints do not match']],
    // A login that fails is no delivery that fails: it goes on without.
    ['login', 'ok14@far.example', 'delivered', ['sent relay.campus.example - - -']],
    [
      'no-host',
      'kim@servfail.example',
      'deferred',
      ['deferred - - - DNS lookup failure: host servfail.example not found'],
    ],
    // The server went away without a word.
    ['no-host', 'drop@far.example', 'in-progress', []],
    ['queued-for-later', 'ok18@far.example', 'delivered', ['sent mx1.far.example - - -']],
  ])('%s: %s is %s', async (situation, keyword, verdict, attempts) => {
    const chain = only(await story(situation, keyword));
    expect([chain.verdict, attemptsOf(chain)]).toEqual([verdict, attempts]);
  });

  it('may stand for others (aliases), and his sender be rewritten', async () => {
    const alias = only(await story('aliases', '998260'));
    expect(addressedTo(alias.transactions).toSorted()).toEqual(['admin@far.example', 'ann']);
    expect(only(await story('masqueraded', 'ok5@far.example')).transactions[0]?.sender).toBe('ann@campus.example');
  });
});

describe('a mail that comes back', () => {
  const bounce = (id: string, cause: string, recipient: string): readonly string[] => [
    'delivered, only related',
    `nas1/${id}: ${recipient} sent`,
    `bounce-of nas1/${cause}`,
  ];

  it.each<readonly [string, string, string, string]>([
    ['refused-then-bounced', 'nouser@far.example', '9981a2.55d1a0a85910', '9981be.55d1a0a8db30'],
    ['reply-of-several-lines', 'multi@far.example', '9981c1.557690a0c910', '9981d2.557690a14b30'],
    ['refused-at-other-stages', 'spam@far.example', '998231.5640f2a97910', '998233.5640f2a9fb30'],
    ['no-host', 'kim@nowhere.example', '99823b.55840e556910', '99823f.55840e55eae0'],
    ['no-greeting', 'ok15@far.example', '998277.556c85c2e950', '998279.556c85c36b70'],
  ])('%s', async (situation, keyword, copy, notice) => {
    const [returned, told] = tell(await story(situation, keyword)).toSorted((a) => (a[0] === 'bounced' ? -1 : 1));
    const id = copy.split('.')[0]!;
    expect(returned).toContain('bounced');
    expect(returned).toContain(`nas1/${copy}: ${keyword} bounced`);
    expect(returned).toContain(`bounced-by nas1/${notice.split('.')[0]}`);
    expect(told).toEqual(bounce(notice, id, 'ann'));
  });

  it('after its time is up, though others had the name of its notice in the same second', async () => {
    const chains = tell(await story('given-up', 'full@far.example'));
    expect(chains).toHaveLength(2);
    expect(chains).toContainEqual([
      'expired',
      'nas1/998271.55ab0dc5b910: full@far.example expired',
      'bounced-by nas1/998287',
    ]);
    expect(chains).toContainEqual(bounce('998287.562df6d1f130', '998271', 'ann'));
    // Three messages, one after the other; two of them with the same sender.
    const three = tell(await story('given-up', '998287'));
    expect(three.map((chain) => chain.filter((line) => line.includes(': ann sent')))).toEqual([
      ['nas1/998287.562df6d1f130: ann sent'],
      ['nas1/998287.5598e2cc1920: ann sent'],
      ['nas1/998287.557b86520920: ann sent'],
    ]);
  });

  it('and cannot be given back either', async () => {
    const chains = tell(await story('bounce-refused', 'nouser4@far.example'));
    expect(chains.flat()).toContain('nas1/99824d.564fbcd99b30: nouser3@far.example bounced after 4 tries');
    expect(chains.flat()).toContain('bounce-of nas1/99824a');
  });
});

it('a mail that was not taken is a reject', async () => {
  expect(tell(await story('not-taken', 'nosuch'))).toEqual([
    ['reject nas1/- RCPT - - - > nosuch', "invalid recipient `nosuch'"],
  ]);
});
