/** HTTP mode: requests signed as Slack signs them, /authentication/verifying-requests-from-slack. */
import { createHmac } from 'node:crypto';
import { isObject, type JsonObject, parseJson } from '../json.js';
import type { Delivery, EnvelopeType, Retry, Transport } from './delivery.js';

export type SignedRequest = Readonly<{
  url: string;
  signingSecret: string;
  contentType: string;
  body: string;
  nowMs: number;
  headers?: Readonly<Record<string, string>>;
  timeoutMs: number;
}>;

export type SignedAnswer =
  | Readonly<{ kind: 'answered'; status: number; body: string }>
  | Readonly<{ kind: 'timeout' }>
  | Readonly<{ kind: 'unreachable' }>;

/** `v0=` and the hex HMAC-SHA256 of `v0:<seconds>:<body>`. */
const signature = (signingSecret: string, timestamp: number, body: string): string =>
  `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')}`;

/** Sends one request to the app. `headers` override the computed ones, so that tests can send a wrong signature. */
export const sendSigned = async (request: SignedRequest): Promise<SignedAnswer> => {
  const { url, signingSecret, contentType, body, nowMs, headers, timeoutMs } = request;
  const timestamp = Math.floor(nowMs / 1000);
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: {
        'content-type': contentType,
        'user-agent': 'Slackbot 1.0 (playground)',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': signature(signingSecret, timestamp, body),
        ...headers,
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { kind: 'answered', status: response.status, body: await response.text() };
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === 'TimeoutError';
    return { kind: isTimeout ? 'timeout' : 'unreachable' };
  }
};

const FORM = 'application/x-www-form-urlencoded';

const formOf = (payload: JsonObject): string =>
  new URLSearchParams(
    Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, String(value)])),
  ).toString();

const encode = (type: EnvelopeType, payload: JsonObject): Readonly<{ contentType: string; body: string }> => {
  switch (type) {
    case 'slash_commands':
      return { contentType: FORM, body: formOf(payload) };
    case 'interactive':
      return { contentType: FORM, body: formOf({ payload: JSON.stringify(payload) }) };
    case 'events_api':
      return { contentType: 'application/json', body: JSON.stringify(payload) };
  }
};

const retryHeaders = (retry: Retry | null): Readonly<Record<string, string>> =>
  retry === null ? {} : { 'x-slack-retry-num': String(retry.attempt), 'x-slack-retry-reason': `http_${retry.reason}` };

/** A plain text answer to a command is a message, too. */
const answerOf = (body: string): JsonObject | null => {
  if (body.trim() === '') return null;
  const value = parseJson(body);
  return isObject(value) ? value : { text: body };
};

export const openSignedHttp = ({
  url,
  signingSecret,
  now,
  ackTimeoutMs,
}: Readonly<{ url: string; signingSecret: string; now: () => number; ackTimeoutMs: number }>): Transport => ({
  send: async (type, payload, retry): Promise<Delivery> => {
    const sentAtMs = now();
    const answer = await sendSigned({
      url,
      signingSecret,
      ...encode(type, payload),
      nowMs: sentAtMs,
      headers: retryHeaders(retry),
      timeoutMs: ackTimeoutMs,
    });
    if (answer.kind !== 'answered') return answer;
    if (answer.status < 200 || answer.status > 299) return { kind: 'refused', status: answer.status };
    const body = answerOf(answer.body);
    return { kind: 'acked', latencyMs: now() - sentAtMs, payload: type === 'events_api' ? null : body };
  },
});
