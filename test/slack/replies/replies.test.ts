import { describe, expect, it } from 'vitest';
import { explainCode } from '../../../src/domain/status-code.ts';
import { MailtraceError } from '../../../src/errors.ts';
import { findMatches } from '../../../src/slack/matches.ts';
import type { Asked } from '../../../src/slack/replies/answer-context.ts';
import type { Reply } from '../../../src/slack/replies/blocks.ts';
import { explainReply, unknownCodeReply } from '../../../src/slack/replies/explain.ts';
import { findingBlocks } from '../../../src/slack/replies/findings.ts';
import { helpReply } from '../../../src/slack/replies/help.ts';
import { listReply } from '../../../src/slack/replies/list.ts';
import { notFoundReply } from '../../../src/slack/replies/not-found.ts';
import { altText } from '../../../src/slack/replies/picture.ts';
import {
  alreadyRunningReply,
  bugReply,
  busyReply,
  noAccessReply,
  noAddressReply,
  notMemberReply,
  ownOnlyReply,
  patienceReply,
  problemReply,
  staleButtonReply,
  stoppingReply,
  tooSlowReply,
  unauditedReply,
} from '../../../src/slack/replies/problems.ts';
import {
  interruptedReply,
  noResultReply,
  tracingReply,
  waitingReply,
  withFault,
  withInterruption,
} from '../../../src/slack/replies/progress.ts';
import { furtherRejectsReply, rejectReply } from '../../../src/slack/replies/rejects.ts';
import { moreRelatedReply, relatedHead } from '../../../src/slack/replies/related.ts';
import { tableReplies } from '../../../src/slack/replies/table.ts';
import { verdictReply } from '../../../src/slack/replies/verdict.ts';
import {
  at,
  bouncedChains,
  chain,
  deferredThenSentChain,
  deliveredChain,
  externalGapChain,
  listChain,
  loopChain,
  rejectedReport,
  report,
  source,
  transaction,
} from '../../support/chains.ts';
import { findFaults, readBlocks, visibleTexts } from '../block-rules.ts';
import { HOSTILE, hostileChain, hostileReport } from './hostile.ts';

const asked = (facts: Partial<Asked> = {}): Asked => ({
  by: 'Alice',
  keywords: ['ann@sender.example'],
  startHost: null,
  window: { fromMs: at(-3600), toMs: at(3600) },
  timeZone: 'Europe/Berlin',
  zoneNote: null,
  ...facts,
});

const hostileAsked = asked({
  by: HOSTILE,
  keywords: [HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE],
  startHost: HOSTILE,
  zoneNote: null,
});
const [bounced, notice] = bouncedChains();
const matchesOf = (chains: Parameters<typeof findMatches>[0]['chains']) => findMatches({ chains });
const verdict = (
  facts: Partial<Parameters<typeof verdictReply>[0]> & Pick<Parameters<typeof verdictReply>[0], 'chain'>,
): Reply => verdictReply({ asked: asked(), report: report(), inThread: 'hop table and picture', ...facts });
const tables = (of: Parameters<typeof tableReplies>[0], before = {}) =>
  tableReplies(of, { title: 'Hops', rest: 'attached', ...before }).replies;

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...deliveredChain(),
    id: `mx1.campus.example/Q${index}/2026-11-20T09:00:00.000Z`,
    firstSeenMs: at(-index),
  }));

const STORIES: Readonly<Record<string, () => readonly Reply[]>> = {
  delivered: () => [
    verdict({ chain: deliveredChain() }),
    ...tables(deliveredChain(), { before: findingBlocks(deliveredChain().findings) }),
  ],
  'deferred then sent': () => [
    verdict({ chain: deferredThenSentChain() }),
    ...tables(deferredThenSentChain(), { before: findingBlocks(deferredThenSentChain().findings) }),
  ],
  bounced: () => [
    verdict({ chain: bounced }),
    ...tables(bounced),
    ...tables(notice, { title: 'Its bounce', before: relatedHead({ chain: notice, relation: 'bounced-by' }) }),
  ],
  'list expansion, one still waiting': () => [
    verdict({ chain: listChain() }),
    ...tables(listChain(), { before: findingBlocks(listChain().findings) }),
  ],
  'handed to a server outside': () => [verdict({ chain: externalGapChain() }), ...tables(externalGapChain())],
  loop: () => [verdict({ chain: loopChain() }), ...tables(loopChain())],
  rejected: () => [
    rejectReply({ asked: asked(), report: rejectedReport(), nextStep: 'Ask the sender to check the address.' }),
  ],
  'found, and one host unreadable': () => [
    verdict({
      chain: deliveredChain(),
      report: report({
        sources: [
          source({ host: 'mx1.campus.example' }),
          source({
            host: 'mx2.campus.example',
            status: 'unreachable',
            error: 'connection refused. Check that sshd runs on mx2.',
          }),
        ],
        rejects: rejectedReport().rejects,
        complete: false,
      }),
    }),
    furtherRejectsReply(rejectedReport(), 'Europe/Berlin'),
  ],
  'several messages': () => [
    listReply({
      asked: asked(),
      matches: matchesOf([listChain(), deferredThenSentChain(), deliveredChain()]),
      report: report(),
    }),
  ],
  'own part of a message': () => [verdict({ chain: { ...deliveredChain(), hiddenRecipients: 3 } })],
  'nothing found': () => [
    notFoundReply(
      asked({ startHost: 'mx', zoneNote: 'your own time zone is not known: this is the configured one' }),
      report(),
    ),
  ],
  'nothing found, and one host unreadable': () => [
    notFoundReply(
      asked(),
      report({
        sources: [
          source({ host: 'mx1.campus.example' }),
          source({
            host: 'mx2.campus.example',
            status: 'unreadable',
            error: '/var/log/mail.log: permission denied. Add the user to group adm.',
          }),
        ],
      }),
    ),
  ],
  progress: () => [
    tracingReply(asked(), null),
    tracingReply(asked(), { round: 2, hostsAnswered: 3, hostsAsked: 10, transactions: 1 }),
    waitingReply(asked(), 2),
    noResultReply(),
    interruptedReply(asked()),
    withInterruption(verdict({ chain: deliveredChain() })),
    withFault(verdict({ chain: deliveredChain() }), 'The picture could not be sent: Slack refused upload: http_500.'),
  ],
  'what only the asker sees': () => [
    problemReply(new MailtraceError('time-phrase', 'The time "03/04" is 3 April or 4 March.', 'Write 2026-04-03.')),
    bugReply('0123456789'),
    noAccessReply(null),
    noAccessReply('Slack did not say who you are.'),
    noAddressReply(null),
    unauditedReply(),
    stoppingReply(),
    busyReply('yours'),
    busyReply('all'),
    alreadyRunningReply(),
    staleButtonReply(),
    tooSlowReply(asked(), 300),
    notMemberReply('mailtrace'),
    ownOnlyReply(),
    patienceReply(),
    moreRelatedReply(4),
  ],
  help: () => [helpReply('Europe/Berlin')],
  explain: () => [explainReply(explainCode('5.1.1')!), unknownCodeReply('teapot')],
};

const HOSTILE_STORIES: Readonly<Record<string, () => readonly Reply[]>> = {
  verdict: () => [verdict({ asked: hostileAsked, chain: hostileChain(), report: hostileReport() })],
  table: () => tables(hostileChain(), { before: findingBlocks(hostileChain().findings) }),
  list: () => [
    listReply({
      asked: hostileAsked,
      matches: matchesOf(Array.from({ length: 12 }, (_, index) => ({ ...hostileChain(), id: `${index}${HOSTILE}` }))),
      report: hostileReport(),
    }),
  ],
  rejects: () => [
    rejectReply({ asked: hostileAsked, report: hostileReport(), nextStep: null }),
    furtherRejectsReply(hostileReport(), 'Europe/Berlin'),
  ],
  'nothing found': () => [notFoundReply(hostileAsked, hostileReport())],
  progress: () => [
    tracingReply(hostileAsked, null),
    waitingReply(hostileAsked, 1),
    interruptedReply(hostileAsked),
    withFault(verdict({ chain: hostileChain(), asked: hostileAsked, report: hostileReport() }), HOSTILE),
  ],
  problems: () => [
    problemReply(new MailtraceError('usage', HOSTILE, HOSTILE)),
    tooSlowReply(hostileAsked, 300),
    unknownCodeReply(HOSTILE),
    notMemberReply(HOSTILE),
    bugReply(HOSTILE),
  ],
  related: () =>
    tables(hostileChain(), {
      title: 'Its bounce',
      before: relatedHead({ chain: hostileChain(), relation: 'bounced-by' }),
    }),
};

describe('what people read', () => {
  it.each(Object.keys(STORIES))('%s', async (name) => {
    const replies = STORIES[name]!();
    const page = replies
      .map(({ text, blocks }) => `${readBlocks(blocks)}\n\nNotification: ${text}`)
      .join('\n\n────\n\n');
    await expect(`${page}\n`).toMatchFileSnapshot(`golden/${name.replace(/[^a-z]+/g, '-')}.txt`);
  });
});

describe('Slack’s limits', () => {
  it.each(
    Object.entries({
      ...STORIES,
      ...Object.fromEntries(Object.entries(HOSTILE_STORIES).map(([k, v]) => [`hostile ${k}`, v])),
    }),
  )('%s keeps them', (_name, story) => {
    const replies = story();
    expect(replies.length).toBeGreaterThan(0);
    for (const reply of replies) expect(findFaults(reply)).toEqual([]);
  });
});

describe('text of outsiders', () => {
  it.each(Object.entries(HOSTILE_STORIES))('%s: cannot mention, link, format or hide', (_name, story) => {
    for (const { text, blocks } of story()) {
      // Notifications are parsed by Slack: nothing that means something to it may be left.
      expect(text).not.toMatch(/<|>|(?<!\w)@here|:\/\/|\*|~|`|:smile:|\u202e|\u200b/);
      // Blocks are not parsed where `findFaults` finds nothing: what is left is what a reader could be misled by.
      for (const shown of visibleTexts(blocks)) expect(shown).not.toMatch(/[\u202e\u200b]|\p{Cc}(?<!\n)|.\n./u);
      // No type of block or element that parses text.
      expect(JSON.stringify(blocks)).not.toMatch(
        /"type":"(?:mrkdwn|markdown|link|user|usergroup|channel|broadcast|emoji)"/,
      );
    }
  });

  it('is shown all the same', () => {
    expect(visibleTexts(verdict({ chain: hostileChain(), report: hostileReport() }).blocks).join('')).toContain(
      '<!channel> <@U01ALICE>',
    );
  });
});

describe('the channel message', () => {
  it.each([
    ['delivered', deliveredChain()],
    ['deferred', listChain()],
    ['bounced', bounced],
    ['loop', loopChain()],
  ] as const)('of a message that is %s has the word of the contract, in blocks and notification', (word, of) => {
    const reply = verdict({ chain: of });
    expect(reply.text.startsWith(`${word}:`)).toBe(true);
    expect(visibleTexts(reply.blocks)[0]).toMatch(new RegExp(` ${word}$`));
  });

  it('offers to trace again only what can still move', () => {
    expect(JSON.stringify(verdict({ chain: listChain() }).blocks)).toContain('Trace again');
    expect(JSON.stringify(verdict({ chain: deliveredChain() }).blocks)).not.toContain('Trace again');
  });

  it('lists the newest messages with a button each, and counts the rest', () => {
    const { blocks } = listReply({ asked: asked(), matches: matchesOf(many(40)), report: report() });
    const buttons = blocks.filter(({ type }) => type === 'actions').length;
    expect(buttons).toBeGreaterThanOrEqual(5);
    expect(readBlocks(blocks)).toContain(`${40 - buttons} older messages not shown`);
  });

  it('fits when messages have very long names', () => {
    const long = many(10).map((of) => ({
      ...of,
      transactions: [transaction({ host: `${'h'.repeat(200)}.example`, queueId: 'q'.repeat(900), recipients: [] })],
    }));
    const reply = listReply({ asked: asked(), matches: matchesOf(long), report: report() });
    expect(findFaults(reply)).toEqual([]);
  });
});

describe('the hop table', () => {
  it('repeats host, queue ID, status and DSN in each row under the header of the contract', () => {
    const [first] = tables(deliveredChain());
    const table = first!.blocks.find(({ type }) => type === 'table');
    expect(readBlocks([table]).split('\n').slice(0, 2)).toEqual([
      '| hop | host | queue ID | recipient | status | DSN | reply code | delay | relay |',
      '| 1 | mx1.campus.example | 4jWkFk143lznk7d | bob@campus.example | sent | 2.0.0 | 250 | 1.9 s | 127.0.0.1:10024 |',
    ]);
  });

  const wide = (recipients: number) =>
    chain({
      verdict: 'delivered',
      summary: 'Delivered.',
      transactions: [
        transaction({
          host: 'lists1.campus.example',
          queueId: 'LIST1',
          recipients: Array.from({ length: recipients }, (_, index) => ({
            ...deliveredChain().transactions[2]!.recipients[0]!,
            address: `member-${index}@campus.example`,
          })),
        }),
      ],
    });

  it('goes on in further messages, row by row, nothing twice', () => {
    const { replies, leftOut } = tableReplies(wide(60), { title: 'Hops', rest: 'attached' });
    const rows = replies.flatMap(({ blocks }) => readBlocks(blocks).match(/member-\d+@/g) ?? []);
    expect(leftOut).toBe(0);
    expect(replies.length).toBeGreaterThan(1);
    expect(rows).toEqual(Array.from({ length: 60 }, (_, index) => `member-${index}@`));
    for (const reply of replies) expect(findFaults(reply)).toEqual([]);
  });

  it('counts the rows that find no room', () => {
    const { replies, leftOut } = tableReplies(wide(5000), { title: 'Hops', rest: 'attached' });
    const shown = replies.flatMap(({ blocks }) => readBlocks(blocks).match(/member-\d+@/g) ?? []).length;
    expect(replies).toHaveLength(4);
    expect(shown + leftOut).toBe(5000);
    expect(readBlocks(replies.at(-1)!.blocks)).toContain(
      `${leftOut.toLocaleString('en-US')} more rows left out: see the attached file.`,
    );
  });

  it('holds a row whose texts are as long as a log line', () => {
    const monster = chain({
      verdict: 'bounced',
      summary: 'x',
      transactions: [
        transaction({
          host: 'h'.repeat(9000),
          queueId: 'q'.repeat(9000),
          recipients: [{ address: 'a'.repeat(9000), originalAddress: null, status: 'bounced', attempts: [] }],
        }),
      ],
    });
    for (const reply of tables(monster)) expect(findFaults(reply)).toEqual([]);
  });
});

describe('alt text', () => {
  it('tells the path in words', () => {
    expect(altText(deliveredChain())).toBe(
      'Path of the mail from ann@sender.example to bob@campus.example. Verdict: delivered. Delivered to bob@campus.example on mailbox1.campus.example at 09:00:04. ' +
        'mx1.campus.example handed 4jWkFk143lznk7d to mx1.campus.example as 4jWkFm2Qr1znk7f. mx1.campus.example handed 4jWkFm2Qr1znk7f to mailbox1.campus.example as 2D6F4546A3F.',
    );
  });

  it('is never longer than Slack takes', () => {
    expect(altText(hostileChain()).length).toBeLessThanOrEqual(1000);
  });
});
