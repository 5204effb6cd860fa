/** The spans of a real fleet: whatever a host logs, its spans link up with those of the hosts before and behind it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { buildHostDirectory } from '../../src/domain/host-names.ts';
import type { Transaction } from '../../src/domain/transaction.ts';
import { deliverySpans, isDrawn, isEntry, rootSpan, transactionSpan } from '../../src/render/spans.ts';
import { linkTransactions } from '../../src/trace/link.ts';
import { foldLines, idsOf } from './spans-story.ts';

const MAILBED = fileURLToPath(new URL('../fixtures/mailbed', import.meta.url));

type TruthHost = Readonly<{
  host: string;
  log_hostname: string;
  ip: string;
  public_ip: string | null;
  ipv6: string | null;
}>;
const truth = JSON.parse(readFileSync(join(MAILBED, 'truth.json'), 'utf8')) as {
  hosts: readonly TruthHost[];
  time: { start: number };
};

const linesOf = ({ log_hostname: name }: TruthHost): readonly string[] => {
  const folder = join(MAILBED, 'hosts', name, 'rfc3339');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .toReversed()
    .flatMap((file) => {
      const bytes = readFileSync(join(folder, file));
      return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n');
    });
};

const directory = buildHostDirectory({
  hosts: truth.hosts.map(({ host }) => host),
  clusters: {},
  domain: 'campus.example',
  aliases: truth.hosts.flatMap(({ host, ip, public_ip: publicIp, ipv6 }) =>
    [ip, publicIp, ipv6].flatMap((address) => (address === null ? [] : [{ host, ip: address }])),
  ),
});
const transactions = foldLines(
  Object.fromEntries(truth.hosts.map((host) => [host.host, linesOf(host)])),
  truth.time.start * 1000,
);

const spanOf = (transaction: Transaction) => transactionSpan(transaction, directory, { isOpen: false, cause: null });

describe('the spans of the mailbed fleet', () => {
  it('have the ids of the contract', () => {
    expect(transactions.length).toBeGreaterThan(1500);
    for (const t of transactions) {
      const ids = idsOf(t.messageId, [t.host, t.queueId, new Date(t.arrivedAtMs).toISOString()]);
      expect(rootSpan(t).spanId).toBe(ids.root);
      expect(spanOf(t)).toMatchObject({ traceId: ids.trace, spanId: ids.transaction(t.host, t.queueId) });
      const expected = t.recipients.flatMap(({ attempts }) =>
        attempts.map(({ nextQueueId, relay, timeMs }) =>
          nextQueueId === null
            ? ids.attempt(t.host, t.queueId, relay?.host ?? relay?.ip ?? 'local', new Date(timeMs).toISOString())
            : ids.handover(nextQueueId),
        ),
      );
      expect(new Set(deliverySpans(t).map(({ spanId }) => spanId))).toEqual(new Set(expected));
    }
  });

  it('hang under the delivery that brought the message, for every hop that the replies name', () => {
    const { links } = linkTransactions({ transactions, machines: directory, gapReason: () => 'unknown' });
    const named = links.filter(
      ({ from, to, evidence }) =>
        evidence !== 'message-id' &&
        // Without a message-id every transaction is a trace of its own.
        from.messageId !== null &&
        from.messageId === to.messageId &&
        to.client !== null &&
        from.recipients.some(({ attempts }) => attempts.some(({ nextQueueId }) => nextQueueId === to.queueId)),
    );
    expect(named.length).toBeGreaterThan(1300);
    for (const { from, to } of named) {
      expect(deliverySpans(from).map(({ spanId }) => spanId)).toContain(spanOf(to).parentSpanId);
    }
  });

  it('are one span where they have one id, also behind a filter that logs on its own', () => {
    const drawn = transactions.filter(isDrawn);
    expect(transactions.length - drawn.length).toBeGreaterThan(300);
    const known = new Map<string, string>();
    for (const t of drawn) {
      for (const { traceId, spanId, parentSpanId, name, serviceName, startMs } of [spanOf(t), ...deliverySpans(t)]) {
        const key = `${traceId} ${spanId}`;
        const identity = `${parentSpanId} ${name} ${serviceName} ${startMs}`;
        expect(known.get(key) ?? identity).toBe(identity);
        known.set(key, identity);
      }
    }
  });

  it('begin at the root where the message came from outside or was made here', () => {
    const entries = transactions.filter((t) => isDrawn(t) && isEntry(t, directory));
    expect(entries.length).toBeGreaterThan(300);
    for (const t of entries) {
      expect(spanOf(t).parentSpanId).toBe(rootSpan(t).spanId);
      const isOurs = truth.hosts.some(({ ip, public_ip: publicIp, ipv6 }) =>
        [ip, publicIp, ipv6].includes(t.client?.ip ?? '-'),
      );
      expect(isOurs, `${t.host} ${t.queueId} ${t.client?.ip}`).toBe(false);
    }
  });

  it('end no earlier than they start, lie in their parent, and tell the encryption where it was logged', () => {
    for (const t of transactions) {
      for (const span of [rootSpan(t), spanOf(t), ...deliverySpans(t)]) {
        expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
        expect(span.startMs).toBeGreaterThanOrEqual(t.arrivedAtMs);
        expect(span.endMs).toBeLessThanOrEqual(Math.max(t.lastSeenMs, t.arrivedAtMs));
      }
    }
    const encrypted = transactions.filter((t) => spanOf(t).attributes['tls.protocol.version'] === '1.3');
    expect(encrypted.length).toBeGreaterThan(500);
  });
});
