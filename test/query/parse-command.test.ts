import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MailtraceError } from '../../src/errors.ts';
import { type Command, parseCommand } from '../../src/query/parse-command.ts';

/** Saturday 21 November 2026, 14:47:23 in Berlin. */
const CONTEXT = { nowMs: Date.parse('2026-11-21T14:47:23+01:00'), timeZone: 'Europe/Berlin' };

/** Local time in Berlin, where November has +01:00. */
const local = (ms: number): string => new Date(ms + 3_600_000).toISOString().slice(0, 16).replace('T', ' ');

const show = (command: Command): string => {
  switch (command.kind) {
    case 'trace': {
      const keywords = command.keywords.map(({ kind, text }) => `${kind}=${text}`).join(' | ');
      return `${keywords} @ ${local(command.window.fromMs)} to ${local(command.window.toMs)}`;
    }
    case 'explain':
      return `explain ${command.code}`;
    case 'help':
    case 'subscribe':
    case 'unsubscribe':
    case 'subscriptions':
    case 'mute':
    case 'unmute':
      return command.kind;
    case 'problem':
      return `${command.error.code}: ${command.error.message}`;
  }
};

const problemOf = (text: string, context = CONTEXT): MailtraceError => {
  const command = parseCommand(text, context);
  return command.kind === 'problem' ? command.error : expect.fail(`"${text}" was read: ${show(command)}`);
};

const LAST_DAY = '2026-11-20 14:47 to 2026-11-21 14:47';
const YESTERDAY_10AM = '2026-11-20 09:00 to 2026-11-20 11:00';

const reads = (rows: readonly (readonly [string, string])[]): void => {
  it.each(rows)('%s', (text, expected) => {
    expect(show(parseCommand(text, CONTEXT))).toBe(expected);
  });
};

describe('what and when', () => {
  reads([
    ['ann@x.example', `address-or-id=ann@x.example @ ${LAST_DAY}`],
    ['ann@x.example yesterday 10am', `address-or-id=ann@x.example @ ${YESTERDAY_10AM}`],
    ['ann@x.example yesterday 10am 4h', 'address-or-id=ann@x.example @ 2026-11-20 06:00 to 2026-11-20 14:00'],
    ['  ann@x.example   yesterday  10am  ', `address-or-id=ann@x.example @ ${YESTERDAY_10AM}`],
    ['ann@x.example, yesterday 10am', `address-or-id=ann@x.example @ ${YESTERDAY_10AM}`],
    ['ann@x.example\nyesterday 10am', `address-or-id=ann@x.example @ ${YESTERDAY_10AM}`],
    [
      'ann@x.example\u00a0yesterday 10am \u00b12h',
      'address-or-id=ann@x.example @ 2026-11-20 08:00 to 2026-11-20 12:00',
    ],
    ['\u202aann@x.example\u202c yesterday 10am', `address-or-id=ann@x.example @ ${YESTERDAY_10AM}`],
    ['4bXyz last friday 5pm', 'word=4bXyz @ 2026-11-20 16:00 to 2026-11-20 18:00'],
    ['4jWkFk143lznk7d last 30m', 'word=4jWkFk143lznk7d @ 2026-11-21 14:17 to 2026-11-21 14:47'],
    ['x.example 4h', 'domain-or-host=x.example @ 2026-11-21 10:47 to 2026-11-21 14:47'],
    ['ann 2 hours ago', 'word=ann @ 2026-11-21 11:47 to 2026-11-21 13:47'],
    ['ann an hour ago', 'word=ann @ 2026-11-21 12:47 to 2026-11-21 14:47'],
    ['ann now', 'word=ann @ 2026-11-21 13:47 to 2026-11-21 15:47'],
    ['ann noon', 'word=ann @ 2026-11-21 11:00 to 2026-11-21 13:00'],
    ['ann in the last 2h', 'word=ann @ 2026-11-21 12:47 to 2026-11-21 14:47'],
    ['ann half an hour ago', 'word=ann @ 2026-11-21 13:17 to 2026-11-21 15:17'],
    ['ann at 10am on friday', `word=ann @ ${YESTERDAY_10AM}`],
    ['ann 20 Nov 10am', `word=ann @ ${YESTERDAY_10AM}`],
    ['ann Nov 20 10:00', `word=ann @ ${YESTERDAY_10AM}`],
    ['ann Fri, 20 Nov 2026 10:00:00 +0100', `word=ann @ ${YESTERDAY_10AM}`],
    ['ann 20-Nov-2026 10am', `word=ann @ ${YESTERDAY_10AM}`],
    ['ann 2026-11-20T10:00Z', 'word=ann @ 2026-11-20 10:00 to 2026-11-20 12:00'],
    ['ann 10:00-12:00', 'word=ann @ 2026-11-21 10:00 to 2026-11-21 12:00'],
    ['ann 10am\u20132pm', 'word=ann @ 2026-11-21 10:00 to 2026-11-21 14:00'],
    ['ann 10am\u00b12h', 'word=ann @ 2026-11-21 08:00 to 2026-11-21 12:00'],
    ['ann \u00b12h', 'word=ann @ 2026-11-21 12:47 to 2026-11-21 16:47'],
    ['ann between yesterday 22:00 and today 02:00', 'word=ann @ 2026-11-20 22:00 to 2026-11-21 02:00'],
    ['192.0.2.1 yesterday 10am', `network=192.0.2.1 @ ${YESTERDAY_10AM}`],
    [
      '192.0.2.0/24 2001:db8::/32 10:00 1h',
      'network=192.0.2.0/24 | network=2001:db8::/32 @ 2026-11-21 09:00 to 2026-11-21 11:00',
    ],
  ]);

  it('keeps the zone of the asker', () => {
    const context = { ...CONTEXT, timeZone: 'Asia/Taipei' };
    expect(parseCommand('ann 2026-11-20', context)).toMatchObject({
      kind: 'trace',
      timeZone: 'Asia/Taipei',
      window: { fromMs: Date.parse('2026-11-20T00:00+08:00'), toMs: Date.parse('2026-11-21T00:00+08:00') },
    });
  });
});

describe('several keywords', () => {
  reads([
    [
      'from:ann@x.example to:bob@y.example since 9am',
      'from=ann@x.example | to=bob@y.example @ 2026-11-21 09:00 to 2026-11-21 14:47',
    ],
    ['from: ann@x.example to: bob@y.example', `from=ann@x.example | to=bob@y.example @ ${LAST_DAY}`],
    [
      'From:ann@x.example, To:bob@y.example; yesterday 10am',
      `from=ann@x.example | to=bob@y.example @ ${YESTERDAY_10AM}`,
    ],
    ['from:ann@x.example from 9:00 to 11:30', 'from=ann@x.example @ 2026-11-21 09:00 to 2026-11-21 11:30'],
    ['from:<> to:ann@x.example', `from= | to=ann@x.example @ ${LAST_DAY}`],
    ['ann@x.example bob@y.example', `address-or-id=ann@x.example | address-or-id=bob@y.example @ ${LAST_DAY}`],
    [
      'ann@x.example mx1.campus.example friday 10am',
      `address-or-id=ann@x.example | domain-or-host=mx1.campus.example @ ${YESTERDAY_10AM}`,
    ],
    ['ann@x.example 4jWkFk143lznk7d', `address-or-id=ann@x.example | word=4jWkFk143lznk7d @ ${LAST_DAY}`],
    ['ann@x.example 3D5F00AB12', `address-or-id=ann@x.example | word=3D5F00AB12 @ ${LAST_DAY}`],
    ['ann@x.example 1vKx9A-0000001abc-2Def', `address-or-id=ann@x.example | word=1vKx9A-0000001abc-2Def @ ${LAST_DAY}`],
    ['ann@x.example 4BzklmNPqrST', `address-or-id=ann@x.example | word=4BzklmNPqrST @ ${LAST_DAY}`],
    ['client:192.0.2.1 sasl:ann qid:4bXyz', `client=192.0.2.1 | sasl=ann | qid=4bXyz @ ${LAST_DAY}`],
    ['ann@x.example "bob"', `address-or-id=ann@x.example | word=bob @ ${LAST_DAY}`],
    ["ann@x.example 'yesterday' yesterday 10am", `address-or-id=ann@x.example | word=yesterday @ ${YESTERDAY_10AM}`],
  ]);
});

describe('message-ids, quotes and names', () => {
  reads([
    ['<CAF=abc@mail.example>', `address-or-id=CAF=abc@mail.example @ ${LAST_DAY}`],
    ['<CAF=abc@mail.example> yesterday 10am', `address-or-id=CAF=abc@mail.example @ ${YESTERDAY_10AM}`],
    ['id:<CAF=abc@mail.example> yesterday 10am', `id=CAF=abc@mail.example @ ${YESTERDAY_10AM}`],
    ['id:<a b c> yesterday 10am', `id=a b c @ ${YESTERDAY_10AM}`],
    ['<!&!AAAA==@x.example>', `address-or-id=!&!AAAA==@x.example @ ${LAST_DAY}`],
    ['text:"status=deferred (host"', `text=status=deferred (host @ ${LAST_DAY}`],
    ['text:"status=deferred (host" yesterday 10am', `text=status=deferred (host @ ${YESTERDAY_10AM}`],
    ['text:\u201cstatus=deferred (host\u201d yesterday 10am', `text=status=deferred (host @ ${YESTERDAY_10AM}`],
    ['text:\u201estatus=deferred (host\u201c yesterday 10am', `text=status=deferred (host @ ${YESTERDAY_10AM}`],
    ['text: "over quota" yesterday 10am', `text=over quota @ ${YESTERDAY_10AM}`],
    ['text:\'say "hello"\' yesterday 10am', `text=say "hello" @ ${YESTERDAY_10AM}`],
    ['text:`a "b" \'c\'` yesterday 10am', `text=a "b" 'c' @ ${YESTERDAY_10AM}`],
    // Inside quotes nothing is made plain.
    ['text:"yesterday \u2013 10am"', `text=yesterday \u2013 10am @ ${LAST_DAY}`],
    ['text:foo, yesterday 10am', `text=foo, @ ${YESTERDAY_10AM}`],
    ['"text:over quota" yesterday 10am', `text=over quota @ ${YESTERDAY_10AM}`],
    ['`4bXyz` yesterday 10am', `word=4bXyz @ ${YESTERDAY_10AM}`],
    ['"help"', `word=help @ ${LAST_DAY}`],
    ['"last" friday 10am', `word=last @ ${YESTERDAY_10AM}`],
    ['text:yesterday', `text=yesterday @ ${LAST_DAY}`],
    ["o'brien@x.example yesterday 10am", `address-or-id=o'brien@x.example @ ${YESTERDAY_10AM}`],
    ['o\u2019brien@x.example yesterday 10am', `address-or-id=o'brien@x.example @ ${YESTERDAY_10AM}`],
    ['"john doe"@x.example yesterday 10am', `address-or-id="john doe"@x.example @ ${YESTERDAY_10AM}`],
    // Names that are words for a time elsewhere.
    ['may yesterday 10am', `word=may @ ${YESTERDAY_10AM}`],
    ['sun@x.example', `address-or-id=sun@x.example @ ${LAST_DAY}`],
    ['12DEC0', `word=12DEC0 @ ${LAST_DAY}`],
    ['today@x.example today 10am', 'address-or-id=today@x.example @ 2026-11-21 09:00 to 2026-11-21 11:00'],
    // Nothing but text, whatever it looks like to others.
    ['$(reboot)', `word=$(reboot) @ ${LAST_DAY}`],
    // Slack's own syntax is text like any other.
    ['text:<!channel>', `text=<!channel> @ ${LAST_DAY}`],
    ['<@U123ABC>', `address-or-id=@U123ABC @ ${LAST_DAY}`],
    ['&lt;!here&gt; yesterday 10am', `word=!here @ ${YESTERDAY_10AM}`],
    ['text:"; rm -rf / #"', `text=; rm -rf / # @ ${LAST_DAY}`],
    ['*bold*@x.example', `address-or-id=*bold*@x.example @ ${LAST_DAY}`],
  ]);
});

describe('what Slack does to the text', () => {
  reads([
    ['<mailto:ann@x.example|ann@x.example> yesterday 10am', `address-or-id=ann@x.example @ ${YESTERDAY_10AM}`],
    ['<mailto:ann@x.example>', `address-or-id=ann@x.example @ ${LAST_DAY}`],
    ['<mailto:a%2Bb@x.example|a+b@x.example>', `address-or-id=a+b@x.example @ ${LAST_DAY}`],
    [
      'from:<mailto:ann@x.example|ann@x.example> to:<mailto:bob@y.example|bob@y.example>',
      `from=ann@x.example | to=bob@y.example @ ${LAST_DAY}`,
    ],
    ['<http://x.example|x.example> yesterday 10am', `domain-or-host=x.example @ ${YESTERDAY_10AM}`],
    ['client:<http://mx1.x.example|mx1.x.example>', `client=mx1.x.example @ ${LAST_DAY}`],
    ['text:<https://x.example/p?a=1&amp;b=2>', `text=https://x.example/p?a=1&b=2 @ ${LAST_DAY}`],
    ['&lt;CAF=abc@mail.example&gt; yesterday 10am', `address-or-id=CAF=abc@mail.example @ ${YESTERDAY_10AM}`],
    [
      '&lt;<mailto:CAF=abc@mail.example|CAF=abc@mail.example>&gt; yesterday 10am',
      `address-or-id=CAF=abc@mail.example @ ${YESTERDAY_10AM}`,
    ],
    ['from:&lt;&gt; yesterday 10am', `from= @ ${YESTERDAY_10AM}`],
    ['text:"a &amp;amp; b"', `text=a &amp; b @ ${LAST_DAY}`],
    ['text:"&lt;@U123&gt;"', `text=<@U123> @ ${LAST_DAY}`],
    ['explain <http://5.1.1|5.1.1>', 'explain 5.1.1'],
  ]);
});

describe('explain and help', () => {
  reads([
    ['', 'help'],
    ['  \u00a0 ', 'help'],
    ['help', 'help'],
    ['HELP', 'help'],
    ['--help', 'help'],
    ['?', 'help'],
    ['explain 5.1.1', 'explain 5.1.1'],
    ['Explain  454 4.7.1 Relay access denied', 'explain 454 4.7.1 Relay access denied'],
    ['help@x.example', `address-or-id=help@x.example @ ${LAST_DAY}`],
    ['explain@x.example', `address-or-id=explain@x.example @ ${LAST_DAY}`],
  ]);
});

/** Command, code of the problem, a piece of its message or hint. */
const PROBLEMS: readonly (readonly [string, string, string])[] = [
  // The part that is not understood is named.
  ['ann@x.example gestern 10 Uhr', 'keyword', '"gestern 10 Uhr" is not understood'],
  ['ann@x.example gestern', 'keyword', 'quote it: "gestern"'],
  ['ann@x.example yestrday 10am', 'keyword', '"yestrday 10am" is not understood'],
  ['ann@x.example bob', 'keyword', 'quote it: "bob"'],
  ['ann@x.example 10minuten', 'keyword', '"10minuten" is not understood'],
  ['ann@x.example yesterday10am', 'keyword', '"yesterday10am" is not understood'],
  ['ann@x.example gestern10', 'keyword', '"gestern10" is not understood'],
  ['ann@x.example 20Nov2026', 'keyword', '"20Nov2026" is not understood'],
  ['ann@x.example 20261120', 'keyword', '"20261120" is not understood'],
  ['ann@x.example 20261120T1000Z', 'keyword', '"20261120T1000Z" is not understood'],
  ['ann@x.example 2026-11-20_10:00', 'keyword', 'is not understood'],
  ['ann@x.example 10 a.m. please', 'time-phrase', 'at "please"'],
  ['ann@x.example yesterday 10am foo', 'time-phrase', 'at "foo"'],
  ['ann@x.example 10 Uhr', 'time-phrase', '"10 uhr" is not understood'],
  ['ann@x.example 03/04', 'time-phrase', '2026-04-03 or 2026-03-04'],
  ['ann@x.example 20.11.2026', 'time-phrase', '2026-11-20'],
  ['ann@x.example 20th', 'time-phrase', 'is not understood'],
  ['ann@x.example 10h30', 'time-phrase', '14:30'],
  ['ann@x.example 10:00foo', 'time-phrase', 'is not understood'],
  ['ann@x.example 2026-W47', 'time-phrase', 'is not understood'],
  ['ann@x.example tomorrow', 'time-phrase', 'Logs hold only what was'],
  ['ann@x.example last week', 'time-phrase', 'last 7d'],
  ['ann@x.example -', 'time-phrase', 'is not understood'],
  ['ann@x.example --time yesterday', 'time-phrase', 'is not understood'],
  ['ann@x.example yesterday 4h', 'time-phrase', 'is a whole day'],
  ['ann@x.example 4h 2h', 'usage', 'two durations'],
  ['ann@x.example today 18:00', 'time-phrase', 'lies in the future'],
  // In the wrong order, or without colons.
  ['ann@x.example yesterday 10am to:bob@y.example', 'time-phrase', 'What to find comes first'],
  ['ann@x.example 10am bob@y.example', 'time-phrase', 'What to find comes first'],
  ['from ann@x.example to bob@y.example', 'keyword', 'Write from:ann@x.example to:bob@y.example'],
  ['x.example from ann@x.example', 'time-phrase', 'Write from:ann@x.example'],
  // Nothing to find.
  ['yesterday 10am', 'keyword', 'names nothing to find'],
  ['yesterday 10am ann@x.example', 'keyword', 'names nothing to find'],
  ['last friday', 'keyword', 'names nothing to find'],
  ['4h', 'keyword', 'names nothing to find'],
  ['friday', 'keyword', 'names nothing to find'],
  ['2 hours ago', 'keyword', 'names nothing to find'],
  ['10am', 'keyword', 'names nothing to find'],
  ['11pm', 'keyword', 'names nothing to find'],
  ['2026-11-20 10:00', 'keyword', 'names nothing to find'],
  ['from 9:00 to 11:30', 'keyword', 'names nothing to find'],
  ['to:', 'keyword', 'is empty'],
  ['""', 'keyword', 'is empty'],
  ['ann@x.example text:""', 'keyword', 'is empty'],
  ['.', 'keyword', 'is empty'],
  [', ;', 'keyword', 'nothing to find'],
  // Quotes.
  ['text:"status=deferred', 'keyword', 'does not end'],
  ['"ann@x.example', 'keyword', 'does not end'],
  ['text:"a"b', 'keyword', 'does not end'],
  ['"over quota"', 'keyword', 'holds blanks'],
  ['ann@x.example "yesterday 10am"', 'keyword', 'holds blanks'],
  ['<over quota>', 'keyword', 'holds blanks'],
  // Links.
  ['<https://x.example/path>', 'keyword', 'is a link'],
  ['ann@x.example https://x.example', 'keyword', 'is a link'],
  // Subcommands.
  ['explain', 'usage', 'explain 5.1.1'],
  ['help me', 'usage', '"me" after help'],
  // Bounds.
  ['a@x.example '.repeat(17), 'keyword', 'more than 16 keywords'],
  ['a'.repeat(3001), 'usage', '3001 characters'],
  [`text:${'a'.repeat(1001)}`, 'keyword', '1001 characters'],
  ['ann\u0000@x.example', 'keyword', 'NUL'],
];

describe('problems', () => {
  it.each(PROBLEMS)('%s', (text, code, piece) => {
    const error = problemOf(text);
    expect(error.code).toBe(code);
    expect(`${error.message} ${error.hint}`).toContain(piece);
  });

  it('names a zone that is not known', () => {
    expect(problemOf('ann@x.example', { ...CONTEXT, timeZone: 'Mars/Olympus' })).toMatchObject({
      code: 'config',
      message: 'The time zone "Mars/Olympus" is not known here.',
    });
  });

  it('never hold control characters or more than a glance of text', () => {
    for (const text of ['a@x.example \u001b[31mfoo', `ann ${'x'.repeat(900)}`, `yesterday ${'b'.repeat(900)}`]) {
      const { message, hint } = problemOf(text);
      expect(message).not.toMatch(/\p{Cc}/u);
      expect(message.length + hint.length).toBeLessThan(600);
    }
  });
});

describe('whatever is typed', () => {
  const PIECES = [
    ...'ann@x.example x.example 4bXyz from: to:bob@y.example text:"a <@U1> <!here> explain help mute &lt; > < " \' ` | 192.0.2.1'.split(
      ' ',
    ),
    ...'yesterday 10am 4h last friday since from 9:00 to 11:30 2026-11-20 between and now \u00b12h 03/04 \u201c \u00a0 , ;'.split(
      ' ',
    ),
  ];

  it('comes back as a command; a window begins before it ends, in the future only by a date with its year', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.array(fc.constantFrom(...PIECES), { maxLength: 9 }).map((pieces) => pieces.join(' ')),
      fc.array(fc.constantFrom(...PIECES), { maxLength: 9 }).map((pieces) => pieces.join('')),
    );
    const zones = fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'nowhere',
    );
    const kinds = new Map<string, number>();
    fc.assert(
      fc.property(texts, zones, fc.integer({ min: 1e12, max: 2e12 }), (text, timeZone, nowMs) => {
        const command = parseCommand(text, { nowMs, timeZone });
        kinds.set(command.kind, (kinds.get(command.kind) ?? 0) + 1);
        if (command.kind !== 'trace') return;
        expect(command.keywords.length).toBeGreaterThan(0);
        expect(command.window.fromMs).toBeLessThan(command.window.toMs);
        if (!/\d{4}-\d{2}-\d{2}/.test(text)) expect(command.window.fromMs).toBeLessThanOrEqual(nowMs);
      }),
      { numRuns: 1500, seed: 20261121 },
    );
    expect(kinds.get('trace')).toBeGreaterThan(100);
    expect(kinds.get('problem')).toBeGreaterThan(100);
  });
});
