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

/** A field's value: a varint or fixed number as bigint, else the bytes. */
type Field = Readonly<{ number: number; value: bigint | Uint8Array }>;

const readVarint = (bytes: Uint8Array, at: number): readonly [bigint, number] => {
  let value = 0n;
  for (let index = at, shift = 0n; index < bytes.length; index++, shift += 7n) {
    value |= BigInt(bytes[index]! & 0x7f) << shift;
    if (bytes[index]! < 0x80) return [BigInt.asUintN(64, value), index + 1];
  }
  throw new Error('The message ends within a number.');
};

const readFixed = (bytes: Uint8Array, at: number, length: number): bigint => {
  let value = 0n;
  for (let index = length - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[at + index]!);
  return value;
};

const readFields = (bytes: Uint8Array): readonly Field[] => {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag, afterTag] = readVarint(bytes, at);
    const number = Number(tag >> 3n);
    const wireType = Number(tag & 7n);
    if (wireType === 0) {
      const [value, next] = readVarint(bytes, afterTag);
      fields.push({ number, value });
      at = next;
    } else if (wireType === 2) {
      const [length, start] = readVarint(bytes, afterTag);
      const end = start + Number(length);
      if (end > bytes.length) throw new Error('The message ends within a field.');
      fields.push({ number, value: bytes.subarray(start, end) });
      at = end;
    } else if (wireType === 1 || wireType === 5) {
      const length = wireType === 1 ? 8 : 4;
      fields.push({ number, value: readFixed(bytes, afterTag, length) });
      at = afterTag + length;
    } else throw new Error(`Wire type ${wireType} is not in use any more.`);
  }
  return fields;
};

const messages = (fields: readonly Field[], number: number): readonly Uint8Array[] =>
  fields.flatMap(({ number: own, value }) => (own === number && value instanceof Uint8Array ? [value] : []));

const message = (fields: readonly Field[], number: number): Uint8Array =>
  messages(fields, number).at(-1) ?? new Uint8Array();

const integer = (fields: readonly Field[], number: number): bigint => {
  const found = fields.findLast((field) => field.number === number)?.value;
  return typeof found === 'bigint' ? found : 0n;
};

/** Throws for what is not UTF-8, as strict receivers do. */
const toText = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (fields: readonly Field[], number: number): string => toText(message(fields, number));
/** Nanoseconds; ours are whole milliseconds. */
const timeMs = (fields: readonly Field[], number: number): number => Number(integer(fields, number) / 1_000_000n);

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
  if (number === 2) return value === 1n;
  return number === 4 ? toDouble(value) : Number(BigInt.asIntN(64, value));
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
