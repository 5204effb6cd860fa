// @ts-nocheck Plain JSON in, plain data out.
// postfix-grok-patterns: one payload of one Postfix daemon a case, and the fields that its patterns find.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLeftOut, NO_PLACE, NO_PLACE_PAIR, PLACES, reasonOf } from './postfix-places.mjs';
import { parseText } from './read-lines.mjs';
import { createTally } from './tally.mjs';

const DELIVERY = (field, value) => {
  const fields = { relay: 'none', delay: '1', delays: '0/0/0/1', dsn: '2.0.0', [field]: value };
  const { tls, ...rest } = fields;
  const inner = Object.entries(rest).filter(([name]) => name !== 'dsn');
  const text = [...inner, ...(tls === undefined ? [] : [['tls', tls]]), ['dsn', rest.dsn]].map((pair) =>
    pair.join('='),
  );
  return `0123456789A: to=<a@x.example>, ${text.join(', ')}, status=sent (250 2.0.0 Ok)`;
};

/** Patterns for a part of a line: the part is put where it stands in one. */
const PARTS = {
  POSTFIX_COMMAND_COUNTER_DATA: (data) => `disconnect from c.example[192.0.2.1] ${data}`,
  POSTFIX_DELAYS: (data) => DELIVERY('delays', data),
  POSTFIX_RELAY: (data) => DELIVERY('relay', data),
  POSTFIX_TLS_FEATURES: (data) => DELIVERY('tls', data),
};

/** A part's own fields: where they are inside the event. */
const PART_FIELDS = {
  POSTFIX_COMMAND_COUNTER_DATA: ({ detail }, field, expected) => {
    const [, command, accepted] = /^postfix_cmd_([a-z]+?)(_accepted)?$/.exec(field);
    const word = command === 'count' ? 'commands' : command;
    const [first, second] = (new RegExp(`(?:^| )${word}=(\\d+)(?:/(\\d+))?(?: |$)`).exec(detail) ?? []).slice(1);
    const got = accepted ? first : (second ?? first);
    return got === String(expected) ? expected : got;
  },
};
const PART_NO_PLACE = {
  postfix_relay_service: "a local socket is no address; the relay's name is kept",
  ...Object.fromEntries(
    [
      'postfix_tls_security_level',
      'postfix_tls_downgrade_level',
      'postfix_tls_policy_undecided',
      'postfix_requiretls',
      'postfix_requiretls_policy_undecided',
      'postfix_requiretls_policy_violation',
      'postfix_requiretls_downgrade_level',
    ].map((field) => [field, NO_PLACE_PAIR.tls]),
  ),
};

const pairsOf = (text) =>
  [...text.matchAll(/([a-z_]+)=(<[^>]*>|[^\s,]*)/g)].map(([, name, value]) => [name, value.replace(/^<(.*)>$/, '$1')]);

const judgePairs = (event, text, check) => {
  const pairs = PLACES[event.kind].pairs ?? {};
  for (const [name, value] of pairsOf(text)) {
    if (pairs[name]) check.field(name, value, pairs[name](event, value));
    else check.withoutPlace(`${name}=`, NO_PLACE_PAIR[name]);
  }
};

const judgeEvent = (event, results, part, check) => {
  const places = PLACES[event.kind];
  if (places === undefined) return check.miss(`there is no table for events of the kind ${event.kind}`);
  for (const [field, expected] of Object.entries(results)) {
    if (field === 'postfix_keyvalue_data') judgePairs(event, expected, check);
    else if (PART_FIELDS[part]) check.field(field, expected, PART_FIELDS[part](event, field, expected));
    else if (places[field] && !isLeftOut(event, field)) check.field(field, expected, places[field](event, expected));
    else check.withoutPlace(field, NO_PLACE[field] ?? PART_NO_PLACE[field]);
  }
};

const judgeCase = ({ file, pattern, data, results }, check) => {
  const part = /%\{(\w+)/.exec(pattern)?.[1];
  const text = (PARTS[part] ?? ((line) => line))(data.trimEnd());
  const outcome = parseText(text, `postfix/${file.replace(/_\d+\.yaml$/, '')}`);
  if (outcome.kind === 'unknown') return check.miss(`not understood: ${text}`);
  if (outcome.kind === 'ignored') {
    const reason = reasonOf(text);
    if (reason === undefined) return check.miss(`understood, but makes no event: ${text}`);
    for (const field of Object.keys(results)) check.withoutPlace(field, reason);
    return undefined;
  }
  if (outcome.events.length !== 1) return check.miss(`${outcome.events.length} events`);
  return judgeEvent(outcome.events[0], results, part, check);
};

/** @param {string} folder that of the public corpora */
export const scoreGrok = (folder) => {
  const tally = createTally('postfix-grok-patterns');
  const rows = readFileSync(join(folder, 'postfix-grok-patterns/all.jsonl'), 'utf8').split('\n').filter(Boolean);
  for (const row of rows) {
    const payload = JSON.parse(row);
    tally.judge(payload.file, (check) => judgeCase(payload, check));
  }
  return tally.result();
};
