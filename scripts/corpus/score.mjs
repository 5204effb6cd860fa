// @ts-nocheck Plain JSON in, plain JSON out: the shapes are those of truth.json and of the trace report.
// Compares the report of one trace (mailtrace.report/1) with the truth about one message: right, wrong, missing, false.
import { bridge, INNER_MTAS } from './truth.mjs';

const low = (text) => (text ?? '').replace(/^<|>$/g, '').toLowerCase();
const nodeOf = (truth, { host, queueId }) => `${truth.canonical(host)}/${queueId}`;

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

/** @param {string | undefined} mta of the last transaction; Exim logs no DSN of its own */
const dsnFault = (attempt, final, mta) => {
  const dsn = attempt?.dsn ?? null;
  if (dsn === null && mta === 'exim') return null;
  if (final.status === 'sent') return dsn?.startsWith('2.') ? null : `DSN ${dsn}, expected 2.x`;
  if (final.status === 'deferred') return dsn?.startsWith('4.') ? null : `DSN ${dsn}, expected 4.x`;
  // A DSN body may carry a code that the host never logged; then the log's own class must agree.
  if (final.status === 'bounced' && dsn !== final.dsn)
    return dsn?.[0] === final.dsn?.[0] || dsn === null ? null : `DSN ${dsn}, expected ${final.dsn}`;
  return null;
};

const scoreRecipient = (rows, final, mta, right, name, tally) => {
  const found = candidates(rows, final);
  const row = found.find(({ status }) => right.includes(status)) ?? found[0];
  if (row === undefined) {
    tally.missing(`recipient ${name}`);
    return undefined;
  }
  const isRight = right.includes(row.status);
  const fault = isRight ? dsnFault(row.attempts.at(-1), final, mta) : `${row.status}, expected ${right.join(' or ')}`;
  if (fault === null) tally.right();
  else tally.wrong(`recipient ${name}: ${fault}`);
  return row;
};

const scoreRecipients = (chain, message, scenario, truth, tally) => {
  const byNode = new Map(chain.transactions.map((t) => [nodeOf(truth, t), t.recipients]));
  // One entry answers for one copy.
  const used = new Set();
  for (const final of message.mail.finals) {
    const right = rightStatuses(final, scenario);
    const node = lastNode(final, message);
    if (right === null || (node !== null && tally.isOptional(message.mtas.get(node)))) continue;
    const rows = node === null ? [...byNode.values()].flat() : (byNode.get(node) ?? []);
    const name = `${final.address}${node === null ? '' : ` at ${node}`}`;
    used.add(
      scoreRecipient(
        rows.filter((row) => !used.has(row)),
        final,
        message.mtas.get(node),
        right,
        name,
        tally,
      ),
    );
  }
};

const scoreNodes = (nodes, message, truth, tally) => {
  for (const node of nodes) {
    const owners = truth.owners.get(node);
    if (!message.mtas.has(node) && owners !== undefined && !owners.includes(message.label)) {
      tally.false(`transaction ${node} is of ${owners[0]}`);
    }
  }
  for (const [node, mta] of message.mtas) {
    if (nodes.has(node)) tally.right();
    else if (!tally.isOptional(mta)) tally.missing(`transaction ${node}`);
  }
};

/** A side branch that the truth could not see (a copy thrown away) is not false; one that leads to or joins known ones is. */
const isFalseEdge = (edge, message, truth) => {
  const ends = edge.split('>');
  const isForeign = ends.some((node) => !message.mtas.has(node) && truth.owners.has(node));
  return isForeign || ends.every((node) => message.mtas.has(node));
};

const scoreHops = (chain, message, truth, tally) => {
  const mtaOf = new Map(chain.transactions.map((t) => [nodeOf(truth, t), t.mta]));
  const isInner = (node) => INNER_MTAS.has(message.mtas.get(node) ?? mtaOf.get(node));
  scoreNodes(new Set(mtaOf.keys()), message, truth, tally);
  const hops = chain.hops.filter(({ gap, from, to }) => gap === null && from.queueId !== null && to.queueId !== null);
  const edges = new Set(hops.map(({ from, to }) => `${nodeOf(truth, from)}>${nodeOf(truth, to)}`));
  if (edges.size !== hops.length) tally.false('a hop stands twice');
  const wanted = bridge(message.edges, isInner);
  for (const edge of edges) {
    const isTrue = message.edges.has(edge) || wanted.has(edge);
    if (!isTrue && isFalseEdge(edge, message, truth)) tally.false(`hop ${edge}`);
  }
  const got = new Set([...edges, ...bridge(edges, isInner)]);
  const isOptional = (edge) => edge.split('>').some((node) => tally.isOptional(message.mtas.get(node)));
  for (const edge of wanted) {
    if (got.has(edge)) tally.right();
    else if (!isOptional(edge)) tally.missing(`hop ${edge}`);
  }
};

const scoreNotices = (report, chain, message, hasInLog, tally) => {
  for (const notice of message.notices) {
    const relation = notice.isFailure ? 'bounced-by' : notice.isDelay ? 'delayed-by' : null;
    if (relation === null || !hasInLog(notice.messageId)) continue;
    const isThere = report.chains.some(({ messageId }) => messageId === notice.messageId);
    const related = chain.relatedChains.find(({ messageId }) => messageId === notice.messageId);
    if (isThere && related?.relation === relation) tally.right();
    else tally.missing(`${relation} ${notice.messageId}`);
  }
};

/** Judges the answer to a search for one refused recipient. */
export const scoreReject = (report, message, final, truth, tally) => {
  const { mail } = message;
  const host = truth.hosts.get(mail.entry_host);
  const submitted = Date.parse(mail.submitted_at) + host.clock_skew_s * 1000;
  const rows = report.rejects.filter(
    (r) =>
      truth.canonical(r.host) === mail.entry_host &&
      Math.abs(Date.parse(r.time) - submitted) < 30_000 &&
      (low(r.recipient) === low(final.address) || (r.recipient === null && low(r.sender) === low(mail.envelope_from))),
  );
  const fits = (r) =>
    (r.replyCode === null || r.replyCode === final.code) && (r.dsn === null || !final.dsn || r.dsn === final.dsn);
  const seen = rows.map((r) => `${r.replyCode} ${r.dsn}`).join(', ');
  if (rows.some(fits)) tally.right();
  else if (rows.length > 0) tally.wrong(`reject of ${final.address}: ${seen}, expected ${final.code} ${final.dsn}`);
  else tally.missing(`reject of ${final.address}`);
};

/** @param {ReadonlySet<string>} requiredMtas transactions of other MTAs may be missing */
export const createTally = (requiredMtas) => {
  const faults = { wrong: [], missing: [], false: [] };
  let right = 0;
  return {
    right: () => void right++,
    wrong: (text) => void faults.wrong.push(text),
    missing: (text) => void faults.missing.push(text),
    false: (text) => void faults.false.push(text),
    isOptional: (mta) => mta !== undefined && !requiredMtas.has(mta),
    result: () => ({ right, ...faults }),
  };
};

/**
 * Judges the report of a search for `message`.
 * @param {(text: string) => boolean} hasInLog does this text stand in any host's log?
 */
export const scoreMessage = (report, message, scenario, truth, hasInLog, tally) => {
  const shared = (chain) => chain.transactions.filter((t) => message.mtas.has(nodeOf(truth, t))).length;
  const [chain, ...others] = [...report.chains].sort((a, b) => shared(b) - shared(a));
  const isAccepted = message.mail.finals.some(({ status }) => !['rejected', 'aborted'].includes(status));
  for (const other of others)
    if (shared(other) > 0) tally.false(`${shared(other)} transactions stand in another chain`);
  if (chain !== undefined && shared(chain) > 0) {
    scoreHops(chain, message, truth, tally);
    scoreRecipients(chain, message, scenario, truth, tally);
    scoreNotices(report, chain, message, hasInLog, tally);
  } else if (isAccepted) tally.missing('the chain');
};
