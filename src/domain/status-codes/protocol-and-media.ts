/** X.5: the SMTP dialogue. X.6: content and media. */
import type { StatusEntries } from './entry.js';

export const protocolAndMediaCodes: StatusEntries = {
  'X.5.0': {
    title: 'Other or undefined protocol status',
    meaning: 'Something in the SMTP dialogue was wrong that no other code describes.',
    cause:
      'The client broke a rule (Postfix: `improper command pipelining`), or the server names every refusal this way.',
    lookNext:
      'Read the response; the smtpd log of the refusing server shows the command (`after RCPT`, `after DATA`). Record one session with debug_peer_list if needed.',
    source: 'RFC 3463 §3.6',
  },
  'X.5.1': {
    title: 'Invalid command',
    meaning: 'A command came out of order or is not supported.',
    cause:
      'A bulk mailer that talks before its turn, a client that sends AUTH or MAIL where it is not offered, or a firewall that rewrites commands (`XXXX`).',
    lookNext:
      'Look for `improper command pipelining` or `non-SMTP command` in the smtpd log; compare the EHLO reply seen from both sides of the firewall; switch its SMTP inspection off.',
    source: 'RFC 3463 §3.6',
  },
  'X.5.2': {
    title: 'Syntax error',
    meaning: 'A command could not be understood.',
    cause:
      'A malformed HELO name or address, a command line that is too long, or a bare line feed (`bare <LF> received`, smtpd_forbid_bare_newline).',
    lookNext:
      'The smtpd log of the refusing server names the command and the text; `HELO command rejected` points at the name in smtp_helo_name, `bare <LF>` at the sending program.',
    source: 'RFC 3463 §3.6',
  },
  'X.5.3': {
    title: 'Too many recipients',
    meaning: 'The message has more recipients than the server takes at once.',
    cause:
      'Over the limit of one transaction (Postfix smtpd_recipient_limit, 1000; many providers 100 or fewer), or over a limit of recipients per hour or day.',
    lookNext:
      'Compare `nrcpt=` in the qmgr line with the limit; lower smtp_destination_recipient_limit on the sending host so that it splits the message; for a daily limit the account may be abused: check its sasl_username.',
    source: 'RFC 3463 §3.6, RFC 9422',
  },
  'X.5.4': {
    title: 'Invalid command arguments',
    meaning: 'A command had arguments the server does not take.',
    cause:
      'An extension parameter that was not offered (SIZE, BODY, SMTPUTF8, DSN options), or a HELO name the server will not have.',
    lookNext:
      'Compare the parameters with the EHLO reply of the server; leave the extension out with smtp_discard_ehlo_keywords.',
    source: 'RFC 3463 §3.6',
  },
  'X.5.5': {
    title: 'Wrong protocol version',
    meaning: 'Both sides speak versions of the protocol that do not fit.',
    cause: 'A very old gateway, or a client that speaks LMTP to an SMTP port or the other way round.',
    lookNext: 'Check the transport in master.cf and transport_maps (`lmtp:` or `smtp:`) and the port it points to.',
    source: 'RFC 3463 §3.6',
  },
  'X.5.6': {
    title: 'Authentication exchange line is too long',
    meaning: 'An answer in the AUTH exchange is longer than the server can read.',
    cause: 'A large Kerberos or OAuth token (line_length_limit, 2048 in Postfix).',
    lookNext: 'Raise line_length_limit on the submission service, or use a mechanism with shorter tokens.',
    source: 'RFC 4954',
  },
  'X.6.0': {
    title: 'Other or undefined media error',
    meaning: 'Something in the content of the message cannot be delivered.',
    cause: 'A malformed header or MIME structure, a forbidden attachment type, or a line that is too long.',
    lookNext:
      'Read the response; `postcat -q QUEUEID` shows the message. On your own server look at header_checks, body_checks and mime_header_checks and at the log of the content filter.',
    source: 'RFC 3463 §3.7',
  },
  'X.6.1': {
    title: 'Media not supported',
    meaning: 'The kind of content is not supported by the next system.',
    cause: 'An attachment type the receiver or a gateway does not take.',
    lookNext:
      'Send the content in another format; on your own gateway check its list of allowed types (amavis banned_filename_re).',
    source: 'RFC 3463 §3.7',
  },
  'X.6.2': {
    title: 'Conversion required and prohibited',
    meaning: 'The content would have to be converted, and that is forbidden.',
    cause: 'A signed or specially marked message meets a system without 8-bit support.',
    lookNext:
      'Look at the EHLO of the next hop: 8BITMIME should be offered; change that hop, or send the message in 7-bit encoding.',
    source: 'RFC 3463 §3.7',
  },
  'X.6.3': {
    title: 'Conversion required but not supported',
    meaning: 'The content would have to be converted, and the host cannot do that.',
    cause:
      'An 8-bit or BINARYMIME message, and a next hop that does not offer the extension (Exim and qmail do not convert).',
    lookNext:
      'Look at the EHLO of the next hop for 8BITMIME; a filter or proxy between may hide it (smtpd_discard_ehlo_keywords, firewall inspection).',
    source: 'RFC 3463 §3.7',
  },
  'X.6.4': {
    title: 'Conversion with loss performed',
    meaning: 'A conversion would lose part of the content.',
    cause: 'A gateway to a system that cannot take the original form; as a failure the sender has forbidden such loss.',
    lookNext: 'Send the message in plain text or another format; look for the gateway that converts.',
    source: 'RFC 3463 §3.7',
  },
  'X.6.5': {
    title: 'Conversion failed',
    meaning: 'The content had to be converted, and the conversion failed.',
    cause: 'A malformed MIME part or an unknown character set.',
    lookNext:
      'Look at the message with `postcat -q QUEUEID` for a wrong charset or transfer encoding; correct the program that made it.',
    source: 'RFC 3463 §3.7',
  },
  'X.6.6': {
    title: 'Message content not available',
    meaning: 'The content, named by reference, could not be fetched.',
    cause: 'BURL submission: the IMAP server that holds the message did not hand it out.',
    lookNext: 'Read the log of the IMAP server at that time, and the trust between it and the submission server.',
    source: 'RFC 4468',
  },
  'X.6.7': {
    title: 'Non-ASCII addresses not permitted for that sender/recipient',
    meaning: 'An address has characters outside ASCII, and the server or mailbox does not take them.',
    cause:
      'An internationalised address (SMTPUTF8), and a next hop that does not offer that extension; Postfix: `SMTPUTF8 is required, but was not offered by host`.',
    lookNext:
      'Look at the EHLO of the next hop for SMTPUTF8; on your own servers set smtputf8_enable=yes on every hop, or give the mailbox an ASCII alias.',
    source: 'RFC 6531',
  },
  'X.6.8': {
    title: 'UTF-8 string reply is required, but not permitted by the SMTP client',
    meaning: 'The server would have to answer in UTF-8, and the client has not allowed it.',
    cause: 'VRFY or EXPN for an internationalised mailbox without the SMTPUTF8 parameter.',
    lookNext: 'Nothing for ordinary mail; correct the program that sends VRFY or EXPN.',
    source: 'RFC 6531',
  },
  'X.6.9': {
    title: 'UTF-8 header message cannot be transferred to one or more recipients, so the message must be rejected',
    meaning: 'The message has UTF-8 headers, and at least one recipient cannot take them.',
    cause: 'One of the next hops does not offer SMTPUTF8.',
    lookNext:
      'Look at the EHLO of each next hop for SMTPUTF8; a header in encoded words (RFC 2047) instead of raw UTF-8 avoids it.',
    source: 'RFC 6531',
  },
  'X.6.10': {
    title: 'Deprecated duplicate of X.6.8',
    meaning:
      'The code was registered twice by mistake and means the same as X.6.8: the reply would have to be in UTF-8, and the client has not allowed it.',
    cause: 'Old software that still uses the withdrawn number.',
    lookNext: 'Read it as X.6.8; correct the program that sends VRFY or EXPN without SMTPUTF8.',
    source: 'RFC 6531',
  },
};
