/** Three-digit SMTP reply codes that an RFC or the IANA registry names: classes 2, 3 and 4. */
import type { StatusEntries } from './entry.js';

export const positiveAndTransientReplies: StatusEntries = {
  '211': {
    title: 'System status',
    meaning: 'The server describes its status or lists its features.',
    cause: 'Somebody typed HELP or STAT; it has nothing to do with a single message.',
    lookNext: 'Nothing to do.',
    source: 'RFC 5321 §4.2.3',
  },
  '214': {
    title: 'Help message',
    meaning: 'The server answers HELP.',
    cause: 'A person or a monitoring check talked to the port.',
    lookNext: 'Nothing to do.',
    source: 'RFC 5321 §4.2.3',
  },
  '220': {
    title: 'Service ready',
    meaning: 'The server greets the client, or is ready to start TLS.',
    cause: 'The normal banner after connecting, or the normal answer to STARTTLS.',
    lookNext:
      'If the log ends here, the client left after the greeting: look for `lost connection after CONNECT` or after STARTTLS.',
    source: 'RFC 5321 §4.2.3, RFC 3207',
  },
  '221': {
    title: 'Service closing transmission channel',
    meaning: 'The server says goodbye after QUIT.',
    cause: 'The normal end of a session.',
    lookNext: 'Nothing to do; what became of the message stands in the reply to the end of DATA before it.',
    source: 'RFC 5321 §4.2.3',
  },
  '235': {
    title: 'Authentication succeeded',
    meaning: 'The login was accepted.',
    cause: 'The normal answer to AUTH.',
    lookNext: '`sasl_username=` in the smtpd line tells who logged in.',
    source: 'RFC 4954 §6',
  },
  '250': {
    title: 'Requested mail action okay, completed',
    meaning:
      'The server accepted the command; at the end of DATA it has taken over the message and is responsible for it.',
    cause:
      'The normal answer. `250 2.0.0 Ok: queued as ID` gives the name of the message in the queue of the next server.',
    lookNext:
      'Search the log of the host in `relay=` for the queue ID in the response: accepted is not yet in the mailbox. `250 … discarded` means a filter threw it away; if the next server is foreign, give its postmaster that ID and the time.',
    source: 'RFC 5321 §4.2.3',
  },
  '251': {
    title: 'User not local; will forward',
    meaning: 'The mailbox is elsewhere, and the server forwards the message by itself.',
    cause: 'A forwarding is set up for the address.',
    lookNext: 'The response names the new address; trace the message on from there.',
    source: 'RFC 5321 §3.4',
  },
  '252': {
    title: 'Cannot VRFY user, but will accept message and attempt delivery',
    meaning: 'The server does not say whether the address exists, but would take mail for it.',
    cause: 'The usual careful answer to VRFY.',
    lookNext: 'Nothing to do; only RCPT TO and the delivery tell whether the address exists.',
    source: 'RFC 5321 §3.5.3',
  },
  '253': {
    title: 'Pending messages for node started',
    meaning: 'The server begins to send the mail it holds for this host.',
    cause: 'The answer to ETRN when mail is waiting.',
    lookNext: 'Watch the queue with `postqueue -p` on the server; fast_flush_domains lists what ETRN works for.',
    source: 'RFC 1985',
  },
  '334': {
    title: 'Server challenge',
    meaning: 'The server asks for the next part of the login.',
    cause: 'The normal course of AUTH; with XOAUTH2 the text is an encoded error.',
    lookNext: 'If the session ends here, decode the text with `base64 -d` and read the auth log of the server.',
    source: 'RFC 4954 §4',
  },
  '354': {
    title: 'Start mail input',
    meaning: 'The server is ready to receive the content of the message.',
    cause: 'The normal answer to DATA.',
    lookNext:
      'If nothing follows, the connection broke while sending: look for `timeout after DATA` or `lost connection after DATA` on the receiver.',
    source: 'RFC 5321 §4.2.3',
  },
  '421': {
    title: 'Service not available, closing transmission channel',
    meaning:
      'The server closes the connection for now; the message stays in the queue of the sender and is tried again.',
    cause:
      'Too many connections or messages from your address, an overloaded or restarting server, postscreen or a reputation limit (`421 4.7.0`), or an idle timeout (`421 4.4.2`).',
    lookNext:
      'The text after 421 names the reason. See with `qshape deferred` whether one provider is hit: then lower smtp_destination_concurrency_limit or set smtp_destination_rate_delay for it and find who sends the bulk. On your own server: `postconf default_process_limit smtpd_client_connection_count_limit` and anvil lines in the log.',
    source: 'RFC 5321 §4.2.3',
  },
  '422': {
    title: 'A password transition is needed',
    meaning: 'The registry pairs this reply with X.7.12: the user has to log in once with PLAIN.',
    cause: 'Rare; some servers use 422 on their own for a full mailbox.',
    lookNext: 'Go by the text of the reply and the enhanced code.',
    source: 'RFC 5248 (with X.7.12)',
  },
  '430': {
    title: 'Invalid command, temporarily',
    meaning: 'The registry pairs this reply with X.5.1: a command was out of order or not supported.',
    cause: 'Rare; the software of the server uses a reply code that SMTP itself does not define.',
    lookNext: 'Go by the text of the reply and the enhanced code.',
    source: 'RFC 5248 (with X.5.1)',
  },
  '432': {
    title: 'A password transition is needed',
    meaning: 'The user must log in once with PLAIN before the chosen mechanism works.',
    cause:
      'The server has no secret for the new mechanism yet. Exchange Online uses `432 4.3.2` for something else: too many simultaneous connections of one account.',
    lookNext: 'Log in once with PLAIN over TLS; with `4.3.2` let the application send over fewer connections.',
    source: 'RFC 4954 §6',
  },
  '450': {
    title: 'Requested mail action not taken: mailbox unavailable',
    meaning:
      'The server does not take this recipient or sender now; the message stays in the queue of the sender and is tried again.',
    cause:
      'Greylisting (`450 4.2.0` or `450 4.7.1 Greylisted`), a sender domain or client name that cannot be looked up (`450 4.1.8 Domain not found`, `450 4.7.25 cannot find your hostname`), an address not yet verified (`450 4.1.1 unverified address`), or a locked mailbox.',
    lookNext:
      'Read the text after the code; greylisting solves itself in 5 to 15 minutes. Otherwise the `reject:` line in the smtpd log of the refusing server names the restriction.',
    source: 'RFC 5321 §4.2.3',
  },
  '451': {
    title: 'Requested action aborted: local error in processing',
    meaning: 'The server failed in processing and asks to try again later.',
    cause:
      'A broken map or policy service (`451 4.3.5 Server configuration problem`), a filter that does not answer (`451 4.7.1 Service unavailable`), a full queue, a DNS failure; many providers also greylist with it.',
    lookNext:
      'On the server that answered: the `warning:` or `fatal:` line just before (policy server, milter, map, DNS). On the sender nothing but `postqueue -p`; it tries again by itself.',
    source: 'RFC 5321 §4.2.3',
  },
  '452': {
    title: 'Requested action not taken: insufficient system storage',
    meaning: 'The server has no room for the message, or too many recipients were given at once.',
    cause:
      '`452 4.3.1` disk full, `452 4.2.2` mailbox full, `452 4.5.3` too many recipients: the client sends the rest in a further transaction.',
    lookNext:
      '`df -h /var/spool/postfix` and `postconf queue_minfree` on the server, `doveadm quota get -u USER` for a mailbox, smtp_destination_recipient_limit for recipients.',
    source: 'RFC 5321 §4.2.3',
  },
  '453': {
    title: 'You have no mail',
    meaning: 'The server has nothing waiting for the domains that were asked for.',
    cause: 'The answer to ATRN with an empty queue; with 4.3.2 some servers say that they take no network mail now.',
    lookNext: 'Check with `postqueue -p` whether mail should be waiting for that domain.',
    source: 'RFC 2645',
  },
  '454': {
    title: 'Temporary failure of TLS, authentication or authorisation',
    meaning: 'The server cannot do what was asked right now; the client may try again later.',
    cause:
      '`454 4.7.1 Relay access denied`: the client is neither in mynetworks nor logged in (defer_unauth_destination); `454 4.7.0 TLS not available due to local problem`: certificate or key not readable; `454 4.7.0 Temporary authentication failure`: the SASL back end does not answer.',
    lookNext:
      'On the server that answered: `postconf mynetworks smtpd_relay_restrictions`, `sasl_username=` of the client, smtpd_tls_cert_file and smtpd_tls_key_file, `warning: SASL` lines and the Dovecot auth or saslauthd service.',
    source: 'RFC 3207, RFC 4954',
  },
  '455': {
    title: 'Server unable to accommodate parameters',
    meaning: 'The server cannot honour a parameter of MAIL FROM or RCPT TO at the moment.',
    cause: 'An extension that depends on a service which is down.',
    lookNext:
      'Compare the parameters with the EHLO reply; switch the extension off with smtp_discard_ehlo_keywords if it stays.',
    source: 'RFC 5321 §4.2.3',
  },
  '458': {
    title: 'Unable to queue messages for node',
    meaning: 'The server cannot start the delivery that ETRN asked for.',
    cause: 'The queue is not ready, or ETRN is not allowed for this client or domain.',
    lookNext: 'On the server: smtpd_etrn_restrictions, fast_flush_domains and the flush daemon in the log.',
    source: 'RFC 1985',
  },
  '459': {
    title: 'Node not allowed',
    meaning: 'The server does not accept ETRN for this domain.',
    cause: 'The domain is not in fast_flush_domains, or the client may not ask for it.',
    lookNext: 'On the server: `postconf fast_flush_domains smtpd_etrn_restrictions`.',
    source: 'RFC 1985',
  },
};
