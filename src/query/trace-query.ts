/** TraceQuery: what to find, where, when, and for whom. Keywords are read here. */

import { type Keyword, parseNetwork } from '../domain/keyword.js';
import type { TimeWindow } from '../domain/time-window.js';
import { MailtraceError } from '../errors.js';

/** What the asker may see. It is part of the query: what is out of scope is never found. */
export type Scope =
  | Readonly<{ kind: 'all' }>
  /** Mail whose envelope sender or recipient is `address`. */
  | Readonly<{ kind: 'own'; address: string }>
  /**
   * Mail of these domains and their sub-domains (sender, original or final recipient), shown whole; and what happened on
   * these hosts (canonical names: the machines of the clusters that an access rule names).
   */
  | Readonly<{ kind: 'limited'; domains: readonly string[]; hosts: readonly string[] }>
  /** Several rules add up: what is in any of them. One of `own` and one of `limited`, never nested. */
  | Readonly<{ kind: 'any-of'; scopes: readonly Exclude<Scope, { kind: 'all' | 'any-of' }>[] }>;

/** Messages known by their ids, many at once: one of them must be a transaction's. */
export type WantedIds = Readonly<{ messageIds: ReadonlySet<string>; queueIds: ReadonlySet<string> }>;

export type TraceQuery = Readonly<{
  /** All must hold. Empty with `wanted`. */
  keywords: readonly Keyword[];
  /** In place of keywords: any of these messages. */
  wanted?: WantedIds;
  /** Host or cluster as the user named it; null = every configured host. */
  startHost: string | null;
  window: TimeWindow;
  /** IANA name of the zone the window is shown in. */
  timeZone: string;
  /** Do not follow beyond the window. */
  onlyWindow: boolean;
  scope: Scope;
}>;

/** RFC 5321 allows 320 octets for an address; message-ids of 998 exist. */
const KEYWORD_MAX = 1000;
/** Phones write `From:` at the beginning of a line. */
const FORCED = /^(from|to|id|qid|client|sasl|text):/i;

const bare = (text: string): string => {
  const inner = /^<(.*)>$/s.exec(text);
  return inner ? inner[1]! : text;
};

const forced = (kind: string, value: string): Keyword => {
  switch (kind) {
    case 'client':
      return { kind, text: value, network: parseNetwork(value) };
    case 'from':
    case 'to':
    case 'id':
      return { kind, text: bare(value) };
    case 'qid':
    case 'sasl':
      return { kind, text: value };
    default:
      return { kind: 'text', text: value };
  }
};

/** `from:<>` is the null sender; every other meaning needs a value. */
const isEmpty = (prefix: string | undefined, value: string): boolean => {
  if (prefix === undefined) return bare(value).replace(/\.$/, '').trim() === '';
  return value === '' || ((prefix === 'to' || prefix === 'id') && bare(value).trim() === '');
};

/**
 * Reads one keyword of CONTRACT §1. The text is literal.
 * @throws MailtraceError `keyword` when it is empty, too long, or holds a line break.
 * @example parseKeyword('<abc@x.example>') // { kind: 'address-or-id', text: 'abc@x.example' }
 */
export const parseKeyword = (input: string): Keyword => {
  const text = input.trim();
  const prefix = FORCED.exec(text)?.[1]?.toLowerCase();
  const value = prefix === undefined ? text : text.slice(prefix.length + 1).trim();
  if (isEmpty(prefix, value)) {
    throw new MailtraceError(
      'keyword',
      `The keyword "${text.slice(0, 20)}" is empty.`,
      'Give an address, a domain, an IP address, a message-id or a queue ID.',
    );
  }
  if (value.length > KEYWORD_MAX) {
    throw new MailtraceError('keyword', `A keyword has ${value.length} characters.`, `Use at most ${KEYWORD_MAX}.`);
  }
  if (/[\0\n\r]/.test(value)) {
    throw new MailtraceError(
      'keyword',
      'A keyword holds a line break or NUL.',
      'Remove it: log lines cannot contain it.',
    );
  }
  if (prefix !== undefined) return forced(prefix, value);
  const plain = bare(value);
  if (plain.includes('@')) return { kind: 'address-or-id', text: plain };
  const network = parseNetwork(plain);
  if (network !== null) return { kind: 'network', text: plain, network };
  if (plain.includes('.')) return { kind: 'domain-or-host', text: plain.replace(/\.$/, '') };
  return { kind: 'word', text: plain };
};
