import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALERT_KINDS, FILTER_NAMES, NO_FILTERS, subscriptionId } from '../../src/domain/subscription.ts';
import { type Command, parseCommand } from '../../src/query/parse-command.ts';
import { parseSubscription, subscriptionText, unsubscriptionText } from '../../src/query/parse-subscription.ts';

const CONTEXT = { nowMs: Date.parse('2026-11-21T14:47:23+01:00'), timeZone: 'Europe/Berlin' };

/** As typed again: the one form of what was understood. */
const show = (command: Command): string => {
  switch (command.kind) {
    case 'subscribe':
      return `subscribe ${subscriptionText(command.rule)}`;
    case 'unsubscribe':
      return command.what.kind === 'some'
        ? `unsubscribe ${unsubscriptionText(command.what)}`
        : `unsubscribe: ${command.what.kind}`;
    case 'mute':
      return `mute ${command.forMs} ms`;
    case 'problem':
      return `problem: ${command.error.message} ${command.error.hint}`;
    default:
      return command.kind;
  }
};

const read = (text: string): string => show(parseCommand(text, CONTEXT));

describe('subscribe', () => {
  it.each([
    ['subscribe bounced', 'subscribe bounced'],
    ['Subscribe BOUNCED Deferred', 'subscribe bounced deferred'],
    ['subscribe deferred, bounced', 'subscribe bounced deferred'],
    ['subscribe bounced and deferred or expired', 'subscribe bounced deferred expired'],
    ['subscribe bounced bounced', 'subscribe bounced'],
    ['subscribe bounced deferred expired rejected loop', 'subscribe bounced deferred expired rejected loop'],
    // Slow, with and without a delay.
    ['subscribe slow', 'subscribe slow delay>5m'],
    ['subscribe slow delay&gt;10m', 'subscribe slow delay>10m'],
    ['subscribe slow delay > 90 seconds', 'subscribe slow delay>1m30s'],
    ['subscribe delay>1h30m', 'subscribe slow delay>1h30m'],
    ['subscribe slow>2m bounced', 'subscribe bounced slow delay>2m'],
    ['subscribe slow:2m', 'subscribe slow delay>2m'],
    ['subscribe slow over 2m', 'subscribe slow delay>2m'],
    // Filters.
    ['subscribe bounced from:Ann@X.example', 'subscribe bounced from:ann@x.example'],
    ['subscribe bounced from:<mailto:ann@x.example|ann@x.example>', 'subscribe bounced from:ann@x.example'],
    ['subscribe bounced from:&lt;ann@x.example&gt;', 'subscribe bounced from:ann@x.example'],
    ['subscribe bounced from:&lt;&gt;', 'subscribe bounced from:<>'],
    ['subscribe bounced from:*@x.example', 'subscribe bounced from:@x.example'],
    ['subscribe bounced from: @x.example.', 'subscribe bounced from:@x.example'],
    ['subscribe bounced to:x.example', 'subscribe bounced to:x.example'],
    ['subscribe bounced to:a@x.example,b@y.example', 'subscribe bounced to:a@x.example to:b@y.example'],
    ['subscribe bounced to:a@x.example to:b@y.example', 'subscribe bounced to:a@x.example to:b@y.example'],
    ['subscribe bounced to:"a@x.example","b@y.example"', 'subscribe bounced to:a@x.example to:b@y.example'],
    ['subscribe bounced to:“a@x.example”', 'subscribe bounced to:a@x.example'],
    ['subscribe bounced from:"a, b"@x.example', 'subscribe bounced from:"a, b"@x.example'],
    ['subscribe domain:@x.example bounced', 'subscribe bounced domain:x.example'],
    ['subscribe bounced domain:*.x.example,domain:y.example', 'subscribe bounced domain:x.example domain:y.example'],
    ['subscribe bounced domain:<http://x.example|x.example>', 'subscribe bounced domain:x.example'],
    ['subscribe bounced domain:bücher.example', 'subscribe bounced domain:bücher.example'],
    ['subscribe bounced relay:MX.partner.example:25', 'subscribe bounced relay:mx.partner.example'],
    ['subscribe bounced relay:[192.0.2.25]:25', 'subscribe bounced relay:192.0.2.25'],
    ['subscribe bounced relay:192.0.2.0/24', 'subscribe bounced relay:192.0.2.0/24'],
    ['subscribe bounced relay:2001:db8::1', 'subscribe bounced relay:2001:db8::1'],
    ['subscribe bounced host:mx1 cluster:MX', 'subscribe bounced host:mx1 cluster:MX'],
    ['subscribe bounced cluster:"mail hosts"', 'subscribe bounced cluster:"mail hosts"'],
    ['subscribe bounced dsn:5.7.1', 'subscribe bounced dsn:5.7.1'],
    ['subscribe bounced dsn:5.7.*', 'subscribe bounced dsn:5.7.*'],
    ['subscribe bounced dsn:5.7', 'subscribe bounced dsn:5.7.*'],
    ['subscribe bounced dsn:4.*.*,5', 'subscribe bounced dsn:4.* dsn:5.*'],
    ['subscribe bounced dsn:*.7.1', 'subscribe bounced dsn:*.7.1'],
    // Thresholds.
    ['subscribe bounced over 20 in 10m', 'subscribe bounced over 20 in 10m'],
    ['subscribe bounced more than 5 within 1 hour', 'subscribe bounced over 5 in 1h'],
    ['subscribe bounced > 5 per 90m', 'subscribe bounced over 5 in 1h30m'],
    ['subscribe over 20 in 10m deferred', 'subscribe deferred over 20 in 10m'],
    ['subscribe slow over 20 in 10m', 'subscribe slow delay>5m over 20 in 10m'],
    ['subscribe list', 'subscriptions'],
    ['subscriptions', 'subscriptions'],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    ['subscribe', 'Say what to watch. There are bounced, deferred, expired, rejected, slow, loop'],
    ['subscribe', '/mailtrace subscribe bounced deferred'],
    ['subscribe domain:x.example', 'Say what to watch.'],
    ['subscribe over 20 in 10m', 'Say what to watch.'],
    ['subscribe bounce', 'Did you mean bounced?'],
    ['subscribe defered', 'Did you mean deferred?'],
    ['subscribe reject', 'Did you mean rejected?'],
    ['subscribe failed', 'There are bounced, deferred'],
    ['subscribe all', 'There are bounced, deferred'],
    ['subscribe bounced domian:x.example', 'Did you mean domain:?'],
    ['subscribe bounced colour:red', 'There are from: to: domain: relay: host: cluster: dsn:'],
    ['subscribe bounced domain', 'A filter has a colon: domain:…'],
    ['subscribe bounced ann@x.example', 'from:ann@x.example or to:ann@x.example'],
    ['subscribe bounced x.example', 'domain:x.example, relay:x.example or host:x.example'],
    ['subscribe bounced to:a@x.example, b@y.example', '"b@y.example" is not understood.'],
    ['subscribe bounced from:a@x.example or to:b@x.example', '"or" is not understood'],
    ['subscribe bounced from:', 'from: needs a value'],
    ['subscribe bounced domain:ann@x.example', 'is an address; use from: or to:'],
    ['subscribe bounced from:a*@x.example', 'is no address'],
    ['subscribe bounced domain:x.*', 'a domain stands for its sub-domains too'],
    ['subscribe bounced to:&lt;&gt;', 'is the null sender, which receives nothing'],
    ['subscribe bounced dsn:550', 'is a reply code, no enhanced status code. Write for example dsn:5.1.1'],
    ['subscribe bounced dsn:3.1.1', 'is no enhanced status code'],
    ['subscribe bounced dsn:5.7.1.2', 'is no enhanced status code'],
    ['subscribe bounced relay:-x', 'is no domain'],
    ['subscribe bounced over 20', 'is no threshold. Write how many in what time: over 20 in 10m'],
    ['subscribe bounced over twenty in 10m', 'is no threshold'],
    ['subscribe bounced over 0 in 10m', 'Use 1 to 1000'],
    ['subscribe bounced over 5000 in 10m', 'Use 1 to 1000'],
    ['subscribe bounced over 20 in 10s', 'Use 1m to 1d'],
    ['subscribe bounced over 20 in 3d', 'Use 1m to 1d'],
    ['subscribe bounced over 2 in 10m over 3 in 10m', 'two thresholds'],
    ['subscribe slow delay>', 'Write delay>5m'],
    ['subscribe slow delay<5m', 'Write delay>5m'],
    ['subscribe bounced from:"ann', 'does not end'],
    [
      `subscribe bounced ${Array.from({ length: 51 }, (_, i) => `to:a${i}@x.example`).join(' ')}`,
      'more than 50 values',
    ],
    ['subscriptions now', '"now" after subscriptions is not understood'],
  ])('refuses %s', (text, piece) => {
    expect(read(text)).toMatch(/^problem: /);
    expect(read(text)).toContain(piece);
  });
});

describe('unsubscribe', () => {
  it.each([
    ['unsubscribe', 'unsubscribe: list'],
    ['Unsubscribe ALL', 'unsubscribe: all'],
    ['unsubscribe bounced domain:x.example', 'unsubscribe bounced domain:x.example'],
    ['unsubscribe domain:x.example', 'unsubscribe domain:x.example'],
    // A line that subscribed is taken back as it stands.
    ['unsubscribe bounced slow delay>5m dsn:5.7.* over 20 in 10m', 'unsubscribe bounced slow dsn:5.7.*'],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it('refuses what it does not understand', () => {
    expect(read('unsubscribe bounced everything')).toContain('problem: "everything" is not understood');
  });
});

describe('mute', () => {
  it.each([
    ['mute 1h', 'mute 3600000 ms'],
    ['mute for 30 minutes', 'mute 1800000 ms'],
    ['unmute', 'unmute'],
    ['mute', 'needs a time'],
    ['mute 10s', 'out of range'],
    ['mute 8d', 'out of range'],
    ['mute forever', 'is no duration'],
    ['unmute 1h', '"1h" after unmute'],
  ])('%s', (text, expected) => {
    expect(read(text)).toContain(expected);
  });
});

const rules = fc.record({
  kinds: fc.subarray([...ALERT_KINDS], { minLength: 1 }),
  filters: fc
    .record({
      from: fc.subarray(['<>', '@x.example', 'y.example', 'ann@x.example', '"a, b"@x.example']),
      to: fc.subarray(['bob@y.example', 'z.example']),
      domain: fc.subarray(['x.example', 'y.example']),
      relay: fc.subarray(['mx.y.example', '192.0.2.0/24', '2001:db8::1']),
      host: fc.subarray(['mx1', 'mx2.x.example']),
      cluster: fc.subarray(['mx', 'mail hosts']),
      dsn: fc.subarray(['5.7.1', '5.7.*', '4.*', '*']),
    })
    .map((filters) => ({ ...NO_FILTERS, ...filters })),
  slowMs: fc.integer({ min: 1, max: 100_000 }).map((seconds) => seconds * 1000),
  threshold: fc.option(
    fc.record({
      count: fc.integer({ min: 1, max: 1000 }),
      windowMs: fc.integer({ min: 60, max: 86_400 }).map((seconds) => seconds * 1000),
    }),
  ),
});

describe('a rule', () => {
  it('is what its text says', () => {
    fc.assert(
      fc.property(rules, ({ slowMs, ...rest }) => {
        const rule = { ...rest, slowMs: rest.kinds.includes('slow') ? slowMs : null };
        expect(parseSubscription(subscriptionText(rule))).toEqual(rule);
      }),
      { numRuns: 500, seed: 20261121 },
    );
  });

  it('has the same id in whatever order its filters stand', () => {
    const idOf = (text: string) => subscriptionId('C1', parseSubscription(text).filters);
    expect(idOf('bounced to:a@x.example to:b@x.example dsn:5.*')).toBe(
      idOf('deferred dsn:5.* to:b@x.example,a@x.example over 2 in 1h'),
    );
    expect(idOf('bounced to:x.example')).not.toBe(idOf('bounced from:x.example'));
    expect(subscriptionId('C2', NO_FILTERS)).not.toBe(subscriptionId('C1', NO_FILTERS));
    expect(FILTER_NAMES.every((name) => NO_FILTERS[name].length === 0)).toBe(true);
  });
});
