/** Questions and log lines that try to mention, link, format, or run something. */
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/playground/playground.ts';
import { visibleTexts } from '../slack/block-rules.ts';
import {
  answers,
  answerWith,
  auditedLines,
  type Bench,
  expectGoodCalls,
  read,
  startBench,
  thread,
  whispers,
  whisperWith,
} from '../support/slack-bench.ts';
import { bounced, delivered, type Lines, MX1 } from '../support/slack-fleet.ts';

/** Everything the app sent: what Slack parses is the text, and mrkdwn elements, of which there are none. */
const expectDisarmed = ({ slack }: Bench): void => {
  const sent = slack.calls().filter(({ args }) => args['blocks'] !== undefined);
  expect(sent.length).toBeGreaterThan(0);
  for (const { args } of sent) {
    const text = String(args['text']);
    expect(text).not.toMatch(/[<>]|:\/\/|(?<![\w.+-])@(?:here|channel|everyone)\b|[*~`\u202e\u200b]/);
    expect(JSON.stringify(args['blocks'])).not.toMatch(
      /"type":"(?:mrkdwn|markdown|link|user|usergroup|channel|broadcast|emoji)"/,
    );
    const blocks: unknown = args['blocks'];
    for (const shown of visibleTexts(Array.isArray(blocks) ? blocks : [])) expect(shown).not.toMatch(/[\u202e\u200b]/);
  }
};

const everythingShown = (bench: Bench, parent: Message): string =>
  [parent, ...bench.slack.replies(parent)].map(read).join('\n');

describe('hostile log lines', () => {
  const attack =
    '550 5.7.1 <!channel> <@U01ALICE> <http://evil.example/x|your bank> *bold* _it_ ~no~ `code` :tada: @here http://evil.example/\u202egnp.exe';

  it('are shown as they are and do nothing', async () => {
    const bench = await startBench({ lines: bounced('0001', 'dave@partner.example', attack) });
    await bench.slack.person('alice').command(bench.general, '/mailtrace dave@partner.example');
    const answer = await answerWith(bench, 'bounced');
    await thread(bench, answer);
    await bench.slack.waitFor('the bounce', () =>
      bench.slack.replies(answer).some((reply) => read(reply).startsWith('Its bounce')),
    );
    expectDisarmed(bench);
    expectGoodCalls(bench);
    expect(bench.slack.files().every(({ altText }) => !altText.includes('\u202e'))).toBe(true);
  });

  it('of refusals and addresses too', async () => {
    const lines: Lines = [
      [
        MX1,
        600,
        'postfix/smtpd[101]: NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 550 5.7.1 <evil@x.example>: Sender address rejected: <!channel> *read* <http://evil.example|this> :bomb:; from=<evil@x.example> to=<bob@campus.example> proto=ESMTP helo=<<!everyone>>',
      ],
    ];
    const bench = await startBench({ lines });
    await bench.slack.person('alice').command(bench.general, '/mailtrace evil@x.example');
    const answer = await answerWith(bench, 'rejected');
    expect(everythingShown(bench, answer)).toContain('<!channel> *read*');
    expectDisarmed(bench);
  });
});

describe('hostile questions', () => {
  it.each([
    ['shell', '"$(touch /tmp/mailtrace-pwned)"'],
    ['shell', 'text:"\'; rm -rf / #"'],
    ['a pattern', 'text:".*"'],
    ['a pattern', '".+@.+"'],
    ['Lucene', 'text:"* OR _exists_:message"'],
    ['Slack', 'text:"*bold* _it_ ~no~ `code` :tada:"'],
    ['an entity', 'text:"&lt;!channel&gt;"'],
    ['a mention in brackets', 'text:"<!channel>"'],
    ['a path', 'text:"../../etc/passwd"'],
    ['JSON', 'text:"\\",\\"outcome\\":\\"found\\""'],
    ['direction', 'text:"a\u202eb"'],
  ])('in %s: %s finds only that text and does nothing else', async (_name, question) => {
    const bench = await startBench({ lines: delivered({ id: '0001', to: 'bob@campus.example' }) });
    await bench.slack.person('alice').command(bench.general, `/mailtrace ${question}`);
    await bench.slack.waitFor('a whisper', () =>
      whispers(bench, bench.general).find((whisper) => read(whisper).length > 0),
    );
    expect(answers(bench, bench.general)).toEqual([]);
    expectDisarmed(bench);
    const audited = await auditedLines(bench, 1);
    expect(audited).toHaveLength(1);
    expect(audited[0]?.['outcome']).toMatch(/^(?:not-found|problem: )/);
  });

  it('with the exact text of a log line find that line', async () => {
    const bench = await startBench({
      lines: bounced('0001', 'dave@partner.example', '550 5.7.1 <!channel> *bold* $(id) .*'),
    });
    await bench.slack.person('alice').command(bench.general, '/mailtrace text:"> *bold* $(id) .*"');
    expect(read(await answerWith(bench, 'bounced'))).toContain('dave@partner.example');
    expectDisarmed(bench);
  });

  it('as long as Slack lets them be are refused in words', async () => {
    const bench = await startBench({ lines: [] });
    await bench.slack.person('alice').command(bench.general, `/mailtrace ${'a'.repeat(3500)}`);
    await whisperWith(bench, 'Next: ');
    expect(answers(bench, bench.general)).toEqual([]);
  });
});
