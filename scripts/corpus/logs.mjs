// @ts-nocheck Plain JSON in, plain JSON out: the shapes are those of truth.json.
// What the hosts' own logs hold: what can be searched for at all, and what they say beyond the truth. No parser of ours is used.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A format with whole stamps and names, in which every host logs. */
const FORMAT = 'rfc3339';
const TOKEN = /[A-Za-z0-9_+-]{5,}/g;

const readLines = (path) => {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n');
};

/** The files of one host in one format, rotated ones included. */
export const piecesOf = (truth, host, format) => {
  const folder = join(truth.directory, 'hosts', host.log_hostname, format);
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};

const indexOf = (lines) => {
  const index = new Map();
  for (const line of lines) {
    for (const token of new Set(line.match(TOKEN) ?? [])) {
      const list = index.get(token);
      if (list) list.push(line);
      else index.set(token, [line]);
    }
  }
  return index;
};

const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const split = (node) => [node.slice(0, node.indexOf('/')), node.slice(node.indexOf('/') + 1)];

/** A line of `from` whose answer names `to`, or one of `to` that says it came from `from`: the direction counts. */
const handover = (from, to) => {
  const [x, y] = [from, to].map((node) => quoted(split(node)[1]));
  const answer = `(?:queued as |queued_as: (?:\\S*/)?|forwarded as |(?<!\\w)id=|\\b250 (?:2\\.\\d\\.\\d )?)${y}(?!\\w)`;
  const origin = `\\b(?:orig_queue_id|orig_id|R)=${x}(?!\\w)|Queue-ID: ${x}\\b.*mail_id: ${y}(?![\\w-])`;
  return new RegExp(`${answer}|${origin}`);
};

/** The lines of every host's own log. */
export const readLogs = (truth) => {
  const lines = new Map(
    [...truth.hosts.values()].map((host) => [host.host, piecesOf(truth, host, FORMAT).flatMap(readLines)]),
  );
  const indices = new Map([...lines].map(([host, list]) => [host, indexOf(list)]));
  const has = (text) => [...lines.values()].some((list) => list.some((line) => line.includes(text)));
  /** Lines that name a transaction (`host/queue ID`). */
  const linesNaming = (node) => {
    const [host, queueId] = split(node);
    if (queueId.length < 4) return [];
    return indices.get(host)?.get(queueId) ?? (lines.get(host) ?? []).filter((line) => line.includes(queueId));
  };
  return {
    linesOf: (host) => lines.get(host) ?? [],
    linesNaming,
    has,
    /** Does a line that names one of these transactions hold the text? */
    hasOn: (nodes, text) => nodes.some((node) => linesNaming(node).some((line) => line.includes(text))),
    /** The truth does not know this transaction; does a line tie it to the message's ID, or to a transaction of it? */
    attestsNode: (node, message) => {
      const own = linesNaming(node);
      const [host] = split(node);
      const siblings = [...message.mtas.keys()].map(split).filter(([name]) => name === host);
      const words = [message.messageId, ...siblings.map(([, queueId]) => queueId)].filter(Boolean);
      return own.some((line) => words.some((word) => line.includes(word)));
    },
    attestsEdge: (from, to) => {
      const [[, x], [, y]] = [split(from), split(to)];
      const said = handover(from, to);
      const both = [...linesNaming(from), ...linesNaming(to)].filter((line) => line.includes(x) && line.includes(y));
      return both.some((line) => said.test(line));
    },
  };
};
