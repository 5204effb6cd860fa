/** What every StateStore promises (src/app/ports.ts). An adapter passes by calling `testStateStore` with a way to open an empty one. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutboxEntry, StateChanges, StateStore } from '../../src/app/ports.ts';
import { hostName, parseMessageId, queueId } from '../../src/domain/ids.ts';
import type { Alert, Incident, Subscription } from '../../src/domain/subscription.ts';

export type StateStoreMaker = Readonly<{
  /** A new, empty store. */
  open: () => Promise<StateStore>;
  /** Closes `store` and opens the same again; null: it lives in memory only. */
  reopen: ((store: StateStore) => Promise<StateStore>) | null;
  /** Takes away what `open` made. */
  remove: () => Promise<void>;
}>;

const T0 = Date.parse('2026-11-21T09:00:00Z');

/** Text that SQL and JSON could stumble over. */
const ODD = `it's "quoted"; DROP TABLE incidents; -- \\ %_*? \u2028 \u0001 grüße 日本語 😀 <!channel> ${'x'.repeat(5000)}`;
/** From log lines: also what databases refuse in plain text. It stands inside JSON only. */
const HOSTILE = `${ODD} \u0000 \ud800 after`;

const subscription = (id: string, changes: Partial<Subscription> = {}): Subscription => ({
  id,
  channel: 'C1',
  channelName: 'mail-ops',
  createdBy: 'U1',
  createdAtMs: T0,
  kinds: ['bounced', 'deferred'],
  slowMs: null,
  filters: { from: [], to: ['@d.example'], domain: [], relay: [], host: [], cluster: [], dsn: ['5.7.*'] },
  threshold: { count: 20, windowMs: 600_000 },
  scope: { kind: 'limited', domains: ['d.example'], hosts: [] },
  mutedUntilMs: null,
  suspended: null,
  ...changes,
});

const alert = (id: string, changes: Partial<Alert> = {}): Alert => ({
  id,
  subscriptionId: 's1',
  channel: 'C1',
  kind: 'bounced',
  times: 1,
  timeMs: T0,
  host: hostName('mx1.campus.example'),
  queueId: queueId('4jWkFk143lznk7d'),
  messageId: parseMessageId('<abc@x.example>'),
  traceId: '0123456789abcdef0123456789abcdef',
  chainId: null,
  sender: '',
  recipient: 'bob@d.example',
  relay: 'mx.d.example',
  dsn: '5.1.1',
  replyCode: 550,
  response: '550 5.1.1 User unknown',
  delayMs: 1200,
  cause: { at: 'mx.d.example', dsnClass: '5.1', reason: 'user unknown' },
  ...changes,
});

const incident = (id: string, changes: Partial<Incident> = {}): Incident => ({
  id,
  subscriptionId: 's1',
  channel: 'C1',
  cause: { at: 'mx.d.example', dsnClass: '5.1', reason: 'user unknown' },
  kinds: ['bounced'],
  state: 'open',
  openedAtMs: T0,
  firstMs: T0,
  lastMs: T0 + 1000,
  closedAtMs: null,
  count: 3,
  senders: 1,
  recipients: 2,
  topReasons: [{ text: '550 5.1.1 User unknown', count: 3 }],
  example: alert(`${id}-example`),
  messageTs: null,
  acknowledgedBy: null,
  acknowledgedUntilMs: null,
  mutedUntilMs: null,
  tally: {
    senders: ['e3b0c442'],
    recipients: ['98fc1c14', '9afbf4c8'],
    someSenders: [''],
    someRecipients: ['bob@d.example'],
    recentMs: [],
    reasons: [{ key: '5.1 user unknown', text: HOSTILE, count: 3 }],
    details: 1,
    lastDetailMs: T0,
  },
  ...changes,
});

export const outboxEntry = (id: string, changes: Partial<OutboxEntry> = {}): OutboxEntry => ({
  id,
  channel: 'C1',
  incidentId: 'i1',
  kind: 'detail',
  content: '[]',
  createdAtMs: T0,
  dueAtMs: T0,
  tries: 0,
  ...changes,
});

const alertIds = (count: number, changes: Partial<StateChanges['alertIds'][number]> = {}): StateChanges['alertIds'] =>
  Array.from({ length: count }, (_, index) => ({ id: `a${index}`, incidentId: 'i1', timeMs: T0, ...changes }));

const idsOf = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id);

export const testStateStore = (name: string, { open, reopen, remove }: StateStoreMaker): void => {
  describe(`${name} as a StateStore`, () => {
    let store: StateStore;

    beforeEach(async () => {
      store = await open();
    });

    afterEach(async () => {
      await store.close();
      await remove();
    });

    it('begins empty', async () => {
      expect(await store.positions('files')).toEqual(new Map());
      expect(await store.subscriptions()).toEqual([]);
      expect(await store.liveIncidents()).toEqual([]);
      expect(await store.findIncident('i1')).toBeNull();
      expect(await store.knownAlerts(['a'])).toEqual(new Set());
      expect(await store.knownAlerts([])).toEqual(new Set());
      expect(await store.outbox(10)).toEqual([]);
      await store.commit({});
      await store.commit({ positions: [], outbox: [] });
      await store.prune(Number.MAX_SAFE_INTEGER);
    });

    it('keeps positions by source and partition; the last one holds', async () => {
      await store.commit({
        positions: [
          { source: 'files', partition: '/var/log/mail.log', position: '1' },
          { source: 'opensearch', partition: 'logs/0', position: '10' },
          { source: 'files', partition: '/var/log/mail.log', position: '2' },
        ],
      });
      await store.commit({ positions: [{ source: 'files', partition: ODD, position: ODD }] });
      await store.commit({ positions: [{ source: 'opensearch', partition: 'logs/0', position: '11' }] });
      expect(await store.positions('files')).toEqual(
        new Map([
          ['/var/log/mail.log', '2'],
          [ODD, ODD],
        ]),
      );
      expect(await store.positions('opensearch')).toEqual(new Map([['logs/0', '11']]));
      expect(await store.positions('file')).toEqual(new Map());
    });

    it('gives subscriptions back as they were put, oldest first, and replaces by id', async () => {
      const first = subscription('s1', { createdAtMs: T0 });
      const second = subscription('s2', { createdAtMs: T0 - 1, slowMs: 300_000, threshold: null });
      await store.putSubscription(first);
      await store.putSubscription(second);
      expect(await store.subscriptions()).toEqual([second, first]);
      const replaced = subscription('s1', { mutedUntilMs: T0 + 1, createdBy: HOSTILE });
      await store.putSubscription(replaced);
      expect(await store.subscriptions()).toEqual([second, replaced]);
      await store.removeSubscription('s2');
      await store.removeSubscription('not there');
      expect(await store.subscriptions()).toEqual([replaced]);
    });

    it('gives incidents back as they were committed, replaced by id', async () => {
      const odd = incident('i1', {
        example: alert('a1', { response: HOSTILE }),
        topReasons: [{ text: HOSTILE, count: 1 }],
      });
      await store.commit({ incidents: [incident('i1'), odd] });
      expect(await store.findIncident('i1')).toEqual(odd);
      const grown = { ...odd, count: 4, messageTs: '1700000000.000100' };
      await store.commit({ incidents: [grown] });
      expect(await store.findIncident('i1')).toEqual(grown);
      expect(await store.findIncident('I1')).toBeNull();
    });

    it('has closed incidents among the live ones as long as something of them is in the outbox', async () => {
      const closed = (id: string): Incident => incident(id, { state: 'closed', closedAtMs: T0, firstMs: T0 - 5 });
      await store.commit({
        incidents: [
          incident('open', { firstMs: T0 }),
          incident('pending', { state: 'pending', openedAtMs: null, firstMs: T0 - 9 }),
          closed('told'),
          closed('waits'),
        ],
        outbox: [outboxEntry('o1', { incidentId: 'waits' })],
      });
      expect(idsOf(await store.liveIncidents())).toEqual(['pending', 'waits', 'open']);
      await store.commit({ done: ['o1'] });
      expect(idsOf(await store.liveIncidents())).toEqual(['pending', 'open']);
    });

    it('knows the alerts that were counted, thousands at once', async () => {
      await store.commit({ alertIds: alertIds(3000) });
      await store.commit({ alertIds: alertIds(3001) });
      const asked = ['b', 'A0', ...idsOf(alertIds(3001)), 'a3001'];
      expect(await store.knownAlerts(asked)).toEqual(new Set(idsOf(alertIds(3001))));
    });

    it('hands out the outbox in the order of the first put, also of entries put again', async () => {
      await store.commit({ outbox: [outboxEntry('b'), outboxEntry('a')] });
      await store.commit({ outbox: [outboxEntry('c', { createdAtMs: T0 - 1000 })] });
      const again = outboxEntry('b', {
        tries: 1,
        dueAtMs: T0 + 30_000,
        content: JSON.stringify([HOSTILE]),
        kind: 'parent',
      });
      await store.commit({ outbox: [outboxEntry('d', { channel: 'C2' }), again] });
      expect(idsOf(await store.outbox(10))).toEqual(['b', 'a', 'c', 'd']);
      expect((await store.outbox(1))[0]).toEqual(again);
      expect((await store.outbox(10))[3]).toEqual(outboxEntry('d', { channel: 'C2' }));
      await store.commit({ done: ['b', 'not there'], outbox: [outboxEntry('e')] });
      expect(idsOf(await store.outbox(3))).toEqual(['a', 'c', 'd']);
      expect(idsOf(await store.outbox(9))).toEqual(['a', 'c', 'd', 'e']);
    });

    it('drops an entry that is put and done at once', async () => {
      await store.commit({ outbox: [outboxEntry('a')], done: ['a'] });
      expect(await store.outbox(10)).toEqual([]);
    });

    it('takes a large commit whole', async () => {
      const outbox = Array.from({ length: 1200 }, (_, index) => outboxEntry(`o${index}`));
      const incidents = Array.from({ length: 1200 }, (_, index) => incident(`i${String(index).padStart(4, '0')}`));
      const positions = Array.from({ length: 1200 }, (_, index) => ({
        source: 's',
        partition: `p${index}`,
        position: `${index}`,
      }));
      await store.commit({ outbox, incidents, positions, alertIds: alertIds(12_000) });
      expect(await store.outbox(5000)).toEqual(outbox);
      expect(await store.liveIncidents()).toEqual(incidents);
      expect(await store.positions('s')).toEqual(new Map(positions.map((it) => [it.partition, it.position])));
      await store.commit({ done: idsOf(outbox) });
      expect(await store.outbox(5000)).toEqual([]);
    });

    it('commits all or nothing', async () => {
      const cyclic: Record<string, unknown> = {};
      cyclic['self'] = cyclic;
      const broken = { ...incident('i2'), topReasons: cyclic as never };
      await store.commit({ positions: [{ source: 's', partition: 'p', position: '1' }] });
      await expect(
        store.commit({
          positions: [{ source: 's', partition: 'p', position: '2' }],
          alertIds: alertIds(1),
          incidents: [incident('i1'), broken],
        }),
      ).rejects.toThrow('circular');
      expect(await store.positions('s')).toEqual(new Map([['p', '1']]));
      expect(await store.knownAlerts(['a0'])).toEqual(new Set());
      expect(await store.findIncident('i1')).toBeNull();
      // And goes on.
      await store.commit({ positions: [{ source: 's', partition: 'p', position: '3' }] });
      expect(await store.positions('s')).toEqual(new Map([['p', '3']]));
    });

    it('takes calls that come at once', async () => {
      await Promise.all([
        ...Array.from({ length: 50 }, (_, index) =>
          store.commit({
            outbox: [outboxEntry(`o${index}`)],
            alertIds: [{ id: `a${index}`, incidentId: 'i', timeMs: T0 }],
          }),
        ),
        ...Array.from({ length: 50 }, (_, index) => store.putSubscription(subscription(`s${index}`))),
        ...Array.from({ length: 50 }, () => store.outbox(5)),
      ]);
      expect(idsOf(await store.outbox(100))).toEqual(Array.from({ length: 50 }, (_, index) => `o${index}`));
      expect(await store.subscriptions()).toHaveLength(50);
    });

    it('forgets what ended before, and nothing else', async () => {
      const closed = (id: string, closedAtMs: number): Incident => incident(id, { state: 'closed', closedAtMs });
      await store.commit({
        incidents: [closed('old', T0 - 1), closed('new', T0), closed('waits', T0 - 1), incident('open')],
        outbox: [outboxEntry('o1', { incidentId: 'waits' })],
        alertIds: [...alertIds(1100, { timeMs: T0 - 1 }), { id: 'new', incidentId: 'old', timeMs: T0 }],
      });
      await store.prune(T0);
      expect(await store.findIncident('old')).toBeNull();
      for (const id of ['new', 'waits', 'open']) expect(await store.findIncident(id)).not.toBeNull();
      expect(await store.knownAlerts([...idsOf(alertIds(1100)), 'new'])).toEqual(new Set(['new']));
    });

    if (reopen) {
      it('has everything again when it is opened again', async () => {
        const put = subscription('s1');
        await store.putSubscription(put);
        await store.commit({
          positions: [{ source: 's', partition: 'p', position: '1' }],
          alertIds: alertIds(1),
          incidents: [incident('i1')],
          outbox: [outboxEntry('o2'), outboxEntry('o1')],
        });
        store = await reopen(store);
        expect(await store.positions('s')).toEqual(new Map([['p', '1']]));
        expect(await store.subscriptions()).toEqual([put]);
        expect(await store.liveIncidents()).toEqual([incident('i1')]);
        expect(await store.knownAlerts(['a0'])).toEqual(new Set(['a0']));
        expect(await store.outbox(5)).toEqual([outboxEntry('o2'), outboxEntry('o1')]);
      });
    }
  });
};
