// @ts-nocheck Plain JSON in, plain JSON out: the shapes are those of truth.json and of the trace report.
// The ground truth of a mailbed corpus (truth.json): which transactions and hops a message really had. Nothing here looks at
// logs or at the program under test.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Filters and mailbox servers inside a machine: their transactions may be left out when their neighbours are joined. */
export const INNER_MTAS = new Set(['amavis', 'dovecot', 'rspamd', 'spamassassin']);

const bare = (id) => (id ?? '').trim().replace(/^<(.*)>$/s, '$1');
/** The transaction that one end of a report's hop, or a transaction of it, stands for. */
export const nodeOf = (truth, { host, queueId }) => `${truth.canonical(host)}/${queueId}`;

const key = (host, queueId) => `${host}/${queueId}`;

/** Removes nodes and joins their neighbours. @param {ReadonlySet<string>} edges `from>to` @param {(node: string) => boolean} isInner */
export const bridge = (edges, isInner) => {
  const next = new Map();
  for (const edge of edges) {
    const [from, to] = edge.split('>');
    next.set(from, [...(next.get(from) ?? []), to]);
  }
  const joined = new Set();
  for (const from of next.keys()) {
    if (isInner(from)) continue;
    const seen = new Set();
    const todo = [...next.get(from)];
    for (let to = todo.pop(); to !== undefined; to = todo.pop()) {
      if (seen.has(to)) continue;
      seen.add(to);
      if (isInner(to)) todo.push(...(next.get(to) ?? []));
      else joined.add(`${from}>${to}`);
    }
  }
  return joined;
};

const entryOf = (mail) => {
  if (mail.entry_queue_id) return key(mail.entry_host, mail.entry_queue_id);
  const path = mail.finals.flatMap(({ path: steps }) => (steps ?? []).filter(([, id]) => id))[0];
  return path === undefined ? null : key(path[0], path[1]);
};

const noticesOf = (mail) =>
  (mail.dsns ?? []).map((dsn) => ({
    messageId: bare(dsn.dsn_message_id),
    isFailure: dsn.recipients.some(({ action }) => action === 'failed'),
    isDelay: dsn.recipients.some(({ action }) => action === 'delayed'),
    nodes: new Set([
      ...dsn.dsn_nodes.filter((n) => n.queue_id).map((n) => key(n.host, n.queue_id)),
      ...dsn.path.filter(([, id]) => id).map(([host, id]) => key(host, id)),
    ]),
  }));

const messageOf = (mail, hosts) => {
  const mtas = new Map();
  for (const { host, queue_id: id, mta } of mail.nodes)
    if (id) mtas.set(key(host, id), mta.replace('sendmail-msp', 'sendmail'));
  const entry = entryOf(mail);
  if (entry !== null && !mtas.has(entry)) mtas.set(entry, hosts.get(mail.entry_host).mta);
  for (const { host, queue_id: id } of mail.finals) {
    if (id && hosts.has(host) && !mtas.has(key(host, id))) mtas.set(key(host, id), hosts.get(host).mta);
  }
  const edges = new Set(
    mail.edges
      .filter((e) => e.from_id && e.to_id)
      .map((e) => `${key(e.from_host, e.from_id)}>${key(e.to_host, e.to_id)}`)
      .filter((edge) => edge.split('>')[0] !== edge.split('>')[1]),
  );
  // The truth is made of what arrived: of what was thrown away, held or is on its way it does not know the whole way.
  const open = ['no-trace', 'discarded', 'held', 'deferred', 'deleted', 'aborted'];
  const isComplete = !mail.finals.some(({ status }) => open.includes(status));
  const messageId = bare(mail.message_id);
  return { label: mail.mail, mail, messageId, mtas, edges, entry, isComplete, notices: noticesOf(mail) };
};

/**
 * @param {string} directory with truth.json
 * @throws Error naming what is missing
 */
export const readTruth = (directory) => {
  const path = join(directory, 'truth.json');
  if (!existsSync(path)) throw new Error(`${path} does not exist: give the folder of a mailbed corpus.`);
  const truth = JSON.parse(readFileSync(path, 'utf8'));
  const hosts = new Map(truth.hosts.map((host) => [host.host, host]));
  const aliases = new Map();
  for (const h of truth.hosts) {
    for (const name of [
      h.host,
      h.log_hostname,
      h.host.split('.')[0],
      h.log_hostname.split('.')[0],
      h.ip,
      h.public_ip,
      h.ipv6,
    ]) {
      if (name) aliases.set(name.toLowerCase(), h.host);
    }
  }
  const withMessages = (scenario) => ({ ...scenario, messages: scenario.mails.map((mail) => messageOf(mail, hosts)) });
  const scenarios = truth.scenarios.map(withMessages);
  const background = truth.background.map((mail) =>
    withMessages({ sid: mail.mail, title: 'background mail', mails: [mail], expected: [] }),
  );
  const owners = new Map();
  for (const { messages } of [...scenarios, ...background]) {
    for (const message of messages) {
      for (const node of [...message.mtas.keys(), ...message.notices.flatMap(({ nodes }) => [...nodes])]) {
        owners.set(node, [...(owners.get(node) ?? []), message.label]);
      }
    }
  }
  const notices = new Set(
    [...scenarios, ...background].flatMap(({ messages }) =>
      messages.flatMap((message) => message.notices.map(({ messageId }) => messageId)),
    ),
  );
  const canonical = (name) => {
    const plain = (name ?? '')
      .replace(/^\[|\]$/g, '')
      .replace(/\.$/, '')
      .toLowerCase();
    return aliases.get(plain) ?? plain;
  };
  return {
    directory,
    domain: truth.domain,
    clusters: truth.clusters,
    hosts,
    canonical,
    scenarios,
    background,
    owners,
    notices,
  };
};
