/** KumoMTA's own log folder: segments without a suffix, each one zstd frame of JSON lines (kumod/src/logging/files.rs). */
import { chmod } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFromText } from '../support/open-tracer.ts';
import { createLogFolder, type LogFolder, searchIn } from './log-folder.ts';

let folder: LogFolder;
beforeEach(async () => {
  folder = await createLogFolder();
});
afterEach(() => folder.remove());

const DAY = '2026-11-21';
const BLOCK_MAX = 128 * 1024;

/** A zstd frame of blocks that are stored as they are (RFC 8878 §3.1.1.2.2). `isDone`: with its last block. */
const frameOf = (lines: readonly string[], isDone = true): Buffer => {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const parts = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])];
  for (let at = 0; at < bytes.length; at += BLOCK_MAX) {
    const block = bytes.subarray(at, at + BLOCK_MAX);
    const isLast = isDone && at + BLOCK_MAX >= bytes.length;
    const head = (block.length << 3) | (isLast ? 1 : 0);
    parts.push(Buffer.from([head & 0xff, (head >> 8) & 0xff, head >> 16]), block);
  }
  return Buffer.concat(parts);
};

const ID = '7928d04ee57911f1949c00017f000000';
const record = (type: string, time: string, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    type,
    id: ID,
    sender: 'news@sender.example',
    recipient: 'carol@campus.example',
    queue: 'campus.example',
    site: '',
    size: 483,
    response: { code: 250, enhanced_code: null, content: '', command: null },
    peer_address: null,
    timestamp: Math.floor(Date.parse(`${DAY}T${time}Z`) / 1000),
    event_time: `${DAY}T${time}Z`,
    created_time: `${DAY}T07:02:11.171745400Z`,
    num_attempts: 0,
    meta: {},
    headers: {},
    delivery_protocol: null,
    reception_protocol: null,
    nodeid: 'fa03b62d-0000-0000-0000-000000000000',
    ...more,
  });

const RECEIVED = record('Reception', '07:02:11.182687409', {
  reception_protocol: 'ESMTP',
  peer_address: { name: '[192.0.2.1]', addr: '192.0.2.1' },
});
const DEFERRED = record('TransientFailure', '07:02:12.000000001', {
  response: { code: 451, enhanced_code: { class: 4, subject: 7, detail: 1 }, content: 'Greylisted', command: 'RCPT' },
  peer_address: { name: 'gw.campus.example.', addr: '192.0.2.20' },
  delivery_protocol: 'ESMTP',
});
const DELIVERED = record('Delivery', '09:30:00.500000000', {
  response: { code: 250, enhanced_code: null, content: 'Ok: queued as 4jWkFh4R3wzngwk', command: '.\r\n' },
  peer_address: { name: 'gw.campus.example.', addr: '192.0.2.20' },
  delivery_protocol: 'ESMTP',
  num_attempts: 1,
});

const SEGMENTS = {
  'kumo/20261120-070000.000000001': frameOf([RECEIVED.replaceAll(DAY, '2026-11-20').replaceAll(ID, 'ab'.repeat(16))]),
  'kumo/20261121-070211.182687409': frameOf([RECEIVED, DEFERRED]),
  'kumo/20261121-093000.500000000': frameOf([DELIVERED]),
};
const GW = [
  `${DAY}T09:30:00.400000+00:00 gw postfix/smtpd[1]: 4jWkFh4R3wzngwk: client=kumo.campus.example[192.0.2.90]`,
  `${DAY}T09:30:00.450000+00:00 gw postfix/cleanup[2]: 4jWkFh4R3wzngwk: message-id=<k1@sender.example>`,
  `${DAY}T09:30:00.460000+00:00 gw postfix/qmgr[3]: 4jWkFh4R3wzngwk: from=<news@sender.example>, size=700, nrcpt=1 (queue active)`,
  `${DAY}T09:30:00.600000+00:00 gw postfix/local[4]: 4jWkFh4R3wzngwk: to=<carol@campus.example>, relay=local, delay=0.2, delays=0.1/0/0/0.1, dsn=2.0.0, status=sent (delivered to mailbox)`,
  `${DAY}T09:30:00.700000+00:00 gw postfix/qmgr[3]: 4jWkFh4R3wzngwk: removed`,
];

const idsIn = async (logFiles: string | readonly string[], from: string, to: string) => {
  const { records, hosts } = await searchIn(folder.open({ kumo: logFiles }), { from, to });
  return { ids: records.map(({ text }) => /"type":"(\w+)","id":"(\w{2})/.exec(text)?.slice(1).join(' ')), hosts };
};

describe('segments of KumoMTA', () => {
  it('are the pieces of one log, however they are ordered in their folder', async () => {
    await folder.write(SEGMENTS);
    const all = await idsIn('kumo/*', '2026-11-20T00:00:00Z', '2026-11-22T00:00:00Z');
    expect(all.ids).toEqual(['Reception ab', 'Reception 79', 'TransientFailure 79', 'Delivery 79']);
    expect(all.hosts[0]).toMatchObject({ status: 'ok', error: null });
    const early = await idsIn('kumo/*', '2026-11-20T06:00:00Z', '2026-11-20T08:00:00Z');
    expect(early.ids).toEqual(['Reception ab']);
  });

  it('are read while they are written, and said to be damaged when nothing more will come', async () => {
    const lines = Array.from({ length: 400 }, () => RECEIVED);
    await folder.write({ 'kumo/20261121-070211.182687409': frameOf(lines, false) });
    const window = ['2026-11-20T00:00:00Z', '2026-11-22T00:00:00Z'] as const;
    const open = await idsIn('kumo/*', ...window);
    expect(open.ids).toHaveLength(400);
    expect(open.hosts[0]).toMatchObject({ status: 'ok', error: null });
    await chmod(folder.path('kumo/20261121-070211.182687409'), 0o444);
    const done = await idsIn('kumo/*', ...window);
    expect(done.ids).toHaveLength(400);
    expect(done.hosts[0]!.error).toMatch(/20261121-070211\.182687409: damaged/);
  });

  it('lead on to the next host, and back', async () => {
    await folder.write({ ...SEGMENTS, 'gw.log': GW });
    const hosts = { kumo: { log_files: [folder.path('kumo/*')] }, gw: { log_files: [folder.path('gw.log')] } };
    const tracer = await openFromText(
      JSON.stringify({
        method: 'file',
        time_zone: 'UTC',
        domain: 'campus.example',
        clusters: {},
        file_config: { hosts },
      }),
    );
    try {
      for (const [keyword, at] of [
        ['carol@campus.example', `${DAY}T07:02:00Z`],
        [`qid:${ID}`, `${DAY}T07:02:00Z`],
        ['id:k1@sender.example', `${DAY}T09:30:00Z`],
        ['qid:4jWkFh4R3wzngwk', `${DAY}T09:30:00Z`],
      ] as const) {
        const report = await tracer.trace([keyword], at);
        expect(report, keyword).toMatchObject({
          chains: [
            {
              verdict: 'delivered',
              transactions: [
                {
                  host: 'kumo',
                  queueId: ID,
                  mta: 'kumomta',
                  client: { ip: '192.0.2.1' },
                  recipients: [
                    {
                      status: 'sent',
                      attempts: [
                        { status: 'deferred', dsn: '4.7.1' },
                        { status: 'sent', replyCode: 250 },
                      ],
                    },
                  ],
                },
                { host: 'gw', queueId: '4jWkFh4R3wzngwk', mta: 'postfix' },
              ],
              hops: [{ evidence: 'queued-as', gap: null }],
            },
          ],
        });
      }
    } finally {
      await tracer.close();
    }
  });
});
