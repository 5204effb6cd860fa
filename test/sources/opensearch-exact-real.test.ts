/** Whatever the analyser: an index answers exactly as a scan of all lines does. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogSource, Needle } from '../../src/app/ports.ts';
import { hostName } from '../../src/domain/ids.ts';
import { getOpensearch, OPENSEARCH_START_MS, type OpensearchServer } from '../services/opensearch.ts';
import { ask, createIndex, index, type Json, openIndex } from './opensearch-index.ts';

const SEED = 20_261_121;
const WORDS = (
  'user User USER foo ann queued running the from to 4bXyz9 ABC1 0F9FBCD13 250 example com x 1 42 1tGx2a 0000Ab C3 ÄQ ß ' +
  'grüße naïve 日本 I İ é message-id mail.example.com ann@x.example foo:user@example.com 20261121072324.0F9FBCD13 wi-fi'
).split(' ');
const MARKS = [
  ' ',
  '.',
  ':',
  ',',
  ';',
  "'",
  '"',
  '-',
  '_',
  '@',
  '<',
  '>',
  '=',
  '/',
  '(',
  ')',
  '[',
  ']',
  '+',
  '*',
  '?',
  '\\',
  '&',
  '|',
  '\t',
];
const LONG = ['a1'.repeat(150), `${'QmFzZTY0'.repeat(33)}end`, 'x'.repeat(254), 'y'.repeat(255), 'z'.repeat(256)];

const word = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: fc.constantFrom(...LONG) },
  { weight: 2, arbitrary: fc.string({ minLength: 1, maxLength: 6 }) },
);
const mark = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...MARKS) }, { weight: 1, arbitrary: fc.constant('') });
const message = fc
  .array(fc.tuple(word, mark), { minLength: 1, maxLength: 12 })
  .map((parts) =>
    parts
      .flat()
      .join('')
      .replace(/[\r\n\u2028\u2029]/g, ' '),
  )
  // Half a surrogate pair cannot be stored.
  .map((text) => Buffer.from(text, 'utf8').toString('utf8').trim())
  .filter((text) => text !== '' && text !== '-');

const MESSAGES = fc.sample(message, { numRuns: 400, seed: SEED });

/** A piece of a message, a few characters longer or shorter than words are; sometimes a text of its own. */
const needle = fc
  .tuple(fc.constantFrom(...MESSAGES), fc.nat(), fc.nat(), fc.boolean(), fc.boolean(), word, fc.nat(9))
  .map(([text, from, length, ignoreCase, isWhole, other, kind]): Needle => {
    const characters = [...text];
    const start = from % characters.length;
    const piece = characters.slice(start, start + 1 + (length % 24)).join('');
    return { text: kind === 0 ? other : piece, ignoreCase, isWhole };
  });
const NEEDLES: readonly Needle[] = [
  ...fc.sample(needle, { numRuns: 60, seed: SEED }),
  ...LONG.map((text) => ({ text: text.slice(200), ignoreCase: false, isWhole: false })),
  ...['user@example.com', '0F9FBCD13', '4bXyz9', 'ABC1'].map((text) => ({ text, ignoreCase: false, isWhole: true })),
];

const fold = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const isWordCharacter = (character: string | undefined): boolean =>
  character !== undefined && /[A-Za-z0-9_-]/.test(character);

/** The rule of `Needle`, written down once more and slowly. */
const holds = (line: string, { text, ignoreCase, isWhole }: Needle): boolean => {
  const [where, what] = ignoreCase ? [fold(line), fold(text)] : [line, text];
  for (let at = where.indexOf(what); at >= 0; at = where.indexOf(what, at + 1)) {
    if (!isWhole || !(isWordCharacter(where[at - 1]) || isWordCharacter(where[at + what.length]))) return true;
  }
  return false;
};

const MAPPINGS: Readonly<Record<string, Json>> = {
  text: { type: 'text' },
  match_only_text: { type: 'match_only_text' },
  keyword: { type: 'keyword', ignore_above: 256 },
  wildcard: { type: 'wildcard' },
  'keyword in lower case': { type: 'keyword', normalizer: 'lowercase' },
  whitespace: { type: 'text', analyzer: 'whitespace' },
  simple: { type: 'text', analyzer: 'simple' },
  english: { type: 'text', analyzer: 'english' },
  'uax_url_email without case': { type: 'text', analyzer: 'mail' },
  'cut at 70': { type: 'text', analyzer: 'short' },
  trigrams: { type: 'text', analyzer: 'trigrams' },
};

const SETTINGS: Json = {
  number_of_shards: 2,
  max_ngram_diff: 5,
  analysis: {
    tokenizer: {
      seventy: { type: 'standard', max_token_length: 70 },
      three: { type: 'ngram', min_gram: 3, max_gram: 4 },
    },
    analyzer: {
      mail: { type: 'custom', tokenizer: 'uax_url_email', filter: ['lowercase'] },
      short: { type: 'custom', tokenizer: 'seventy', filter: ['lowercase'] },
      trigrams: { type: 'custom', tokenizer: 'three', filter: ['lowercase'] },
    },
  },
};

const START_MS = Date.parse('2026-11-21T07:00:00Z');
const WINDOW = { fromMs: START_MS, toMs: START_MS + 86_400_000 };

let server: OpensearchServer;
beforeAll(async () => {
  server = await getOpensearch('plain');
}, OPENSEARCH_START_MS);

describe.each(Object.entries(MAPPINGS))('messages mapped as %s', (name, mapping) => {
  const at = `exact-${name.replaceAll(' ', '-')}`;
  let source: LogSource;
  beforeAll(async () => {
    const mappings = {
      properties: {
        '@timestamp': { type: 'date' },
        host: { properties: { name: { type: 'keyword' } } },
        message: mapping,
      },
    };
    await createIndex(server, at, { mappings, settings: SETTINGS });
    const documents = MESSAGES.map((text, place) => ({
      '@timestamp': START_MS + place * 1000,
      host: { name: 'mx1' },
      log: { syslog: { appname: 'postfix/smtpd', procid: 7 } },
      message: text,
    }));
    await index(server, at, documents);
    source = await openIndex(server, at, ['mx1']);
  });
  afterAll(async () => {
    await source.close();
    await ask(server, 'DELETE', `/${at}`);
  });

  it('are found exactly', async () => {
    const wrong: unknown[] = [];
    // Each for itself: what is asked at once goes in one query, and one needle's clause may hide what another's lacks.
    const check = async (each: Needle): Promise<void> => {
      const lookup = { window: WINDOW, needles: [each], relatedWindow: WINDOW, related: null };
      const request = { hosts: [hostName('mx1')], lookups: [lookup], budget: { maxLines: 1e6, maxBytes: 1e9 } };
      const { records, hosts } = await source.search(request, new AbortController().signal);
      const found = records.map(({ timeMs }) => (timeMs - START_MS) / 1000);
      const expected = MESSAGES.flatMap((text, place) => (holds(text, each) ? [place] : []));
      if (hosts[0]?.status !== 'ok' || JSON.stringify(found) !== JSON.stringify(expected)) {
        const [missed, extra] = [
          expected.filter((place) => !found.includes(place)),
          found.filter((place) => !expected.includes(place)),
        ];
        wrong.push({ each, missed: missed.map((place) => MESSAGES[place]), extra, reading: hosts[0] });
      }
    };
    await Promise.all(NEEDLES.map(check));
    expect(wrong).toEqual([]);
  });
});

describe('the needles of this test', () => {
  it('are found sometimes, and sometimes not', () => {
    const counts = NEEDLES.map((each) => MESSAGES.filter((text) => holds(text, each)).length);
    expect(counts.filter((count) => count === 0).length).toBeGreaterThan(5);
    expect(counts.filter((count) => count > 0 && count < 20).length).toBeGreaterThan(15);
  });
});
