/**
 * Reads an ExportTraceServiceRequest: protobuf, as far as OTLP's traces use it
 * (opentelemetry/proto/{collector/trace,trace,resource,common}/v1). Fields that are not read are stepped over.
 */

export type ReceivedValue = string | number | boolean | readonly ReceivedValue[] | null;
export type ReceivedAttributes = Readonly<Record<string, ReceivedValue>>;

export type ReceivedSpan = Readonly<{
  /** Of its resource. */
  service: string;
  resource: ReceivedAttributes;
  scope: string;
  /** Hex. */
  traceId: string;
  spanId: string;
  /** null: the root. */
  parentSpanId: string | null;
  name: string;
  /** OTLP's numbers: 1 internal, 2 server, 3 client. */
  kind: number;
  startMs: number;
  endMs: number;
  attributes: ReceivedAttributes;
  events: readonly Readonly<{ name: string; timeMs: number; attributes: ReceivedAttributes }>[];
  droppedEvents: number;
  links: readonly Readonly<{ traceId: string; spanId: string; attributes: ReceivedAttributes }>[];
  /** OTLP's numbers: 0 unset, 1 ok, 2 error. */
  status: Readonly<{ code: number; message: string }>;
}>;

/** A field's value: a whole number (as bigint where a number is not exact), the bits of a fixed one, or the bytes. */
type Field = Readonly<{ number: number; value: number | bigint | Uint8Array }>;

/** Where a reader stands in the bytes. */
type Cursor = { readonly bytes: Uint8Array; readonly view: DataView; at: number };

/** Seven bytes of seven bits each are exact in a number. */
const EXACT_BYTES = 7;

const readVarint = (cursor: Cursor): number | bigint => {
  const { bytes, at } = cursor;
  let end = at;
  while (end < bytes.length && bytes[end]! >= 0x80) end += 1;
  if (end >= bytes.length) throw new Error('The message ends within a number.');
  cursor.at = end + 1;
  if (end - at < EXACT_BYTES) {
    let value = 0;
    for (let index = end; index >= at; index--) value = value * 128 + (bytes[index]! & 0x7f);
    return value;
  }
  let value = 0n;
  for (let index = end; index >= at; index--) value = (value << 7n) | BigInt(bytes[index]! & 0x7f);
  return BigInt.asUintN(64, value);
};

const readBytes = (cursor: Cursor): Uint8Array => {
  const length = Number(readVarint(cursor));
  const start = cursor.at;
  if (start + length > cursor.bytes.length) throw new Error('The message ends within a field.');
  cursor.at = start + length;
  return cursor.bytes.subarray(start, start + length);
};

const readFixed = (cursor: Cursor, length: 4 | 8): bigint | number => {
  const start = cursor.at;
  cursor.at = start + length;
  return length === 8 ? cursor.view.getBigUint64(start, true) : cursor.view.getUint32(start, true);
};

const readFieldValue = (cursor: Cursor, wireType: number): Field['value'] => {
  switch (wireType) {
    case 0:
      return readVarint(cursor);
    case 1:
      return readFixed(cursor, 8);
    case 2:
      return readBytes(cursor);
    case 5:
      return readFixed(cursor, 4);
    default:
      throw new Error(`Wire type ${wireType} is not in use any more.`);
  }
};

const readFields = (bytes: Uint8Array): readonly Field[] => {
  const fields: Field[] = [];
  const cursor = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 };
  while (cursor.at < bytes.length) {
    const tag = Number(readVarint(cursor));
    fields.push({ number: Math.floor(tag / 8), value: readFieldValue(cursor, tag % 8) });
  }
  return fields;
};

const messages = (fields: readonly Field[], number: number): readonly Uint8Array[] =>
  fields.flatMap(({ number: own, value }) => (own === number && value instanceof Uint8Array ? [value] : []));

const message = (fields: readonly Field[], number: number): Uint8Array =>
  messages(fields, number).at(-1) ?? new Uint8Array();

const integer = (fields: readonly Field[], number: number): number | bigint => {
  const found = fields.findLast((field) => field.number === number)?.value;
  return found === undefined || found instanceof Uint8Array ? 0 : found;
};

/** Throws for what is not UTF-8, as strict receivers do. */
const utf8 = new TextDecoder('utf-8', { fatal: true });
const toText = (bytes: Uint8Array): string => utf8.decode(bytes);
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
const text = (fields: readonly Field[], number: number): string => toText(message(fields, number));
/** Nanoseconds; ours are whole milliseconds. */
const timeMs = (fields: readonly Field[], number: number): number =>
  Number(BigInt(integer(fields, number)) / 1_000_000n);

const toDouble = (bits: bigint): number => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
};

/** common.v1.AnyValue */
const readValue = (bytes: Uint8Array): ReceivedValue => {
  const [field] = readFields(bytes);
  if (field === undefined) return null;
  const { number, value } = field;
  if (value instanceof Uint8Array) {
    if (number === 1) return toText(value);
    if (number === 5) return messages(readFields(value), 1).map(readValue);
    throw new Error(`Values of kind ${number} are not expected.`);
  }
  if (number === 2) return Number(value) === 1;
  return number === 4 ? toDouble(BigInt(value)) : Number(BigInt.asIntN(64, BigInt(value)));
};

const readAttributes = (keyValues: readonly Uint8Array[]): ReceivedAttributes =>
  Object.fromEntries(
    keyValues.map((bytes) => {
      const fields = readFields(bytes);
      return [text(fields, 1), readValue(message(fields, 2))];
    }),
  );

const readEvent = (bytes: Uint8Array): ReceivedSpan['events'][number] => {
  const fields = readFields(bytes);
  return { name: text(fields, 2), timeMs: timeMs(fields, 1), attributes: readAttributes(messages(fields, 3)) };
};

const readLink = (bytes: Uint8Array): ReceivedSpan['links'][number] => {
  const fields = readFields(bytes);
  return {
    traceId: toHex(message(fields, 1)),
    spanId: toHex(message(fields, 2)),
    attributes: readAttributes(messages(fields, 4)),
  };
};

type Origin = Pick<ReceivedSpan, 'service' | 'resource' | 'scope'>;

const readSpan = (bytes: Uint8Array, origin: Origin): ReceivedSpan => {
  const fields = readFields(bytes);
  const status = readFields(message(fields, 15));
  return {
    ...origin,
    traceId: toHex(message(fields, 1)),
    spanId: toHex(message(fields, 2)),
    parentSpanId: toHex(message(fields, 4)) || null,
    name: text(fields, 5),
    kind: Number(integer(fields, 6)),
    startMs: timeMs(fields, 7),
    endMs: timeMs(fields, 8),
    attributes: readAttributes(messages(fields, 9)),
    events: messages(fields, 11).map(readEvent),
    droppedEvents: Number(integer(fields, 12)),
    links: messages(fields, 13).map(readLink),
    status: { code: Number(integer(status, 3)), message: text(status, 2) },
  };
};

export const decodeTraces = (request: Uint8Array): readonly ReceivedSpan[] =>
  messages(readFields(request), 1).flatMap((resourceSpans) => {
    const fields = readFields(resourceSpans);
    const resource = readAttributes(messages(readFields(message(fields, 1)), 1));
    return messages(fields, 2).flatMap((scopeSpans) => {
      const inner = readFields(scopeSpans);
      const scope = text(readFields(message(inner, 1)), 1);
      const origin = { service: String(resource['service.name'] ?? ''), resource, scope };
      return messages(inner, 2).map((bytes) => readSpan(bytes, origin));
    });
  });
