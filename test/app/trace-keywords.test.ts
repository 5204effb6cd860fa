/** Several keywords hold for one message as a whole, on whatever hosts; a keyword is literal text. */
import { describe, expect, it } from 'vitest';
import { CAROL, createLogs, peer, SENDER } from '../support/postfix-log.ts';
import { tell, trace } from '../support/trace-story.ts';

const logs = () => {
  const all = createLogs();
  all.on('mx1').gets('A1A1A1A1', 0, { sasl: 'ann' });
  all.hop('mx1', 'A1A1A1A1', 'gw', 'B2B2B2B2', { at: 1 });
  all.on('gw').delivers('B2B2B2B2', 2, {
    to: 'carol@mail.campus.example',
    origTo: CAROL,
    relay: 'mx.partner.example[198.51.100.1]:25',
  });
  all.on('gw').removes('B2B2B2B2', 2.1);
  all.on('mx2').gets('F6F6F6F6', 10, { messageId: 'other@x.example', from: SENDER });
  all.on('mx2').delivers('F6F6F6F6', 11, { to: 'gina@campus.example' });
  all.on('mx2').removes('F6F6F6F6', 11.1);
  return all;
};
const found = async (...keywords: string[]): Promise<(string | null)[]> =>
  (await trace(logs(), keywords)).report.chains.map(({ messageId }) => messageId);

describe('several keywords', () => {
  it.each([
    [[SENDER], 2],
    [[SENDER, CAROL], 1],
    [[SENDER, 'carol@mail.campus.example'], 1],
    [['sasl:ann', '198.51.100.1'], 1],
    [['qid:A1A1A1A1', 'qid:B2B2B2B2'], 1],
    [['text:sasl_username=ann', 'text:status=sent (250 2.0.0 Ok)'], 1],
    [[CAROL, 'gina@campus.example'], 0],
    [[SENDER, 'nobody@x.example'], 0],
  ])('%j: %i', async (keywords, count) => {
    expect(await found(...keywords)).toHaveLength(count);
  });

  it('may stand on a host where the message is not looked for', async () => {
    const told = await trace(logs(), ['sasl:ann', 'carol@mail.campus.example'], { startHost: 'gw' });
    expect(told.report.chains).toHaveLength(1);
  });
});

describe('hostile keywords', () => {
  it.each([
    'text:.*',
    'text:$(reboot)',
    'text:a|b',
    'text:" OR 1=1',
    "text:'; rm -rf /",
    'text:status=sent.*',
    '*@sender.example',
    'ann@*.example',
    '.*@.*',
    '%',
    '[A-F0-9]+',
    '(',
    '\\',
  ])('%s is only text, and finds nothing', async (keyword) => {
    expect(tell(await trace(logs(), keyword))).toEqual([]);
  });

  it('finds odd text where it stands', async () => {
    const odd = "o'neil+$(x)|.*@sender.example";
    const all = createLogs();
    all.on('mx1').gets('A1A1A1A1', 0, { from: odd, client: peer('gw') });
    all.on('mx1').delivers('A1A1A1A1', 1);
    all.on('mx1').removes('A1A1A1A1', 1.1);
    for (const keyword of [odd, `from:${odd}`, `text:${odd}`, '$(x)|']) {
      expect((await trace(all, keyword)).report.chains, keyword).toHaveLength(1);
    }
  });
});
