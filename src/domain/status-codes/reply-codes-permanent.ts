/** Three-digit SMTP reply codes that an RFC or the IANA registry names: class 5. */
import type { StatusEntries } from './entry.js';

export const permanentReplies: StatusEntries = {
  '500': {
    title: 'Syntax error, command unrecognized',
    meaning: 'The server did not understand the command.',
    cause:
      'A client that speaks another protocol to the port, a line that is too long, or a firewall that rewrites commands.',
    lookNext:
      'The smtpd log of the server shows the line (`non-SMTP command`, `too many errors`); check port and TLS mode of the client (465 is TLS from the start, 587 STARTTLS).',
    source: 'RFC 5321 §4.2.3',
  },
  '501': {
    title: 'Syntax error in parameters or arguments',
    meaning: 'The command was understood, its arguments were not.',
    cause: 'A malformed address (`501 5.1.3`, `501 5.1.7`) or HELO name.',
    lookNext: 'Read the address in the log line exactly as written; correct the program that sent it.',
    source: 'RFC 5321 §4.2.3',
  },
  '502': {
    title: 'Command not implemented',
    meaning: 'The server does not offer this command.',
    cause: 'VRFY switched off (disable_vrfy_command), or an old server that answers EHLO so.',
    lookNext: 'Nothing for ordinary mail; it is no refusal of a message.',
    source: 'RFC 5321 §4.2.4',
  },
  '503': {
    title: 'Bad sequence of commands',
    meaning: 'The command came at the wrong moment.',
    cause:
      'AUTH over a connection without TLS (`503 5.5.1 Error: authentication not enabled`), RCPT after a refused MAIL, or `improper command pipelining` of a bulk mailer.',
    lookNext:
      'Look at the line before in the smtpd log; for AUTH check smtpd_sasl_auth_enable on that port and the TLS setting of the client.',
    source: 'RFC 5321 §4.2.3',
  },
  '504': {
    title: 'Command parameter not implemented',
    meaning: 'The server does not support a parameter of the command.',
    cause:
      'An AUTH mechanism it does not know, or a HELO name that is no full name (`504 5.5.2 Helo command rejected: need fully-qualified hostname`).',
    lookNext: 'Check smtp_helo_name or myhostname on the client; compare mechanisms with the EHLO reply.',
    source: 'RFC 5321 §4.2.3',
  },
  '521': {
    title: 'Server does not accept mail',
    meaning: 'The host takes no mail at all, or none from this client.',
    cause:
      'A host that only sends, or Postfix dropping a client (postscreen, `521 5.5.2 bare <LF> received`, `521 5.7.1 Blocked by DNSBL`).',
    lookNext:
      'Read the text: a blocklist is named in it. If the host takes no mail, the MX record of the domain points to the wrong place.',
    source: 'RFC 7504',
  },
  '523': {
    title: 'Encryption needed',
    meaning: 'The registry pairs this reply with X.7.10: the login needs an encrypted connection.',
    cause: 'A client without TLS. Some servers use 523 on their own for a message that is too large.',
    lookNext: 'Go by the text of the reply and the enhanced code; switch TLS on in the client.',
    source: 'RFC 5248 (with X.7.10)',
  },
  '524': {
    title: 'Encryption required for requested authentication mechanism',
    meaning: 'The registry pairs this reply with X.7.11: the login method may only be used over TLS.',
    cause: 'A client that sends its password without TLS.',
    lookNext: 'Switch TLS on in the client: port 587 with STARTTLS or 465.',
    source: 'RFC 5248 (with X.7.11)',
  },
  '525': {
    title: 'User account disabled',
    meaning: 'The registry pairs this reply with X.7.13: the login was right, but the account is disabled.',
    cause: 'The administrator or provider has blocked the account.',
    lookNext: 'Look at the account in the directory and why it was blocked.',
    source: 'RFC 5248 (with X.7.13)',
  },
  '530': {
    title: 'Authentication or TLS required',
    meaning: 'The server wants a login or an encrypted connection first.',
    cause:
      'A submission port (587) used without login, a relayhost whose password is missing, or `Must issue a STARTTLS command first`. Exchange Online: `530 5.7.57 Client not authenticated`.',
    lookNext:
      'On the sending host: smtp_sasl_auth_enable, `postmap -q "[HOST]:PORT"` on smtp_sasl_password_maps, smtp_tls_security_level=encrypt; in a mail program: port, TLS and password.',
    source: 'RFC 4954 §6, RFC 3207',
  },
  '533': {
    title: 'Delivery not authorized',
    meaning: 'The registry pairs this reply with X.7.1: the server does not allow this message.',
    cause: 'A policy of the server; SMTP itself does not define this reply.',
    lookNext: 'Go by the text of the reply and the enhanced code.',
    source: 'RFC 5248 (with X.7.1)',
  },
  '534': {
    title: 'Authentication mechanism is too weak',
    meaning: 'The chosen login method is weaker than the server permits.',
    cause: 'Google: `534 5.7.9 Application-specific password required`; else a mechanism the policy forbids.',
    lookNext: 'Use an app password or OAuth; smtp_sasl_mechanism_filter on a Postfix client.',
    source: 'RFC 4954 §6',
  },
  '535': {
    title: 'Authentication credentials invalid',
    meaning: 'The login failed: user name or password is wrong, or basic authentication is switched off.',
    cause:
      'A changed password in a mail program or device; `535 5.7.139` (Exchange Online): basic authentication or SMTP AUTH is disabled for the tenant; many in a short time: somebody guesses passwords.',
    lookNext:
      'On the server: `SASL LOGIN authentication failed` in the smtpd log and the Dovecot auth log; on a Postfix client `postmap -q "[HOST]:PORT"` on smtp_sasl_password_maps and `postmap` after a change.',
    source: 'RFC 4954 §6',
  },
  '538': {
    title: 'Encryption required for requested authentication mechanism',
    meaning: 'The chosen login method may only be used over an encrypted connection.',
    cause: 'A client that sends its password without TLS.',
    lookNext: 'Switch TLS on in the client: port 587 with STARTTLS or 465.',
    source: 'RFC 4954 §6',
  },
  '550': {
    title: 'Requested action not taken: mailbox unavailable',
    meaning: 'The server refuses this recipient, sender or message for good.',
    cause:
      'Mostly one of two: the mailbox does not exist (`5.1.1 User unknown`), or a policy forbids it (`5.7.1`: spam, blocklist, SPF or DMARC, relaying).',
    lookNext:
      'The enhanced code and the text after 550 tell which: explain them together, as in `mailtrace explain "550 5.7.1 Relay access denied"`. On your own server the `reject:` line names the restriction.',
    source: 'RFC 5321 §4.2.3',
  },
  '551': {
    title: 'User not local; please try another address',
    meaning: 'The mailbox is not here; the response may name where it is.',
    cause: 'The person moved; some servers use it for a relay that is denied.',
    lookNext: 'Write to the address in the response; on your own server look at relocated_maps and transport_maps.',
    source: 'RFC 5321 §3.4',
  },
  '552': {
    title: 'Requested mail action aborted: exceeded storage allocation',
    meaning: 'The mailbox is full or the message is too large.',
    cause:
      '`552 5.2.2`: over quota; `552 5.3.4` or `5.2.3`: over the size limit; Gmail uses `552 5.7.0` for forbidden attachments.',
    lookNext:
      'Compare `size=` in the qmgr line with message_size_limit of every hop; `doveadm quota get -u USER` for a mailbox.',
    source: 'RFC 5321 §4.2.3',
  },
  '553': {
    title: 'Requested action not taken: mailbox name not allowed',
    meaning: 'The server does not allow this address.',
    cause:
      'A malformed address, a sender that does not belong to the login (`553 5.7.1 … not owned by user`), or a relay that is denied.',
    lookNext:
      'Compare `from=` and `sasl_username=` in the `reject:` line with smtpd_sender_login_maps; check the address letter by letter.',
    source: 'RFC 5321 §4.2.3',
  },
  '554': {
    title: 'Transaction failed',
    meaning: 'The server refuses the transaction, or as a greeting the whole connection.',
    cause:
      '`554 5.7.1`: relay denied, blocklist, spam or a client block; `554 5.4.6`: too many hops; as a greeting: the reputation of your address.',
    lookNext:
      'The text after 554 tells which; a blocklist is named with a web address. On your own server the `reject:` line names the restriction (`Client host rejected`, `Relay access denied`).',
    source: 'RFC 5321 §4.2.3',
  },
  '555': {
    title: 'MAIL FROM or RCPT TO parameters not recognized or not implemented',
    meaning: 'The server does not know a parameter given with the address.',
    cause:
      'An extension used without being offered, or an address that is not in angle brackets, so that a part of it is read as a parameter.',
    lookNext: 'Compare the command with the EHLO reply of the server; correct the program that sends.',
    source: 'RFC 5321 §4.1.1.11',
  },
  '556': {
    title: 'Domain does not accept mail',
    meaning: 'The domain of the recipient says that it never takes mail.',
    cause: 'A null MX (`MX 0 .`), often hit by a typing error in the domain.',
    lookNext: '`dig MX DOMAIN` confirms it; correct the address.',
    source: 'RFC 7504, RFC 7505',
  },
};
