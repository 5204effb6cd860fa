/** Mail that is sent while somebody watches: what the product's own trace makes of its lines. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveMail } from '../../src/playground/live-mail.ts';
import { openLiveMail } from '../../src/playground/open-live-mail.ts';
import { openFromText } from '../support/open-tracer.ts';

const HOSTS = ['smtp1', 'gw', 'out1', 'lists1', 'mailbox1'] as const;
const START_MS = Date.parse('2027-03-02T09:00:00Z');

/** The same row of numbers each time. */
const seeded = (): (() => number) => {
  let state = 20_261_121;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
};

describe('live mail', () => {
  let folder: string;
  let nowMs: number;
  let mail: LiveMail;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'live-mail-'));
    nowMs = START_MS;
    const hosts = HOSTS.map((host) => `${host}.campus.example`);
    mail = await openLiveMail({
      hosts: hosts.map((name) => ({ name, files: [join(folder, `${name}.log`)], zone: 'UTC' })),
      domain: 'campus.example',
      now: () => nowMs,
      random: seeded(),
    });
  });
  afterEach(async () => {
    await mail.close();
    await rm(folder, { recursive: true });
  });

  const pass = async (seconds: number): Promise<void> => {
    for (let n = 0; n < seconds * 2; n++) {
      nowMs += 500;
      await mail.tick();
    }
  };
  const trace = async () => {
    const hosts = Object.fromEntries(
      HOSTS.map((name) => [`${name}.campus.example`, { log_files: [join(folder, `${name}.campus.example.log`)] }]),
    );
    const tracer = await openFromText(
      JSON.stringify({ method: 'file', domain: 'campus.example', time_zone: 'UTC', file_config: { hosts } }),
    );
    try {
      return (await tracer.trace(['partner.example'], new Date(START_MS).toISOString())) as {
        chains: readonly { verdict: string; transactions: readonly { host: string; queueId: string }[] }[];
      };
    } finally {
      await tracer.close();
    }
  };
  /** Of the mails; notices about them begin elsewhere. */
  const verdicts = async () => {
    const { chains } = await trace();
    const mails = chains.filter(({ transactions }) => transactions[0]!.host.startsWith('smtp1.'));
    return mails.map(({ verdict }) => verdict);
  };

  it('is delivered over all its hosts', async () => {
    expect(mail.send(3)).toBe(3);
    await pass(10);
    const { chains } = await trace();
    expect(chains.map(({ verdict }) => verdict)).toEqual(['delivered', 'delivered', 'delivered']);
    for (const { transactions } of chains) {
      expect(new Set(transactions.map(({ host }) => host.split('.')[0]))).toEqual(new Set(['smtp1', 'gw', 'out1']));
    }
    const ids = chains.flatMap(({ transactions }) => transactions.map(({ queueId }) => queueId));
    expect(new Set(ids).size).toBe(ids.length);
    expect(mail.state()).toEqual({ isRelayBroken: false, sent: 3, underway: 0 });
  });

  it('waits while the relay is broken, and is delivered when it is mended', async () => {
    mail.setRelayBroken(true);
    mail.send(2);
    await pass(30);
    expect(await verdicts()).toEqual(['deferred', 'deferred']);
    expect(mail.state()).toEqual({ isRelayBroken: true, sent: 2, underway: 2 });
    mail.setRelayBroken(false);
    await pass(30);
    expect(await verdicts()).toEqual(['delivered', 'delivered']);
    expect(mail.state().underway).toBe(0);
  });

  it('comes back when the relay stays broken', async () => {
    mail.setRelayBroken(true);
    mail.send(1);
    await pass(90);
    expect((await verdicts())[0]).toMatch(/bounced|expired/);
    expect(mail.state().underway).toBe(0);
    const bounce = await readFile(join(folder, 'mailbox1.campus.example.log'), 'utf8');
    expect(bounce).toContain('saved mail to INBOX');
    expect(bounce).not.toContain('2026');
  });

  it('keeps a bound on what is underway', () => {
    expect(mail.send(10_000)).toBe(500);
    expect(mail.send(1)).toBe(0);
  });
});
