/** X.7.20 to X.7.30: DKIM, SPF, reverse DNS, DMARC, ARC, REQUIRETLS. */
import type { StatusEntries } from './entry.js';

export const authenticationResultCodes: StatusEntries = {
  'X.7.20': {
    title: 'No passing DKIM signature found',
    meaning: 'The message has no DKIM signature that passes.',
    cause: 'The sending host does not sign, the key in the DNS is missing, or a hop after signing changed the message.',
    lookNext:
      'Read the OpenDKIM or rspamd log of the last host of yours for this queue ID; `dig TXT SELECTOR._domainkey.DOMAIN`; find the hop that adds footers.',
    source: 'RFC 7372',
  },
  'X.7.21': {
    title: 'No acceptable DKIM signature found',
    meaning: 'The message has a valid DKIM signature, but none the server accepts.',
    cause: 'The key is too short (under 1024 bits), the algorithm old (rsa-sha1), or not enough headers are signed.',
    lookNext:
      'Look at the a= and h= tags of the DKIM-Signature header and at the length of the key in `dig TXT SELECTOR._domainkey.DOMAIN`.',
    source: 'RFC 7372',
  },
  'X.7.22': {
    title: 'No valid author-matched DKIM signature found',
    meaning: 'No valid DKIM signature belongs to the domain in the From header.',
    cause: "Only a service provider's domain signs, not that of the author.",
    lookNext:
      'Set up signing with d= the domain of the From header (SigningTable in OpenDKIM, the DKIM settings of the service provider).',
    source: 'RFC 7372',
  },
  'X.7.23': {
    title: 'SPF validation failed',
    meaning: 'The sending host is not allowed by the SPF record of the sender domain.',
    cause:
      'A new outgoing server or a service is missing in the record, or the message was forwarded without rewriting the sender.',
    lookNext:
      '`dig TXT DOMAIN` of the envelope sender and compare it with the IP address that connected; add it, or use SRS (postsrsd) on the host that forwards.',
    source: 'RFC 7372, RFC 7208',
  },
  'X.7.24': {
    title: 'SPF validation error',
    meaning: 'The SPF record of the sender domain could not be evaluated.',
    cause: 'A syntax error, two SPF records, more than ten DNS lookups, or name servers that do not answer.',
    lookNext:
      '`dig TXT DOMAIN`: there must be exactly one v=spf1 record; count its include, a, mx and redirect terms; with class 4 test the name servers.',
    source: 'RFC 7372, RFC 7208',
  },
  'X.7.25': {
    title: 'Reverse DNS validation failed',
    meaning: 'The IP address of the sending host has no name in the DNS, or the name does not lead back to it.',
    cause:
      'The PTR record is missing or generic, the forward record differs, or mail leaves by an unexpected (IPv6) address. Postfix: `Client host rejected: cannot find your hostname` (reject_unknown_client_hostname).',
    lookNext:
      '`dig -x IP` and then `dig A` or `dig AAAA` of the name found; have the PTR set by the provider of the address; fix the outgoing address with smtp_bind_address or smtp_address_preference.',
    source: 'RFC 7372',
  },
  'X.7.26': {
    title: 'Multiple authentication checks failed',
    meaning: 'The message failed more than one of SPF, DKIM and DMARC.',
    cause:
      'The sender domain has a DMARC policy, or the receiver demands authentication (Gmail: `unauthenticated email … is not accepted due to domain’s DMARC policy`), and neither SPF nor DKIM passes for the domain in the From header. Typical for forwards, mailing lists, scanners and web forms.',
    lookNext:
      '`dig TXT _dmarc.DOMAIN`, `dig TXT DOMAIN` (SPF) and `dig TXT SELECTOR._domainkey.DOMAIN` for the domain in the From header; sign on your last host (OpenDKIM, rspamd), let the list rewrite From, use SRS when forwarding.',
    source: 'RFC 7372',
  },
  'X.7.27': {
    title: 'Sender address has null MX',
    meaning: 'The domain of the sender publishes that it takes no mail, so nothing could be answered or bounced.',
    cause:
      'The sender domain has `MX 0 .`, though mail is sent with it. (Google uses the same number for an SPF failure.)',
    lookNext:
      '`dig MX DOMAIN` of the envelope sender; send with a domain that receives mail, or give the domain a real MX.',
    source: 'RFC 7505',
  },
  'X.7.28': {
    title: 'Mail flood detected',
    meaning: 'The server takes the message for part of a flood of similar mail.',
    cause:
      'An abused account, form or list that sends much alike in a short time, or a subscription attack on the recipient. (Gmail uses it for rate limits.)',
    lookNext:
      'Look for the largest senders (`qshape -s active`, counts by sasl_username or client), stop the abused account, hold its mail with `postsuper -h`, then let the rest drain slowly.',
    source: 'IANA registry (draft-levine-mailbomb-header)',
  },
  'X.7.29': {
    title: 'ARC validation failure',
    meaning: 'The chain of ARC signatures in the message does not verify.',
    cause: 'A hop between changed the message or sealed it wrongly, mostly a mailing list or a forwarder.',
    lookNext: 'Read the ARC-Seal and ARC-Authentication-Results headers in order: the first cv=fail names the hop.',
    source: 'RFC 8617',
  },
  'X.7.30': {
    title: 'REQUIRETLS support required',
    meaning: 'The sender demands protected transport on every hop, and the next host does not offer it.',
    cause:
      'The message carries REQUIRETLS, and the next hop has no REQUIRETLS, no STARTTLS or no verified certificate. (Google uses the same number for a DKIM failure.)',
    lookNext: 'Look at the EHLO of the next hop after STARTTLS for REQUIRETLS; send without it if the sender agrees.',
    source: 'RFC 8689',
  },
};
