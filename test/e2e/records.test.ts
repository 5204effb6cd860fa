/** A sender's records of every mail of the fleet, through the built program: what it says is the ground truth. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { configFor } from '../../scripts/corpus/layouts.mjs';
import { readTruth } from '../../scripts/corpus/truth.mjs';
import { runCli } from '../support/built-cli.ts';

const truth = readTruth(fileURLToPath(new URL('../fixtures/mailbed', import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'mailtrace-records-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Mail = Readonly<{
  message_id: string;
  entry_queue_id: string | null;
  finals: readonly Readonly<{ status: string }>[];
}>;
const scenarios: readonly Readonly<{ sid: string; mails: readonly Mail[] }>[] = truth.scenarios.map(
  ({ sid, mails }: { sid: string; mails: readonly Mail[] }) => ({ sid, mails }),
);
const mails = scenarios.flatMap(({ sid, mails: list }) => list.map((mail) => ({ sid, mail })));

const isDelivered = ({ finals }: Mail): boolean => finals.every(({ status }) => status === 'sent');
const isFailed = ({ finals }: Mail): boolean => finals.every(({ status }) => status === 'bounced');

it('finds every message in one run, and what contradicts the sender', async () => {
  writeFileSync(join(folder, 'config.yaml'), configFor(truth, 'rfc3339'));
  const accepted = mails.filter(({ mail }) => mail.entry_queue_id !== null);
  const rows = accepted.map(({ sid, mail }) => ({
    queue_id: mail.entry_queue_id,
    message_id: mail.message_id,
    success: true,
    sid,
  }));
  writeFileSync(join(folder, 'sent.json'), JSON.stringify(rows, null, 1));
  const { code, out, err } = await runCli(
    ['run', '--records', 'sent.json', '--json', '--time', '2026-11-21 07:30', '--time-range', '1h'],
    { cwd: folder },
  );
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const report = JSON.parse(out) as {
    records: readonly { verdict: string; agreement: string; chains: readonly string[]; record: { sid: string } }[];
    sources: readonly { rounds: number }[];
  };
  expect(report.records).toHaveLength(accepted.length);
  const faults = report.records.flatMap(({ verdict, agreement, record, chains }, index) => {
    const { mail } = accepted[index]!;
    const isRight =
      chains.length === 1 &&
      (!isDelivered(mail) || (verdict === 'delivered' && agreement === 'agrees')) &&
      (!isFailed(mail) || agreement === 'disagrees');
    return isRight ? [] : [{ sid: record.sid, verdict, agreement, chains }];
  });
  expect(faults).toEqual([]);
  // One search for all: not more rounds than one message with its bounces takes.
  expect(Math.max(...report.sources.map(({ rounds }) => rounds))).toBeLessThanOrEqual(8);
}, 120_000);

it('shows a table for people', async () => {
  const { mail } = mails.find(({ mail: each }) => isFailed(each) && each.entry_queue_id !== null)!;
  writeFileSync(
    join(folder, 'one.jsonl'),
    JSON.stringify({ queue_id: mail.entry_queue_id, success: true, status_code: 250 }),
  );
  const { code, out } = await runCli(
    ['run', '--records', 'one.jsonl', '--time', '2026-11-21 07:30', '--time-range', '1h'],
    { cwd: folder },
  );
  expect(code).toBe(0);
  expect(out).toMatch(/success 250 +\S+ .* disagrees\n +the sender says success, but later it/);
}, 60_000);
