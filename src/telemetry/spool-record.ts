/**
 * One record of the spool: a batch of spans, packed, with a head by which it can be stepped over and checked.
 *
 *     magic "MTS1" | spans | bytes of the payload | CRC-32 of the head before it and the payload | payload
 *
 * The three numbers are unsigned 32-bit, big-endian; the payload is deflated JSON. Another shape of `Span` needs another magic.
 */
import { promisify } from 'node:util';
import { crc32, deflateRaw, inflateRaw } from 'node:zlib';
import type { Span } from '../domain/span.js';

const pack = promisify(deflateRaw);
const unpack = promisify(inflateRaw);

const MAGIC = Buffer.from('MTS1', 'latin1');
export const HEAD_BYTES = 16;
const CHECKED_BYTES = 12;
/** A batch is a few megabytes at most before it is packed; a larger number is a broken head. */
const PAYLOAD_MAX = 16 * 1_048_576;
const UNPACKED_MAX = 64 * 1_048_576;
/** Fast; spans resemble each other so much that they shrink to a tenth nevertheless. */
const LEVEL = 1;

/** `bytes`: of the whole record. */
export type RecordHead = Readonly<{ spans: number; bytes: number; crc: number }>;

export const encodeRecord = async (spans: readonly Span[]): Promise<Buffer> => {
  const payload = await pack(Buffer.from(JSON.stringify(spans), 'utf8'), { level: LEVEL });
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  head.writeUInt32BE(spans.length, 4);
  head.writeUInt32BE(payload.length, 8);
  head.writeUInt32BE(crc32(payload, crc32(head.subarray(0, CHECKED_BYTES))), CHECKED_BYTES);
  return Buffer.concat([head, payload]);
};

/** null: these bytes are no head. */
export const decodeHead = (head: Buffer): RecordHead | null => {
  if (head.length < HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const payload = head.readUInt32BE(8);
  if (payload > PAYLOAD_MAX) return null;
  return { spans: head.readUInt32BE(4), bytes: HEAD_BYTES + payload, crc: head.readUInt32BE(CHECKED_BYTES) };
};

/** @returns null for a record that is damaged */
export const decodeRecord = async (record: Buffer): Promise<readonly Span[] | null> => {
  const head = decodeHead(record);
  if (head === null || record.length !== head.bytes) return null;
  const payload = record.subarray(HEAD_BYTES);
  if (crc32(payload, crc32(record.subarray(0, CHECKED_BYTES))) !== head.crc) return null;
  // The checksum holds: this is what encodeRecord wrote.
  return JSON.parse((await unpack(payload, { maxOutputLength: UNPACKED_MAX })).toString('utf8')) as readonly Span[];
};
