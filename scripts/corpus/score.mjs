// @ts-nocheck Plain JSON in, plain JSON out: the shapes are those of truth.json and of the trace report.
// Compares the report of one trace (mailtrace.report/1) with the truth about one message: right, wrong, missing, false.
import { createHash } from 'node:crypto';
import { low, scoreRecipients } from './recipients.mjs';
import { bridge, INNER_MTAS, nodeOf } from './truth.mjs';

const scoreNodes = (list, message, { truth, logs }, tally) => {
  const nodes = new Set(list);
  if (nodes.size !== list.length) tally.false('a transaction stands twice');
  for (const node of nodes) {
    if (message.mtas.has(node)) continue;
    const owners = truth.owners.get(node);
    if (owners !== undefined) tally.false(`transaction ${node} is of ${owners[0]}`);
    else if (!logs.attestsNode(node, message)) tally.false(`transaction ${node}: no line ties it to the message`);
  }
  for (const [node, mta] of message.mtas) {
    if (nodes.has(node)) tally.right();
    else if (!INNER_MTAS.has(mta)) tally.missing(`transaction ${node}`);
  }
};

/** What the truth could not see (a copy thrown away by a filter) is not false where a line says it; all else is. */
const edgeFault = (edge, message, { truth, logs }) => {
  const [from, to] = edge.split('>');
  if (from === to) return 'leads to itself';
  const foreign = [from, to].find((node) => !message.mtas.has(node) && truth.owners.has(node));
  if (foreign !== undefined) return `${foreign} is of ${truth.owners.get(foreign)[0]}`;
  const isKnown = message.mtas.has(from) && message.mtas.has(to);
  if ((isKnown && message.isComplete) || !logs.attestsEdge(from, to)) return 'no line says so';
  const loose = [from, to].find((node) => !message.mtas.has(node) && !logs.attestsNode(node, message));
  return loose === undefined ? null : `no line ties ${loose} to the message`;
};

/** A way beside the one through a filter is a second way that no mail took. */
const shortcutsOf = (edges, isInner) => {
  const pairs = [...edges].map((edge) => edge.split('>'));
  const inner = new Set(pairs.map(([, to]) => to).filter(isInner));
  return pairs.filter(([from, to]) =>
    [...inner].some((node) => edges.has(`${from}>${node}`) && edges.has(`${node}>${to}`)),
  );
};

const edgesOf = (chain, truth) =>
  chain.hops
    .filter(({ gap, from, to }) => gap === null && from.queueId !== null && to.queueId !== null)
    .map(({ from, to }) => `${nodeOf(truth, from)}>${nodeOf(truth, to)}`);

const scoreHops = (chain, message, about, tally) => {
  const { truth } = about;
  const mtaOf = new Map(chain.transactions.map((t) => [nodeOf(truth, t), t.mta]));
  const isInner = (node) => INNER_MTAS.has(message.mtas.get(node) ?? mtaOf.get(node));
  const list = edgesOf(chain, truth);
  const edges = new Set(list);
  if (edges.size !== list.length) tally.false('a hop stands twice');
  const wanted = bridge(message.edges, isInner);
  for (const edge of edges) {
    if (message.edges.has(edge) || wanted.has(edge)) continue;
    const fault = edgeFault(edge, message, about);
    if (fault !== null) tally.false(`hop ${edge}: ${fault}`);
  }
  for (const [from, to] of shortcutsOf(edges, isInner)) {
    if (!message.edges.has(`${from}>${to}`)) tally.false(`hop ${from}>${to}: beside the way through the filter`);
  }
  const got = new Set([...edges, ...bridge(edges, isInner)]);
  for (const edge of wanted) {
    if (got.has(edge)) tally.right();
    else tally.missing(`hop ${edge}`);
  }
};

/** One name for each machine, the configured one; the message-id of the truth, and the trace id made of it. */
const scoreIdentity = (chain, message, { truth, logs }, tally) => {
  const ends = [...chain.transactions, ...chain.hops.flatMap(({ from, to }) => [from, to])];
  for (const name of new Set(ends.map(({ host }) => host))) {
    const canonical = truth.canonical(name);
    if (truth.hosts.has(canonical) && canonical !== name) tally.wrong(`host ${name}, expected ${canonical}`);
  }
  const shown = chain.messageId ?? '';
  // Postfix logs a comment behind the message-id; either is right.
  const isSame = shown === message.messageId || shown.replace(/>\s.*$/s, '').replace(/^</, '') === message.messageId;
  const isLogged = message.messageId === '' && logs.hasOn([...message.mtas.keys()], `message-id=<${shown}>`);
  if (!isSame && !isLogged) tally.wrong(`message-id ${shown}, expected ${message.messageId}`);
  const traceId = createHash('sha256').update(shown).digest('hex').slice(0, 32);
  if (shown !== '' && chain.traceId !== traceId) tally.wrong(`trace id ${chain.traceId}, expected ${traceId}`);
};

const relationOf = ({ isFailure, isDelay }) => (isFailure ? 'bounced-by' : isDelay ? 'delayed-by' : null);

const scoreNotices = (report, chain, message, { truth, logs }, tally) => {
  // For a report of success the contract has no word.
  const wanted = message.notices.filter((notice) => relationOf(notice) !== null && logs.has(notice.messageId));
  for (const notice of wanted) {
    const isThere = report.chains.some(({ messageId }) => messageId === notice.messageId);
    const related = chain.relatedChains.find(({ messageId }) => messageId === notice.messageId);
    if (isThere && related?.relation === relationOf(notice)) tally.right();
    else tally.missing(`${relationOf(notice)} ${notice.messageId}`);
  }
  const own = new Set(message.notices.map(({ messageId }) => messageId));
  const others = chain.relatedChains.filter(({ relation }) => relation === 'bounced-by' || relation === 'delayed-by');
  for (const { messageId, relation } of others) {
    if (truth.notices.has(messageId) && !own.has(messageId)) tally.false(`${relation} ${messageId} of another`);
  }
};

/** Judges the answer to a search for one refused recipient. @param {readonly string[]} lines of the log that show the refusal */
export const scoreReject = (report, message, final, lines, truth, tally) => {
  const { mail } = message;
  const host = truth.hosts.get(mail.entry_host);
  const submitted = Date.parse(mail.submitted_at);
  const isNear = (time) =>
    [0, host.clock_skew_s].some((skew) => {
      const lateS = (Date.parse(time) - submitted) / 1000 - skew;
      return lateS >= -5 && lateS <= 20;
    });
  const isNamed = lines.some((line) => line.includes(`<${final.address}>`));
  const rows = report.rejects.filter(
    (r) =>
      truth.canonical(r.host) === mail.entry_host &&
      isNear(r.time) &&
      (isNamed ? low(r.recipient) === low(final.address) : low(r.sender) === low(mail.envelope_from)),
  );
  const text = lines.join('\n');
  const hasCode = text.includes(` ${final.code} `) || text.includes(`=${final.code} `);
  const fits = (r) =>
    (r.replyCode === final.code || (r.replyCode === null && !hasCode)) &&
    (r.dsn === (final.dsn ?? null) || (r.dsn === null && (!final.dsn || !text.includes(final.dsn))));
  const seen = rows.map((r) => `${r.replyCode} ${r.dsn}`).join(', ');
  if (rows.some(fits)) tally.right();
  else if (rows.length > 0) tally.wrong(`reject of ${final.address}: ${seen}, expected ${final.code} ${final.dsn}`);
  else tally.missing(`reject of ${final.address}`);
};

export const createTally = () => {
  const faults = { wrong: [], missing: [], false: [] };
  let right = 0;
  return {
    right: () => void right++,
    wrong: (text) => void faults.wrong.push(text),
    missing: (text) => void faults.missing.push(text),
    false: (text) => void faults.false.push(text),
    result: () => ({ right, ...faults }),
  };
};

/** The chain of a report that is this message's; undefined when none has a transaction of it. */
export const chainOf = (report, message, truth) => {
  const shared = (chain) => chain.transactions.filter((t) => message.mtas.has(nodeOf(truth, t))).length;
  const [best] = [...report.chains].sort((a, b) => shared(b) - shared(a));
  return best === undefined || shared(best) === 0 ? undefined : best;
};

/** What a chain says, whatever it was asked by. */
export const essenceOf = (chain) =>
  JSON.stringify({
    verdict: chain.verdict,
    transactions: chain.transactions
      .map((t) => `${t.host}/${t.queueId} ${t.recipients.map((r) => `${r.address} ${r.status}`).sort()}`)
      .sort(),
    hops: chain.hops.map(({ from, to, gap }) => `${from.host}/${from.queueId} ${to.host}/${to.queueId} ${gap}`).sort(),
  });

/** A chain beside the message's: it holds what was asked for, or is a notice about one that does; and none of its transactions. */
const scoreOther = (chain, report, message, { keywords, truth, logs }, tally) => {
  const nodes = chain.transactions.map((t) => nodeOf(truth, t));
  const own = nodes.filter((node) => message.mtas.has(node));
  if (own.length > 0) tally.false(`${own.length} transactions stand in another chain`);
  const owners = new Set(nodes.flatMap((node) => truth.owners.get(node) ?? []));
  const ids = new Set(report.chains.flatMap(({ relatedChains }) => relatedChains.map(({ messageId }) => messageId)));
  if (owners.size > 1) tally.false(`a chain joins ${[...owners].join(' and ')}`);
  if (chain.messageId !== null && ids.has(chain.messageId)) return;
  const text = JSON.stringify(chain).toLowerCase();
  for (const word of keywords.map((each) => each.replace(/^id:/, '').toLowerCase())) {
    const isThere =
      text.includes(JSON.stringify(word).slice(1, -1)) ||
      nodes.some((node) => logs.linesNaming(node).some((line) => line.toLowerCase().includes(word)));
    if (!isThere) tally.false(`the chain of ${chain.messageId} does not hold ${word}`);
  }
};

/**
 * Judges the report of a search for `message`.
 * @param {Readonly<{ keywords: readonly string[], truth: object, logs: object }>} about what was asked for, and what is known
 */
export const scoreMessage = (report, message, scenario, about, tally) => {
  const chain = chainOf(report, message, about.truth);
  const isAccepted = message.mail.finals.some(({ status }) => !['rejected', 'aborted'].includes(status));
  for (const other of report.chains) if (other !== chain) scoreOther(other, report, message, about, tally);
  if (chain !== undefined) {
    const nodes = chain.transactions.map((t) => nodeOf(about.truth, t));
    scoreIdentity(chain, message, about, tally);
    scoreNodes(nodes, message, about, tally);
    scoreHops(chain, message, about, tally);
    scoreRecipients(chain, message, scenario, about, tally);
    scoreNotices(report, chain, message, about, tally);
  } else if (isAccepted) tally.missing('the chain');
};
