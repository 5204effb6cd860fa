/** Pairs of reply code and enhanced code that mean something narrower than the enhanced code alone. */
import type { StatusEntry } from './entry.js';

const greylisted = {
  title: 'Put off by policy, usually greylisting',
  cause:
    'Most often greylisting: the first attempt of an unknown client is deferred on purpose. Else a rate limit, or a milter, filter or policy service that does not answer (`451 4.7.1 Service unavailable - try again later`: milter_default_action=tempfail).',
  lookNext:
    'Read the response: greylisting passes with the next try after 5 to 15 minutes. `Service unavailable`: on the refusing server look for `warning: connect to Milter service` or `problem talking to server` just before.',
};

/** Overrides for the entry of the enhanced code; keys are `454 4.7.1`. */
export const replyPairs: Readonly<Record<string, Partial<StatusEntry>>> = {
  '454 4.7.1': {
    title: 'Relay access denied, for now',
    meaning:
      'The server does not let this client send to a foreign domain; it says so temporarily, so the sender keeps trying.',
    cause:
      'The client is neither in mynetworks nor logged in by SASL, or the recipient domain is missing in relay_domains, virtual_mailbox_domains or mydestination: Postfix answers `454 4.7.1 Relay access denied` by defer_unauth_destination, the default of smtpd_relay_restrictions.',
    lookNext:
      'On the server that refuses: `postconf mynetworks smtpd_relay_restrictions relay_domains mydestination`; does the `reject:` line show the client address you expect, and its session a `sasl_username=`? Add the network, make the client log in (port 587), or add the domain; then `postqueue -i QUEUEID` on the sender.',
  },
  '554 5.7.1': {
    cause:
      'Relay denied (`Relay access denied`: the client is neither in mynetworks nor logged in, or the domain is missing in relay_domains), a blocklist or access table (`Client host rejected`, `Service unavailable; … blocked using`), or spam found by a filter after DATA.',
  },
  '553 5.7.1': {
    title: 'Sender not permitted',
    meaning: 'The server does not allow this sender address for this client or login.',
    cause:
      'Postfix answers so for reject_sender_login_mismatch (`Sender address rejected: not owned by user`): the address is not entered for the login in smtpd_sender_login_maps.',
    lookNext:
      'Compare `from=<…>` and `sasl_username=` in the `reject:` line, then `postmap -q SENDER` on smtpd_sender_login_maps.',
  },
  '450 4.7.1': greylisted,
  '451 4.7.1': greylisted,
  '454 4.7.0': {
    title: 'TLS or login temporarily not available',
    meaning: 'The server cannot start TLS or check logins right now.',
    cause:
      '`TLS not available due to local problem`: certificate or key cannot be read or does not fit; `Temporary authentication failure`: Dovecot auth or saslauthd does not answer.',
    lookNext:
      'On the server: `warning: TLS library problem` or `cannot get RSA private key`, smtpd_tls_cert_file and smtpd_tls_key_file; `warning: SASL: Connect to … failed`, smtpd_sasl_path and the state of Dovecot.',
  },
  '421 4.7.0': {
    title: 'Closed by policy, for now',
    cause:
      'A rate or reputation limit for your address (Gmail, Yahoo TS0x, Microsoft), postscreen, or too many errors in one session (`too many errors after …`).',
  },
  '421 4.4.2': {
    title: 'Connection timed out by the server',
    cause:
      'The client was idle too long (`Error: timeout exceeded`): a slow sender, a lost packet path (MTU), or a kept-open connection that was simply closed.',
  },
  '550 5.1.1': {
    lookNext:
      'Check the address letter by letter. On your own server the response names the table: `postmap -q ADDRESS` on local_recipient_maps, relay_recipient_maps, virtual_alias_maps or virtual_mailbox_maps. On a foreign server only its postmaster can help; tell the sender.',
  },
};
