import { describe, expect, it } from 'vitest';
import { describeThrown } from '../../src/opensearch-client/faults.ts';

const PLACE = { host: 'os.example', port: 9200, username: 'ann', useSsl: true, timeoutMs: 10_000 };

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

describe('faults of a connection', () => {
  it.each([
    ['ECONNREFUSED', 'unreachable', /refused the connection.*host and port/],
    ['ENOTFOUND', 'unreachable', /no address for os\.example/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'unreachable', /other names than os\.example/],
    ['CERT_HAS_EXPIRED', 'unreachable', /expired.*renew/],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'unreachable', /ca_file/],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'unreachable', /refuses our client certificate.*client_cert_file/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'unreachable', /use_ssl: false/],
    ['ECONNRESET', 'lost', /ended the connection/],
    ['ESOMETHINGNEW', 'unreachable', /ESOMETHINGNEW/],
  ])('%s', (code, kind, text) => {
    const fault = describeThrown(named('ConnectionError', code), PLACE, false);
    expect(fault.kind).toBe(kind);
    expect(fault.text).toMatch(text);
    expect(fault.text).toContain('OpenSearch at os.example:9200');
  });

  it('calls whatever came after the time limit a timeout', () => {
    expect(describeThrown(named('RequestAbortedError', 'ABORTED'), PLACE, true).text).toMatch(/within 10 s/);
  });

  it('lets bugs through', () => {
    const bug = new TypeError('x is not a function');
    expect(() => describeThrown(bug, PLACE, false)).toThrow(bug);
  });
});

/** As the library throws an answer with an HTTP status of failure. */
const ofStatus = (statusCode: number, error: Readonly<{ type: string; reason: string }>) =>
  describeThrown(Object.assign(named('ResponseError', error.type), { statusCode, body: { error } }), PLACE, false);

describe('faults of an answer', () => {
  it.each([
    [401, 'unauthorized', /user ann.*401.*MAILTRACE_OPENSEARCH_PASSWORD/],
    [403, 'forbidden', /forbids user ann.*role/],
    [404, 'missing', /no such index/],
    [429, 'overloaded', /429/],
    [503, 'overloaded', /503: a_type: a reason/],
    [400, 'refused', /400: a_type: a reason/],
    [500, 'refused', /500/],
  ])('%i', (status, kind, text) => {
    const fault = ofStatus(status, { type: 'a_type', reason: 'a reason' });
    expect(fault.kind).toBe(kind);
    expect(fault.text).toMatch(text);
    expect(fault.detail).toContain('a reason');
  });

  it('shows a long or odd reason as one short line', () => {
    const { text } = ofStatus(400, { type: 't', reason: `a\u001b[2J\n${'x'.repeat(5000)}` });
    expect(text.length).toBeLessThan(400);
    expect(text).toMatch(/^[ -~…]+$/);
  });
});
