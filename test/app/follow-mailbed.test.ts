/** Following a real fleet to its end: the MTAs say in different ways that they are done with a message. */
import { describe, expect, it } from 'vitest';
import type { Span } from '../../src/domain/span.ts';
import { createDisk, MINUTE, startFollowing } from '../support/follow-bench.ts';
import { readMailbed } from '../support/mailbed-records.ts';

const CHUNK = 3000;

const followMailbed = async () => {
  const { records } = await readMailbed('rfc3339');
  const disk = createDisk();
  const bench = startFollowing({ disk });
  const lastMs = Math.max(...records.map(({ timeMs }) => timeMs));
  for (let at = 0; at < records.length; at += CHUNK) {
    await bench.feed(records.slice(at, at + CHUNK), { atMs: lastMs, isCaughtUp: false });
  }
  // Until what ended is closed, and what is still open was sent as such.
  for (let minute = 1; minute <= 12; minute++) await bench.feed([], { atMs: lastMs + minute * MINUTE });
  await bench.stop();
  const open = await disk.index.listOpen({ arrivedBeforeMs: Number.MAX_SAFE_INTEGER, after: null, limit: 100 });
  return { disk, open, places: bench.metric('mailtrace_places_in_memory') };
};

const identityOf = ({ parentSpanId, name, serviceName }: Span): string => `${parentSpanId} ${name} ${serviceName}`;

describe('the mailbed, followed to its end', () => {
  it('ends the transactions of every MTA, and leaves nothing in memory', async () => {
    const { disk, open, places } = await followMailbed();
    // The one mail that waits for its next attempt.
    expect(open.map(({ transaction: { recipients } }) => recipients.map(({ status }) => status))).toEqual([
      ['deferred'],
    ]);
    expect(places).toBe(0);
    const own = disk.spans.filter(({ name }) => name === 'email.transaction');
    const ended = own.filter(({ attributes }) => attributes['mailtrace.open'] === undefined);
    expect(own.length - ended.length).toBe(1);
    const ofMta = (mta: string) => ended.filter(({ attributes }) => attributes['mailtrace.mta'] === mta).length;
    expect(ofMta('postfix')).toBeGreaterThan(1500);
    for (const mta of ['sendmail', 'exim']) expect(ofMta(mta), mta).toBeGreaterThan(30);
    expect(ofMta('dovecot')).toBeGreaterThan(100);
    // Its part is in the spans of the MTA that asked it.
    expect(ofMta('amavis')).toBe(0);
  });

  it('hangs the mailbox under the attempt that named its session, and sends no root for it', async () => {
    const { disk } = await followMailbed();
    const attempts = new Set(disk.spans.flatMap(({ name, spanId }) => (name === 'email.attempt' ? [spanId] : [])));
    const mailboxes = disk.spans.filter(
      ({ name, attributes }) => name === 'email.transaction' && attributes['mailtrace.mta'] === 'dovecot',
    );
    const linked = mailboxes.filter(({ parentSpanId }) => attempts.has(parentSpanId ?? ''));
    // But for mail without a message-id: there each transaction is a trace of its own.
    expect(linked.length).toBeGreaterThan(mailboxes.length - 5);
    const roots = new Set(disk.spans.flatMap(({ name, spanId }) => (name === 'email.delivery' ? [spanId] : [])));
    expect(mailboxes.filter(({ parentSpanId }) => roots.has(parentSpanId ?? ''))).toEqual([]);
  });

  it('sends no two spans under one id', async () => {
    const { disk } = await followMailbed();
    const known = new Map<string, string>();
    for (const span of disk.spans) {
      const key = `${span.traceId} ${span.spanId}`;
      expect(known.get(key) ?? identityOf(span)).toBe(identityOf(span));
      known.set(key, identityOf(span));
    }
    expect(known.size).toBeGreaterThan(4000);
  });
});
