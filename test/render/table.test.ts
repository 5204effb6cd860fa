import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Chain, TraceReport } from '../../src/domain/chain.ts';
import { hostName, parseMessageId } from '../../src/domain/ids.ts';
import { plainStyle, type Style } from '../../src/render/style.ts';
import { renderTable } from '../../src/render/table.ts';
import { displayWidth } from '../../src/render/text-width.ts';
import {
  at,
  attempt,
  bouncedChains,
  chain,
  deferredThenSentChain,
  deliveredChain,
  externalGapChain,
  finding,
  listChain,
  loopChain,
  recipient,
  reject,
  rejectedReport,
  report,
  source,
  transaction,
} from '../support/chains.ts';

const unread = source({
  host: 'mx2.campus.example',
  status: 'unreadable',
  error: 'EACCES: permission denied, open "/var/log/mail.log". Add the user to the group adm.',
});

const stories: Readonly<Record<string, TraceReport>> = {
  delivered: report({ chains: [deliveredChain()] }),
  'deferred-then-sent': report({ chains: [deferredThenSentChain()] }),
  bounced: report({ chains: [...bouncedChains()] }),
  rejected: rejectedReport(),
  'list-fan-out': report({ chains: [listChain()] }),
  'external-gap': report({ chains: [externalGapChain()] }),
  loop: report({ chains: [loopChain()] }),
  'host-not-read': report({
    chains: [deliveredChain(), deferredThenSentChain()],
    sources: [source({ host: 'mx1.campus.example', unknownLines: 3 }), unread],
    complete: false,
    findings: [
      finding({ code: 'unread-host', severity: 'error', text: 'The log of mx2.campus.example was not read.' }),
    ],
  }),
};

/** For a busy machine; it takes about a second. */
const SLOW_MS = 30_000;

const lines = (text: string): readonly string[] => text.split('\n');

describe.each(Object.entries(stories))('%s', (name, story) => {
  it.each([null, 120, 80])('reads well in %s columns', async (columns) => {
    const text = renderTable(story, { columns, style: plainStyle });
    await expect(text).toMatchFileSnapshot(`./golden/${name}-${columns ?? 'wide'}.txt`);
  });

  it('keeps to the width of the terminal', () => {
    for (const columns of [50, 64, 80, 100, 120, 160, 240]) {
      for (const line of lines(renderTable(story, { columns, style: plainStyle }))) {
        expect(displayWidth(line), line).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('ends with one line break and has no trailing blanks', () => {
    const text = renderTable(story, { columns: null, style: plainStyle });
    expect(text).toMatch(/[^\n]\n$/);
    expect(text).not.toMatch(/[ \t]\n/);
  });
});

const withText = (hostile: string): TraceReport => {
  const base = transaction({
    host: `mx${hostile}`,
    queueId: `Q${hostile}`,
    sender: hostile,
    recipients: [
      recipient(`to${hostile}`, [attempt({ status: 'bounced', response: hostile, dsn: '5.1.1', agent: hostile })]),
    ],
  });
  const bad: Chain = {
    ...chain({ verdict: 'bounced', summary: hostile, nextStep: hostile, transactions: [base] }),
    messageId: parseMessageId(`id${hostile}`),
    findings: [finding({ code: 'gap', text: hostile })],
    hops: [
      {
        from: { host: base.host, queueId: base.queueId },
        to: { host: hostName(hostile), queueId: null },
        gap: 'external',
        recipients: [hostile],
        evidence: 'none',
      },
    ],
    relatedChains: [{ id: hostile, messageId: null, relation: 'bounced-by' }],
  };
  return report({
    query: { ...report().query, keywords: [hostile], startHost: hostile },
    chains: [bad],
    rejects: [reject({ text: hostile, sender: hostile, recipient: hostile, host: hostName(hostile), stage: hostile })],
    sources: [source({ host: hostile, status: 'unreachable', error: hostile, unknownLines: 2 })],
    findings: [finding({ code: 'limit', text: hostile })],
  });
};

describe('hostile log text', () => {
  it.each([
    '\u001b[2J\u001b]0;owned\u0007',
    '\u009b31m',
    'a\nfake line\r\nb',
    '\u202egpj.exe',
    'x\u0000y',
    '\u2028\u2029',
    'z\u0301'.repeat(3),
  ])('%j changes nothing but its own cell', (hostile) => {
    for (const columns of [null, 160, 80]) {
      const text = renderTable(withText(hostile), { columns, style: plainStyle });
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(lines(text).length).toBe(
        lines(renderTable(withText('_'.repeat(9)), { columns, style: plainStyle })).length,
      );
    }
  });

  it(
    'is bounded: a long response, many recipients, many rejects',
    () => {
      const long = withText('x'.repeat(1_000_000));
      expect(renderTable({ ...long, rejects: [], chains: [] }, { columns: 100, style: plainStyle })).toContain(
        'searched',
      );
      const many = listChain();
      const attempts = Array.from({ length: 5000 }, (_, index) => recipient(`r${index}@x.example`, [attempt()]));
      const crowd = {
        ...many,
        transactions: [transaction({ host: 'a', queueId: 'A', recipients: attempts })],
        hops: [],
      };
      const text = renderTable(report({ chains: [crowd], rejects: Array.from({ length: 900 }, () => reject()) }), {
        columns: null,
        style: plainStyle,
      });
      expect(text).toContain('4000 more rows are not shown');
      expect(text).toContain('Refused before acceptance: 900');
      expect(text).toContain('700 more are not shown');
      expect(text).toContain('→ r0@x.example, r1@x.example, r2@x.example, r3@x.example, r4@x.example, 4995 more');
    },
    SLOW_MS,
  );

  it(
    'any text keeps to the width',
    () =>
      fc.assert(
        fc.property(
          fc.string({ unit: 'binary', maxLength: 60 }),
          fc.integer({ min: 50, max: 200 }),
          (text, columns) => {
            const shown = lines(renderTable(withText(text), { columns, style: plainStyle }));
            expect(shown.filter((line) => displayWidth(line) > columns)).toEqual([]);
          },
        ),
        { numRuns: 40 },
      ),
    SLOW_MS,
  );
});

describe('details', () => {
  const tag = (name: string) => (text: string) => (text === '' ? '' : `{${name}:${text}}`);
  const tagged: Style = {
    strong: (text) => text,
    faint: (text) => text,
    good: tag('good'),
    warn: tag('warn'),
    bad: tag('bad'),
  };

  it('paints verdicts and statuses by what they mean', () => {
    const text = renderTable(report({ chains: [listChain(), ...bouncedChains()] }), { columns: null, style: tagged });
    expect(text).toContain('verdict     {warn:deferred}');
    expect(text).toContain('verdict     {bad:bounced}');
    expect(text).toContain('{good:sent}      2.0.0');
    expect(text).toContain('{warn:deferred}  4.4.1');
  });

  it('stays aligned when painted', () => {
    const options = { columns: 120, style: tagged };
    const unpainted = renderTable(report({ chains: [listChain()] }), options).replace(/\{\w+:(.*?)\}/g, '$1');
    expect(unpainted).toBe(renderTable(report({ chains: [listChain()] }), { columns: 120, style: plainStyle }));
  });

  it('shows the null sender, an unseen sender, and how many recipients are hidden', () => {
    const envelopeOf = (facts: Partial<Parameters<typeof transaction>[0]>, hiddenRecipients = 0): string => {
      const own = transaction({ host: 'a', queueId: 'A', recipients: [recipient('x@y.example')], ...facts });
      const text = renderTable(
        report({ chains: [{ ...chain({ verdict: 'unknown', summary: 's', transactions: [own] }), hiddenRecipients }] }),
        { columns: null, style: plainStyle },
      );
      return /envelope +(.*)/.exec(text)?.[1] ?? '';
    };
    expect(envelopeOf({ sender: '' })).toBe('<> → x@y.example');
    expect(envelopeOf({ sender: null })).toBe('(sender not seen) → x@y.example');
    expect(envelopeOf({ recipients: [] })).toBe('ann@sender.example → (recipient not seen)');
    expect(envelopeOf({}, 3)).toBe('ann@sender.example → x@y.example, 3 further recipients not shown');
  });

  it('shows dates where a message takes longer than a day, and the change to winter time', () => {
    const night = [Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 25, 1, 30)];
    const own = transaction({
      host: 'a',
      queueId: 'A',
      arrivedAtMs: night[0] ?? 0,
      recipients: [
        recipient(
          'x@y.example',
          night.map((timeMs, index) => attempt({ timeMs, status: index === 0 ? 'deferred' : 'sent' })),
        ),
      ],
    });
    const text = renderTable(report({ chains: [chain({ verdict: 'delivered', summary: 's', transactions: [own] })] }), {
      columns: null,
      style: plainStyle,
    });
    expect(text).toContain('02:30:00 CEST');
    expect(text).toContain('02:30:00 CET');
    expect(text).toContain('(Europe/Berlin, UTC+02:00 to UTC+01:00)');
    const days = transaction({
      host: 'a',
      queueId: 'A',
      recipients: [recipient('x@y.example', [attempt({ timeMs: at(0) }), attempt({ timeMs: at(90_000) })])],
    });
    const long = renderTable(
      report({ chains: [chain({ verdict: 'delivered', summary: 's', transactions: [days] })] }),
      {
        columns: null,
        style: plainStyle,
      },
    );
    expect(long).toContain('11-20 10:00:00');
    expect(long).toContain('11-21 11:00:00');
    expect(long).toContain('2026-11-20 10:00:00 to 2026-11-21 11:00:00 (Europe/Berlin, UTC+01:00)');
  });

  it('numbers related messages after those that match', () => {
    const [bounced, notice] = bouncedChains();
    const text = renderTable(report({ chains: [notice, bounced] }), { columns: null, style: plainStyle });
    expect(text.indexOf('Message 1 of 2\n')).toBeLessThan(text.indexOf('Message 2 of 2 (related'));
    expect(text).toContain('bounced-by 20261120090032.B1C2D5468F0@mx1.campus.example (message 2 here)');
    expect(text).toContain('bounce-of bounced@campus.example (message 1 here)');
    const alone = renderTable(report({ chains: [bounced] }), { columns: null, style: plainStyle });
    expect(alone).toContain('(not in this report)');
  });

  it('says what was not read, even when nothing was found', () => {
    const text = renderTable(report({ sources: [unread], complete: false }), { columns: null, style: plainStyle });
    expect(text).toContain('not read    mx2.campus.example (file, unreadable): EACCES');
    expect(text).toContain('Add the user to the group adm.');
    expect(text).toContain('incomplete');
  });
});
