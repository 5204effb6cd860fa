import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  hashParts,
  hostName,
  parseMessageId,
  queueId,
  rootSpanId,
  spanId,
  spanMessageId,
  type TraceIdentity,
  traceId,
} from '../../src/domain/ids.ts';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

const identity = (messageId: string): TraceIdentity => ({
  messageId: parseMessageId(messageId),
  host: hostName('mx1.campus.example'),
  queueId: queueId('4jWkFk143lznk7d'),
  arrivedAtMs: Date.UTC(2026, 10, 21, 7, 23, 22),
});

describe('message-ids', () => {
  it.each([
    ['<abc@x.example>', 'abc@x.example'],
    ['<abc@x.example> (added by tool)', 'abc@x.example'],
    ['abc@x.example', 'abc@x.example'],
    ['<a b@x.example>', 'a b@x.example'],
    ['<with > inside@x.example>', 'with > inside@x.example'],
    ['<cut@x.exam', 'cut@x.exam'],
    ['<>', null],
    ['', null],
  ])('%s', (text, expected) => {
    expect(parseMessageId(text)).toBe(expected);
  });
});

describe('trace and span ids', () => {
  it('are made of the message-id alone, so that every host makes the same', () => {
    const hash = sha256('ä@x.example');
    expect(traceId(identity('<ä@x.example>'))).toBe(hash.slice(0, 32));
    expect(rootSpanId(identity('<ä@x.example>'))).toBe(hash.slice(32, 48));
    expect(traceId({ ...identity('<ä@x.example>'), host: hostName('other.example') })).toBe(hash.slice(0, 32));
    expect(spanMessageId(identity('<ä@x.example>'))).toBe('ä@x.example');
  });

  it('are made of host, queue ID and arrival for mail without a message-id', () => {
    const hash = sha256('no-message-id\0mx1.campus.example\x004jWkFk143lznk7d\x002026-11-21T07:23:22.000Z');
    expect(traceId(identity('<>'))).toBe(hash.slice(0, 32));
    expect(rootSpanId(identity('<>'))).toBe(hash.slice(32, 48));
    expect(spanMessageId(identity('<>'))).toBe(hash);
  });

  it('join their parts by NUL', () => {
    expect(spanId('a@x.example', '>', '2D6F4546A3F')).toBe(sha256('a@x.example\0>\x002D6F4546A3F').slice(0, 16));
    expect(hashParts('a', 'b').equals(hashParts('a\0b'))).toBe(true);
    expect(hashParts('a', 'b').equals(hashParts('ab'))).toBe(false);
  });
});
