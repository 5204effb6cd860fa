/** Lines of an SMTP server process that name a client and no queue ID: sessions, and clients turned away by a warning. */
import type { Client, MtaEvent, RejectStage } from '../../domain/event.js';
import { parseClient } from './smtpd-action.js';

const session = (
  step: 'connect' | 'disconnect' | 'lost' | 'tls',
  client: Client | null,
  detail: string | null,
): MtaEvent | null => (client === null ? null : { kind: 'session', mta: 'postfix', step, client, detail });

const LOST =
  /^(?:lost connection|timeout|too many errors|bare <LF> received|SSL_accept error) after (\S+)(?: \(.{0,80}?\))? from (\S+?):?(?:\s|$)/;

/** tls_server.c: the handshake failed, and the session is over: `SSL_accept error from H[IP]: lost connection`. */
const TLS_FAILED = /^SSL_accept error from (\S+): /;

const TLS =
  /^(?:Anonymous|Untrusted|Trusted|Verified) TLS connection established from (\S+): (\S{1,20} with cipher \S{1,80})/;

/**
 * smtpd.c: `connect from H[IP]`, `lost connection after DATA (200 bytes) from H[IP]`, `timeout after END-OF-MESSAGE from H[IP]`,
 * `disconnect from H[IP] ehlo=1 mail=1 …`. Postfix 3.12 puts the queue ID or `NOQUEUE` before `lost connection`.
 */
export const parseSession = (text: string): MtaEvent | null => {
  if (text.startsWith('connect from ')) return session('connect', parseClient(text.slice(13)), null);
  if (text.startsWith('disconnect from ')) {
    const [peer = '', ...counts] = text.slice(16).split(' ', 20);
    return session('disconnect', parseClient(peer), counts.join(' ').slice(0, 200));
  }
  const tls = TLS.exec(text);
  if (tls !== null) return session('tls', parseClient(tls[1]!), tls[2]!);
  const failed = TLS_FAILED.exec(text);
  if (failed !== null) return session('lost', parseClient(failed[1]!), 'STARTTLS');
  const lost = LOST.exec(text);
  return lost === null ? null : session('lost', parseClient(lost[2]!), lost[1]!);
};

/** Warnings that stand for a refusal: the server answers 4xx or 5xx, and this line is all that it logs (smtpd.c). */
const REFUSALS: readonly Readonly<{ pattern: RegExp; stage: RejectStage }>[] = [
  { pattern: /^Connection (?:concurrency|rate) limit exceeded: \d+ from (\S+) /, stage: 'CONNECT' },
  { pattern: /^New TLS session rate limit exceeded: \d+ from (\S+) /, stage: 'CONNECT' },
  { pattern: /^Message delivery request rate limit exceeded: \d+ from (\S+) /, stage: 'MAIL' },
  { pattern: /^Recipient address rate limit exceeded: \d+ from (\S+) /, stage: 'RCPT' },
  { pattern: /^AUTH command rate limit exceeded: \d+ from (\S+) /, stage: 'AUTH' },
  { pattern: /^Illegal address syntax from (\S+) in MAIL command: /, stage: 'MAIL' },
  { pattern: /^Illegal address syntax from (\S+) in RCPT command: /, stage: 'RCPT' },
];

/** smtpd_sasl_glue.c: `H[IP]: SASL PLAIN authentication failed: (reason), sasl_username=alice@campus.example`. */
const AUTH_FAILED =
  /^([^[\s]{0,300}\[[^\]\s]{0,80}\](?::\d{1,5})?): SASL \S{1,100} authentication failed(?:: ?|$)(.*)$/s;

const saslOf = (reason: string): string | null => {
  const at = reason.lastIndexOf(', sasl_username=');
  const name = at === -1 ? '' : reason.slice(at + ', sasl_username='.length).trimEnd();
  return name === '' || name === '(unavailable)' ? null : name;
};

/** @param text a warning without the word `warning: ` */
export const parseWarning = (text: string): MtaEvent | null => {
  // None of these lines names the reply: smtpd answers 535 5.7.8, 421 4.7.0, 450 4.7.1 or 501 5.1.7, but does not log it.
  const refused = (client: Client | null, stage: RejectStage, recipient: string | null): MtaEvent | null =>
    client === null
      ? null
      : {
          kind: 'reject',
          mta: 'postfix',
          queueId: null,
          client,
          sender: null,
          recipient,
          replyCode: null,
          dsn: null,
          stage,
          text,
          count: 1,
        };
  const failure = AUTH_FAILED.exec(text);
  if (failure !== null) {
    const client = parseClient(failure[1]!);
    return refused(client === null ? null : { ...client, sasl: saslOf(failure[2]!) }, 'AUTH', null);
  }
  for (const { pattern, stage } of REFUSALS) {
    const peer = pattern.exec(text)?.[1];
    if (peer !== undefined) return refused(parseClient(peer), stage, null);
  }
  return null;
};
