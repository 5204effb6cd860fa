/** Refusals before acceptance: there is no chain, so no table and no picture. */
import type { types } from '@slack/bolt';
import type { TraceReport } from '../../domain/chain.js';
import type { Reject } from '../../domain/transaction.js';
import {
  type Asked,
  clock,
  faultBlocks,
  faultsOf,
  keywordSpans,
  keywordText,
  windowLine,
  windowText,
} from './answer-context.js';
import {
  bold,
  bullets,
  footnote,
  instructions,
  type Line,
  own,
  paragraph,
  plainInstructions,
  plural,
  prose,
  quote,
  type Reply,
  reply,
} from './blocks.js';
import { findingBlocks } from './findings.js';
import { verdictSpan } from './verdict-words.js';

const SHOWN = 5;

/** The same refusal again and again is one row. */
export type RejectGroup = Readonly<{ newest: Reject; count: number; firstMs: number }>;

/** Newest first. The remote text may differ in details (times, session ids); codes and addresses decide. */
export const groupRejects = (rejects: readonly Reject[]): readonly RejectGroup[] => {
  const groups = new Map<string, RejectGroup>();
  for (const reject of rejects.toSorted((a, b) => b.timeMs - a.timeMs)) {
    const { host, client, sender, recipient, replyCode, dsn, stage } = reject;
    const key = JSON.stringify([host, client?.ip, sender, recipient, replyCode, dsn, stage]);
    const group = groups.get(key);
    groups.set(key, { newest: group?.newest ?? reject, count: (group?.count ?? 0) + 1, firstMs: reject.timeMs });
  }
  return [...groups.values()];
};

export const codesText = ({ replyCode, dsn }: Pick<Reject, 'replyCode' | 'dsn'>): string =>
  [replyCode, dsn].filter((code) => code !== null).join(' ') || 'no reply code';

/** Logs begin the reason with the codes; they are not said twice. */
const reasonText = (reject: Reject): string => {
  const codes = codesText(reject);
  return reject.text.startsWith(codes) ? reject.text.slice(codes.length).replace(/^[\s:;,-]+/, '') : reject.text;
};

export const matchText = (count: number): string => `${plural(count, 'refusal')} ${count === 1 ? 'matches' : 'match'}`;

const clientText = ({ client }: Reject): string =>
  client === null ? 'unknown client' : `${client.name ?? 'unknown'}[${client.ip ?? 'unknown'}]`;

const partiesSpans = ({ sender, recipient }: Reject): Line => [
  sender === null ? own('sender not given') : quote(sender === '' ? '<> (null sender)' : sender, 120),
  own(' → '),
  recipient === null ? own('recipient not given') : quote(recipient, 120),
];

const groupLine = ({ newest, count, firstMs }: RejectGroup, timeZone: string): Line => [
  bold(codesText(newest)),
  own(' on '),
  quote(newest.host, 80),
  own(` at ${newest.stage}, ${clock(newest.timeMs, timeZone)}`),
  own(count > 1 ? ` (${count} times since ${clock(firstMs, timeZone)}): ` : ': '),
  ...partiesSpans(newest),
  own(', client '),
  quote(clientText(newest), 120),
  own('. Reason: '),
  prose(reasonText(newest), 300),
];

const groupBullets = (groups: readonly RejectGroup[], timeZone: string): types.RichTextBlock => {
  const more = groups.length - SHOWN;
  const lines = groups.slice(0, SHOWN).map((group) => groupLine(group, timeZone));
  return bullets(more > 0 ? [...lines, [own(`and ${plural(more, 'other refusal')}: add a keyword to see it`)]] : lines);
};

/** `nextStep`: what to do about the newest refusal, in our own words; null when nothing is known about its code. */
export type RejectFacts = Readonly<{ asked: Asked; report: TraceReport; nextStep: string | null }>;

/** The channel message when nothing but refusals match. */
export const rejectReply = ({ asked, report, nextStep }: RejectFacts): Reply => {
  const groups = groupRejects(report.rejects);
  const newest = groups[0]?.newest;
  const total = report.rejects.length;
  const where =
    newest === undefined
      ? ''
      : `${newest.host} refused it at ${newest.stage}: ${codesText(newest)}, ${reasonText(newest)}`;
  return reply(
    [
      `rejected: ${where}`,
      nextStep === null ? '' : `Next: ${plainInstructions(nextStep)}`,
      `${plural(total, 'refusal')}. ${windowText(asked)}`,
    ],
    [
      paragraph([...verdictSpan('rejected'), own(' — '), prose(where, 600)]),
      paragraph(
        [bold(matchText(total)), own(' '), ...keywordSpans(asked), own('; nothing was accepted.')],
        ...(nextStep === null ? [] : [[bold('Next: '), ...instructions(nextStep)]]),
        windowLine(asked),
      ),
      groupBullets(groups, asked.timeZone),
      ...faultBlocks(faultsOf(report)),
      ...findingBlocks(report.findings),
      footnote(`Asked by ${asked.by}: ${keywordText(asked)}. ${plural(report.sources.length, 'host')} searched.`),
    ],
  );
};

/** In the thread of a message that was found: what else was refused. */
export const furtherRejectsReply = ({ rejects }: Pick<TraceReport, 'rejects'>, timeZone: string): Reply =>
  reply(
    [`${matchText(rejects.length)} too.`],
    [paragraph([bold(`${matchText(rejects.length)} too`)]), groupBullets(groupRejects(rejects), timeZone)],
  );
