/** What a cluster or the way to it did wrong, in words that name the thing and its remedy. No secret is in any of them. */
import type { ClusterAddress } from './address.js';

/**
 * `unreachable`: no answer. `lost`: the connection ended in the middle. `unauthorized`: who we are (401). `forbidden`: what we
 * may (403). `missing`: no such index. `overloaded`: later, perhaps. `refused`: this request is not for this cluster (400).
 */
export type FaultKind = 'unreachable' | 'lost' | 'unauthorized' | 'forbidden' | 'missing' | 'overloaded' | 'refused';

/** `detail`: type and reason as the cluster gives them, for decisions; `''` when there are none. `text`: fault and remedy. */
export type Fault = Readonly<{ kind: FaultKind; text: string; detail: string }>;

type Place = Pick<ClusterAddress, 'host' | 'port' | 'username' | 'useSsl' | 'timeoutMs'>;

/** A reason in an answer may repeat a whole query. */
const REASON_MAX = 200;

const nameOf = ({ host, port }: Place): string => `OpenSearch at ${host}:${port}`;
const userOf = ({ username }: Place): string =>
  username === null ? 'nobody (no username is set)' : `user ${username}`;

type Words = (place: Place) => string;

const CA = 'name the CA in opensearch_config.ca_file';

/** TLS alerts (RFC 8446 §6.2) of a cluster that looked at our certificate. */
const certificateRefused: Words = () =>
  'refuses our client certificate; name one that it trusts in opensearch_config.client_cert_file and client_key_file';

/** Codes of Node's sockets and TLS → what to say. */
const BY_CODE: Readonly<Record<string, Words>> = {
  ECONNREFUSED: () => 'refused the connection; check opensearch_config.host and port, and that it runs',
  ENOTFOUND: ({ host }) => `cannot be found: no address for ${host}; correct opensearch_config.host`,
  EAI_AGAIN: ({ host }) => `cannot be found: the name server does not answer for ${host}; try again or check DNS`,
  EHOSTUNREACH: () => 'cannot be reached: no route to it; check the network or a firewall',
  ENETUNREACH: () => 'cannot be reached: no route to it; check the network or a firewall',
  ETIMEDOUT: () => 'does not answer; check opensearch_config.host and port, and a firewall between',
  EPROTO: () => 'does not speak TLS on this port; set opensearch_config.use_ssl: false or correct the port',
  ERR_SSL_WRONG_VERSION_NUMBER: () =>
    'does not speak TLS on this port; set opensearch_config.use_ssl: false or correct the port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: () =>
    'does not speak TLS on this port; set opensearch_config.use_ssl: false or correct the port',
  CERT_HAS_EXPIRED: () => 'has a certificate that has expired; renew it on the cluster',
  ERR_TLS_CERT_ALTNAME_INVALID: ({ host }) =>
    `has a certificate for other names than ${host}; use one of its names as opensearch_config.host`,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: certificateRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: certificateRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: certificateRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: certificateRefused,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: certificateRefused,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: () =>
    'wants a client certificate; name it in opensearch_config.client_cert_file and client_key_file',
  SELF_SIGNED_CERT_IN_CHAIN: () => `has a certificate of an unknown authority; ${CA}`,
  DEPTH_ZERO_SELF_SIGNED_CERT: () => `has a certificate of its own making; ${CA}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: () => `has a certificate of an unknown authority; ${CA}`,
  UNABLE_TO_GET_ISSUER_CERT: () => `has a certificate of an unknown authority; ${CA}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: () => `has a certificate of an unknown authority; ${CA}`,
  CERT_SIGNATURE_FAILURE: () => `has a certificate that another authority signed than the CA file says; ${CA}`,
};

const unreachable = (code: string, place: Place): Fault => {
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ABORTED' || code.startsWith('Response aborted')) {
    const hint = place.useSsl ? '' : ', or set opensearch_config.use_ssl: true if it speaks TLS';
    return { kind: 'lost', text: `${nameOf(place)} ended the connection; try again${hint}`, detail: code };
  }
  const words = BY_CODE[code] ?? (() => `cannot be reached (${code.slice(0, REASON_MAX)}); check opensearch_config`);
  return { kind: 'unreachable', text: `${nameOf(place)} ${words(place)}`, detail: code };
};

const timedOut = (place: Place): Fault => ({
  kind: 'unreachable',
  text: `${nameOf(place)} did not answer within ${place.timeoutMs / 1000} s; raise opensearch_config.timeout or narrow the window`,
  detail: 'timeout',
});

type Json = Readonly<Record<string, unknown>>;
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Type and reason of the innermost causes: `illegal_argument_exception: …`. */
const reasonOf = (body: unknown): string => {
  const error = isJson(body) ? body['error'] : undefined;
  if (typeof error === 'string') return error;
  if (!isJson(error)) return typeof body === 'string' ? body : '';
  const causes = Array.isArray(error['root_cause']) ? error['root_cause'].filter(isJson) : [];
  return [error, ...causes, error['caused_by']]
    .filter(isJson)
    .map(({ type, reason }) => [type, reason].filter((each) => typeof each === 'string').join(': '))
    .join(' | ');
};

/** One line of printable text. */
const shorten = (reason: string): string => {
  const line = reason.replace(/[^\x20-\x7e]+/g, ' ').trim();
  return line.length > REASON_MAX ? `${line.slice(0, REASON_MAX)}…` : line;
};

/** Of an answer with an HTTP status of failure. `index` is in the path of the request. */
export const describeStatus = (status: number, body: unknown, place: Place): Fault => {
  const detail = reasonOf(body);
  const name = nameOf(place);
  if (status === 401) {
    const remedy = place.username === null ? 'set opensearch_config.username' : 'check opensearch_config.username';
    const text = `${name} does not let ${userOf(place)} in (401); ${remedy} and the password (MAILTRACE_OPENSEARCH_PASSWORD)`;
    return { kind: 'unauthorized', text, detail };
  }
  if (status === 403) {
    const text = `${name} forbids ${userOf(place)} to search (403); give the user a role that may read opensearch_config.index`;
    return { kind: 'forbidden', text, detail };
  }
  if (status === 404)
    return { kind: 'missing', text: `${name} has no such index; correct opensearch_config.index`, detail };
  if (status === 429 || status > 500) {
    const text = `${name} is overloaded or not ready (${status}: ${shorten(detail)}); check the health of the cluster and try again`;
    return { kind: 'overloaded', text, detail };
  }
  return {
    kind: 'refused',
    text: `${name} refused the search (${status}: ${shorten(detail)}); check opensearch_config`,
    detail,
  };
};

/** Of anything that a request threw. */
export const describeThrown = (error: unknown, place: Place, isTimeout: boolean): Fault => {
  if (isTimeout) return timedOut(place);
  if (!(error instanceof Error)) throw error;
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : null;
  if (status !== null) return describeStatus(status, 'body' in error ? error.body : undefined, place);
  switch (error.name) {
    case 'TimeoutError':
      return timedOut(place);
    case 'ConnectionError':
    case 'RequestAbortedError':
      return unreachable(error.message, place);
    case 'NoLivingConnectionsError':
      return unreachable('ECONNREFUSED', place);
    case 'DeserializationError':
      return {
        kind: 'refused',
        text: `${nameOf(place)} answers no JSON; correct opensearch_config.host and port`,
        detail: '',
      };
    default:
      // Certificates that are none, and bugs.
      throw error;
  }
};
