/** The filters of a subscription: what may stand after `from:`, `relay:`, `dsn:` and the others, in its one form. */
import { parseNetwork } from '../domain/keyword.js';
import { FILTER_NAMES, type FilterName } from '../domain/subscription.js';
import { MailtraceError } from '../errors.js';
import { findNearest } from './nearest.js';
import { excerpt } from './plain-text.js';

/** RFC 5321 §4.5.3.1 allows 320 octets for an address, RFC 1035 255 for a name. */
const VALUE_MAX = 320;
const DOMAIN = /^(?=.{1,255}$)[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?(?:\.[\p{L}\p{N}_-]+)*$/u;
const ADDRESS = /^(?:"[^"]*"|[^\s@<>"]+)@[^\s@<>]+$/;
/** RFC 3463 §2: class 2, 4 or 5, two numbers of at most three digits; `*` for one part or the rest. */
const DSN = /^(?:[245]|\*)(?:\.(?:\d{1,3}|\*)){0,2}$/;

const EXAMPLES: Readonly<Record<FilterName, string>> = {
  from: 'from:ann@x.example, from:x.example (with its sub-domains), from:@x.example or from:<>',
  to: 'to:bob@y.example, to:y.example (with its sub-domains) or to:@y.example',
  domain: 'domain:x.example',
  relay: 'relay:mx.partner.example, relay:192.0.2.25 or relay:192.0.2.0/24',
  host: 'host:mx1.x.example',
  cluster: 'cluster:mx',
  dsn: 'dsn:5.1.1, dsn:5.7.* or dsn:4.*',
};

const refuse = (name: FilterName, value: string, why: string): never => {
  throw new MailtraceError(
    'usage',
    value === '' ? `${name}: ${why}.` : `${name}:${excerpt(value)} ${why}.`,
    `Write for example ${EXAMPLES[name]}.`,
  );
};

const trimDot = (text: string): string => text.replace(/\.$/, '');

const readDomain = (name: FilterName, value: string): string => {
  const domain = trimDot(value.replace(/^(?:\*\.|\*@|@)/, ''));
  if (domain.includes('*')) refuse(name, value, 'holds a "*": a domain stands for its sub-domains too');
  return DOMAIN.test(domain) ? domain : refuse(name, value, 'is no domain');
};

const readParty = (name: 'from' | 'to', value: string): string => {
  if (/^<\s*>$/.test(value)) {
    return name === 'from' ? '<>' : refuse(name, value, 'is the null sender, which receives nothing');
  }
  const bare = trimDot(value.replace(/^<(.*)>$/, '$1').replace(/^\*@/, '@'));
  if (bare.startsWith('@')) return `@${readDomain(name, bare)}`;
  if (!bare.includes('@')) return readDomain(name, bare);
  return ADDRESS.test(bare) && !bare.includes('*') ? bare : refuse(name, value, 'is no address');
};

const readRelay = (value: string): string => {
  if (parseNetwork(value) !== null) return value.replace(/^\[(.*)\]$/, '$1').replace(/^ipv6:/, '');
  const host = value.replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/, '$1');
  return parseNetwork(host) === null ? readDomain('relay', host) : host;
};

const readDsn = (value: string): string => {
  if (/^[245]\d\d$/.test(value)) refuse('dsn', value, 'is a reply code, no enhanced status code');
  if (!DSN.test(value)) refuse('dsn', value, 'is no enhanced status code');
  const parts = value.split('.');
  while (parts.length > 1 && parts.at(-1) === '*') parts.pop();
  return parts.length === 3 ? parts.join('.') : `${parts.join('.')}.*`.replace(/^\*\.\*$/, '*');
};

/**
 * @returns the value in lower case and in one form: `*@x.example` as `@x.example`, `5.7` as `5.7.*`. Clusters keep their case.
 * @throws MailtraceError `usage` when it is none
 */
export const readFilterValue = (name: FilterName, typed: string): string => {
  const value = name === 'cluster' ? typed.trim() : typed.trim().toLowerCase();
  if (value === '') refuse(name, '', 'needs a value');
  if (value.length > VALUE_MAX) refuse(name, value, `is longer than ${VALUE_MAX} characters`);
  if (/\p{Cc}/u.test(value)) refuse(name, value, 'holds a control character');
  switch (name) {
    case 'from':
    case 'to':
      return readParty(name, value);
    case 'domain':
      return value.replace(/^@/, '').includes('@')
        ? refuse(name, value, 'is an address; use from: or to:')
        : readDomain(name, value);
    case 'relay':
      return readRelay(value);
    case 'host':
      return /\s/.test(value) ? refuse(name, value, 'is no host name') : trimDot(value);
    case 'cluster':
      return value;
    case 'dsn':
      return readDsn(value);
  }
};

/** As it is to be typed again: in quotes where it holds a blank, a comma or a semicolon. */
export const filterText = (name: FilterName, value: string): string =>
  /[\s,;]/.test(value) && !value.includes('"') ? `${name}:"${value}"` : `${name}:${value}`;

/** @throws MailtraceError `usage`, always: `word` has a colon, but what stands before it is no filter */
export const refuseFilter = (word: string): never => {
  const [name = ''] = word.split(':', 1);
  const nearest = findNearest(name, FILTER_NAMES);
  const guess = nearest === null ? '' : `Did you mean ${nearest}:? `;
  throw new MailtraceError(
    'usage',
    `"${excerpt(name)}:" is no filter.`,
    `${guess}There are ${FILTER_NAMES.map((filter) => `${filter}:`).join(' ')}`,
  );
};
