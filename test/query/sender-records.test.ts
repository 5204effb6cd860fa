/** A sender's records: what is read, what is refused with its line, and that no line is lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSenderRecords } from '../../src/query/sender-records.ts';

const A = { queue_id: '4bXyZ1abc', message_id: '<a@x.example>', success: true, status_code: 250 };
const B = { queue_id: null, message_id: 'b@x.example', success: false, status_code: 550 };

const idsOf = (text: string): readonly unknown[] =>
  readSenderRecords(text).records.map(({ line, queueId, messageId }) => [line, queueId, messageId]);

const faultsOf = (text: string): readonly string[] =>
  readSenderRecords(text).faults.map(({ line, text: words }) => `${line}: ${words}`);

describe('what is read', () => {
  const both = [
    [1, '4bXyZ1abc', 'a@x.example'],
    [2, null, 'b@x.example'],
  ];
  it.each([
    ['JSON lines', `${JSON.stringify(A)}\n${JSON.stringify(B)}\n`, both],
    ['JSON lines with CRLF and a byte order mark', `\uFEFF${JSON.stringify(A)}\r\n${JSON.stringify(B)}\r\n`, both],
    ['an array over lines', `[${JSON.stringify(A)},\n${JSON.stringify(B)}]`, both],
    ['an array with a comma at its end', `[${JSON.stringify(A)},\n${JSON.stringify(B)},\n]\n`, both],
    [
      'an indented array',
      JSON.stringify([A, B], null, 2),
      [
        [2, ...both[0]!.slice(1)],
        [8, ...both[1]!.slice(1)],
      ],
    ],
    ['one indented record', JSON.stringify(A, null, 2), [both[0]]],
    ['brackets and quotes inside values', `[{"message_id":"a]},\\"[@x","to":["[","{"]}]`, [[1, null, 'a]},"[@x']]],
    ['a queue ID without quotes', '{"queue_id": 123456}', [[1, '123456', null]]],
  ])('%s', (_, text, expected) => {
    expect(idsOf(text)).toEqual(expected);
    expect(faultsOf(text)).toEqual([]);
  });

  it.each([
    ['{"queue_id":"a","success":"TRUE","status_code":"250 2.0.0 Ok"}', true, 250],
    ['{"queue_id":"a","success":0,"status_code":"451"}', false, 451],
    ['{"queue_id":"a","success":null,"status_code":""}', null, null],
    ['{"queue_id":"a"}', null, null],
  ])('%s', (text, success, statusCode) => {
    expect(readSenderRecords(text).records).toMatchObject([{ success, statusCode }]);
  });

  it('keeps the record as it was given', () => {
    expect(readSenderRecords('{"queue_id":"a","sent_at":"09:00","to":["x"]}').records[0]?.given).toEqual({
      queue_id: 'a',
      sent_at: '09:00',
      to: ['x'],
    });
  });
});

describe('what is refused', () => {
  it.each([
    ['', ['1: the file is empty']],
    [' \n\n', ['1: the file is empty']],
    ['[]', []],
    [`${JSON.stringify(A)}\n{"queue_id":\n`, [expect.stringMatching(/^2: is no JSON: /)]],
    [`[${JSON.stringify(A)},\n{"queue_id":"x" "y"}]`, [expect.stringMatching(/^2: is no JSON: /)]],
    [`[${JSON.stringify(A)}\n${JSON.stringify(B)}]`, ['2: a comma is missing between two records']],
    [`[${JSON.stringify(A)},\n`, ['2: the array is not closed: the file ends too early']],
    [`[${JSON.stringify(A)}]\n[]`, ['2: something follows after the end of the array']],
    ['"text"', ['1: is no object with queue_id, message_id, success, status_code']],
    ['{"success":true}', ['1: it names neither queue_id nor message_id, so no message can be found for it']],
    ['{"messageId":"a@x"}', ['1: it names neither queue_id nor message_id; is "messageId" meant to be message_id?']],
    ['{"queue_id":" ","message_id":"<>"}', [expect.stringContaining('neither')]],
    ['{"queue_id":{"a":1}}', ['1: queue_id must be text']],
    ['{"queue_id":"a\\u0000b"}', ['1: queue_id holds a line break or NUL']],
    ['{"queue_id":"a","success":"maybe"}', ['1: success must be true or false']],
    ['{"queue_id":"a","status_code":999}', ['1: status_code must be a reply code from 200 to 599']],
    ['{"queue_id":"a","status_code":250.5}', ['1: status_code must be a reply code from 200 to 599']],
  ])('%j', (text, expected) => {
    expect(faultsOf(text)).toEqual(expected);
  });

  it('reads the others all the same', () => {
    const text = `${JSON.stringify(A)}\nnonsense\n${JSON.stringify(B)}\n{}`;
    expect(idsOf(text).map((row) => (row as unknown[])[0])).toEqual([1, 3]);
    expect(faultsOf(text).map((row) => row.slice(0, 2))).toEqual(['2:', '4:']);
  });
});

describe('whatever the text', () => {
  it('loses no line of JSON lines', () => {
    const line = fc.oneof(fc.constant(JSON.stringify(A)), fc.constant('{"success":true}'), fc.string());
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        const text = lines.map((each) => each.replace(/[\n\r]/g, ' ')).join('\n');
        if (text.trim() === '' || /^\s*\[/.test(text)) return;
        const { records, faults } = readSenderRecords(text);
        const told = [...records, ...faults].map((each) => each.line).sort((a, b) => a - b);
        const wanted = text.split('\n').flatMap((each, index) => (each.trim() === '' ? [] : [index + 1]));
        expect(told.length).toBeGreaterThan(0);
        if (told.length > 1 || wanted.length === 1) expect(told).toEqual(wanted);
      }),
    );
  });

  it('ends, with records or faults, for any array', () => {
    fc.assert(
      fc.property(fc.string(), (rest) => {
        const { records, faults } = readSenderRecords(`[${rest}`);
        expect(records.length + faults.length > 0 || /^\s*\]\s*$/.test(rest)).toBe(true);
      }),
    );
  });

  it('reads back every array that JSON can write', () => {
    const id = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => /^[^\0\n\r<>]*\S[^\0\n\r<>]*$/.test(text));
    fc.assert(
      fc.property(fc.array(id, { minLength: 1 }), fc.constantFrom(0, 2), (ids, indent) => {
        const text = JSON.stringify(
          ids.map((each) => ({ message_id: each })),
          null,
          indent,
        );
        expect(readSenderRecords(text).records.map(({ messageId }) => messageId)).toEqual(
          ids.map((each) => each.trim()),
        );
      }),
    );
  });
});
