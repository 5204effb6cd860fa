// @ts-nocheck Plain JSON in, plain JSON out: the shapes are those of truth.json and of the trace report.
// Compares what a report says of each recipient with the truth: status, code, relay, at the transaction where its way ends.
import { INNER_MTAS, nodeOf } from './truth.mjs';

export const low = (text) => (text ?? '').replace(/^<|>$/g, '').toLowerCase();

/** Which report statuses are right for a truth status (docs/corpus.md). null: the truth does not know. */
const RIGHT_STATUS = {
  sent: ['sent'],
  bounced: ['bounced'],
  deferred: ['deferred'],
  held: ['held'],
  discarded: ['discarded'],
  deleted: ['deleted'],
  rejected: null,
  aborted: null,
  'no-trace': null,
};

const rightStatuses = (final, scenario) => {
  const right = RIGHT_STATUS[final.status] ?? null;
  // The truth knows one word for refused and given up; the report has two.
  const isExpired = final.dsn?.startsWith('4.') || scenario.expected.some((word) => word.includes('expired'));
  return final.status === 'bounced' && isExpired ? ['bounced', 'expired'] : right;
};

const withoutExtension = (address) => low(address).replace(/\+[^@]*(?=@|$)/, '');

/** The report's entries that can be meant by this final recipient, best first. */
const candidates = (rows, final) => {
  const wanted = [final.address, final.original_to].map(low).filter(Boolean);
  const local = wanted[0].split('@')[0];
  const tests = [
    (r) => wanted.includes(low(r.address)),
    (r) => wanted.includes(low(r.originalAddress)),
    (r) => [r.address, r.originalAddress].some((a) => a && withoutExtension(a) === withoutExtension(final.address)),
    (r) => low(r.address) === local,
    // Files and programs: the truth names the target, the log the address that led there.
    () => ['file', 'prog', 'pipe'].includes(final.where),
  ];
  for (const test of tests) {
    const hit = rows.filter(test);
    if (hit.length > 0) return hit;
  }
  return [];
};

const lastNode = (final, message) => {
  const path = (final.path ?? []).filter(([host, id]) => id && !INNER_MTAS.has(message.mtas.get(`${host}/${id}`)));
  if (path.length > 0) return path.at(-1).join('/');
  return final.queue_id ? `${final.host}/${final.queue_id}` : null;
};

const CODES = /\b[245]\.\d{1,3}\.\d{1,3}\b(?!\.)/g;

/**
 * @param {string | undefined} mta of the last transaction; Exim logs no DSN of its own where all is well or will be tried again
 * @param {readonly string[]} lines that name that transaction
 */
const dsnFault = (attempt, final, mta, lines) => {
  const dsn = attempt?.dsn ?? null;
  const isLeftOut = dsn === null && mta === 'exim';
  if (final.status === 'sent') return isLeftOut || dsn?.startsWith('2.') ? null : `DSN ${dsn}, expected 2.x`;
  if (final.status === 'deferred') return isLeftOut || dsn?.startsWith('4.') ? null : `DSN ${dsn}, expected 4.x`;
  if (final.status !== 'bounced' || dsn === final.dsn) return null;
  // The notice may carry a code that the host never logged; then one that it did log, or none.
  const logged = new Set(lines.flatMap((line) => line.match(CODES) ?? []));
  const isUnlogged = !logged.has(final.dsn) && (dsn === null || logged.has(dsn));
  return isUnlogged ? null : `DSN ${dsn}, expected ${final.dsn}`;
};

const relayFault = (attempt, final) => {
  if (!final.relay_ip) return null;
  const { host = null, ip = null } = attempt?.relay ?? {};
  const names = [ip, low(host).replace(/\.$/, '')];
  if (names.includes(final.relay_ip) || names.includes(low(final.host))) return null;
  return `relay ${host}[${ip}], expected ${final.host}[${final.relay_ip}]`;
};

const scoreRecipient = (rows, final, { mta, lines, right, name }, tally) => {
  const found = candidates(rows, final);
  const row = found.find(({ status }) => right.includes(status)) ?? found[0];
  if (row === undefined) {
    tally.missing(`recipient ${name}`);
    return undefined;
  }
  const last = row.attempts.at(-1);
  const fault = right.includes(row.status)
    ? (dsnFault(last, final, mta, lines) ?? relayFault(last, final))
    : `${row.status}, expected ${right.join(' or ')}`;
  if (fault === null) tally.right();
  else tally.wrong(`recipient ${name}: ${fault}`);
  return row;
};

/** Held by a rule for the session: the recipient stands only in a line without queue ID. */
const isHeldUnseen = (chain, final, lines) =>
  final.status === 'held' && chain.verdict === 'held' && !lines.some((line) => line.includes(final.address));

export const scoreRecipients = (chain, message, scenario, { truth, logs }, tally) => {
  const byNode = new Map(chain.transactions.map((t) => [nodeOf(truth, t), t.recipients]));
  const everywhere = [...byNode.values()].flat();
  // One entry answers for one copy; those with an address first, then files and programs.
  const used = new Set();
  const isNamed = (final) => candidates(everywhere, { ...final, where: null }).length > 0;
  const finals = [...message.mail.finals].sort((x, y) => Number(isNamed(y)) - Number(isNamed(x)));
  for (const final of finals) {
    const right = rightStatuses(final, scenario);
    if (right === null) continue;
    const node = lastNode(final, message);
    const lines = node === null ? [] : logs.linesNaming(node);
    if (isHeldUnseen(chain, final, lines)) {
      tally.right();
      continue;
    }
    const rows = node === null ? everywhere : (byNode.get(node) ?? []);
    const name = `${final.address}${node === null ? '' : ` at ${node}`}`;
    const about = { mta: message.mtas.get(node), lines, right, name };
    used.add(
      scoreRecipient(
        rows.filter((row) => !used.has(row)),
        final,
        about,
        tally,
      ),
    );
  }
};
