/** One log record of KumoMTA, as far as we have a place for it. Fields that are missing or of another type are null. */

export type KumoResponse = Readonly<{
  code: number | null;
  /** `5.1.1` */
  enhancedCode: string | null;
  content: string;
  command: string | null;
}>;

export type KumoRecord = Readonly<{
  type: string;
  id: string;
  /** `''` = null sender. */
  sender: string;
  recipients: readonly string[];
  /** Several recipients under one ID: the record tells of some of them. */
  isBatch: boolean;
  size: number | null;
  response: KumoResponse;
  peer: Readonly<{ name: string | null; addr: string | null }> | null;
  /** Epoch milliseconds. */
  eventMs: number | null;
  createdMs: number | null;
  deliveryProtocol: string | null;
  receptionProtocol: string | null;
  messageId: string | null;
}>;

type Json = Readonly<Record<string, unknown>>;

const asObject = (value: unknown): Json | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
const asText = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const asNumber = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

const parseObject = (text: string): Json | null => {
  try {
    return asObject(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};

const enhancedCodeOf = (value: unknown): string | null => {
  const code = asObject(value);
  const parts = [code?.['class'], code?.['subject'], code?.['detail']].map(asNumber);
  return parts.includes(null) ? null : parts.join('.');
};

const responseOf = (value: unknown): KumoResponse => {
  const response = asObject(value);
  return {
    code: asNumber(response?.['code']),
    enhancedCode: enhancedCodeOf(response?.['enhanced_code']),
    content: asText(response?.['content']) ?? '',
    command: asText(response?.['command']),
  };
};

const peerOf = (value: unknown): KumoRecord['peer'] => {
  const peer = asObject(value);
  return peer === null ? null : { name: asText(peer['name']), addr: asText(peer['addr']) };
};

const MAX_RECIPIENTS = 5000;

const recipientsOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value.slice(0, MAX_RECIPIENTS) : [value]).filter((each) => typeof each === 'string');

/** RFC 3339 with nanoseconds since 2025.10.06; before, only whole seconds. */
const momentOf = (record: Json, precise: string, seconds: string): number | null => {
  const text = asText(record[precise]);
  const ms = text === null ? Number.NaN : Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
  if (Number.isFinite(ms)) return ms;
  const whole = asNumber(record[seconds]);
  return whole === null ? null : whole * 1000;
};

const messageIdOf = (value: unknown): string | null => {
  const headers = asObject(value);
  if (headers === null) return null;
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'message-id');
  const header = name === undefined ? null : headers[name];
  return asText(Array.isArray(header) ? header[0] : header);
};

/** @returns null when the text is no record of KumoMTA. */
export const readKumoRecord = (text: string): KumoRecord | null => {
  const record = text.startsWith('{') ? parseObject(text) : null;
  const [type, id] = [asText(record?.['type']), asText(record?.['id'])];
  if (record === null || type === null || id === null) return null;
  return {
    type,
    id,
    sender: asText(record['sender']) ?? '',
    recipients: recipientsOf(record['recipient']),
    isBatch: Array.isArray(record['recipient']) && record['recipient'].length > 1,
    size: asNumber(record['size']),
    response: responseOf(record['response']),
    peer: peerOf(record['peer_address']),
    eventMs: momentOf(record, 'event_time', 'timestamp'),
    createdMs: momentOf(record, 'created_time', 'created'),
    deliveryProtocol: asText(record['delivery_protocol']),
    receptionProtocol: asText(record['reception_protocol']),
    messageId: messageIdOf(record['headers']),
  };
};
