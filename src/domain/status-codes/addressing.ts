/** X.0.0 and X.1: sender and recipient addresses. */
import type { StatusEntries } from './entry.js';

export const addressingCodes: StatusEntries = {
  'X.0.0': {
    title: 'Other undefined status',
    meaning: 'The server says only whether it worked, not why.',
    cause: 'The software gave no detail, or Postfix filled in the code itself because the remote reply had none.',
    lookNext:
      'Read the response text in the log line: it is the only evidence. If it is empty, ask for the log of the server in `relay=`.',
    source: 'RFC 3463 §3.1',
  },
  'X.1.0': {
    title: 'Other address status',
    meaning: 'Something is wrong with the sender or recipient address of this message.',
    cause: 'A general address rule of the receiving server, often a blocked sender or a recipient it will not serve.',
    lookNext:
      'Read the response text; on your own server look for `reject:` in the smtpd log and at check_sender_access and check_recipient_access.',
    source: 'RFC 3463 §3.2',
  },
  'X.1.1': {
    title: 'Bad destination mailbox address',
    meaning: 'There is no mailbox with the part of the address before the @.',
    cause:
      'A typing error, an account that was deleted or renamed, or an alias or relay_recipient_maps entry that is missing.',
    lookNext:
      'Check the address letter by letter. On your own server: `postmap -q ADDRESS` on virtual_alias_maps, relay_recipient_maps or virtual_mailbox_maps, `postmap -q USER` on local_recipient_maps (or `getent passwd USER`); on a foreign one only its postmaster can help.',
    source: 'RFC 3463 §3.2',
  },
  '4.1.1': {
    title: 'Bad destination mailbox address',
    meaning:
      'The recipient server does not know the mailbox, or cannot verify it just now, and asks to try again later.',
    cause:
      'An address probe to the mailbox server failed (reject_unverified_recipient answers `unverified address`), a directory is down, or unknown_local_recipient_reject_code is 450 or soft_bounce is on.',
    lookNext:
      'Search the refusing server for `status=undeliverable` or `address verification`, check that the LDAP, SQL or mailbox server behind it answers, and look at `postconf soft_bounce unknown_local_recipient_reject_code`.',
    source: 'RFC 3463 §3.2',
  },
  'X.1.2': {
    title: 'Bad destination system address',
    meaning: 'The domain after the @ does not exist or cannot take mail.',
    cause: 'A typing error in the domain, an expired domain, or a domain without MX and address record.',
    lookNext:
      'Run `dig MX DOMAIN` and `dig A DOMAIN`; compare with what the sending host itself resolves (`/etc/resolv.conf`, /var/spool/postfix/etc/resolv.conf), and check transport_maps for a stale entry.',
    source: 'RFC 3463 §3.2',
  },
  'X.1.3': {
    title: 'Bad destination mailbox address syntax',
    meaning: 'The recipient address is not a valid address.',
    cause:
      'A blank, a stray angle bracket, a comma or a missing domain in the recipient, usually from an address book, a form or a script.',
    lookNext:
      'Read the address in `to=` of the log line exactly as written; correct it at its source. Postfix: strict_rfc821_envelopes and resolve_numeric_domain decide what is taken.',
    source: 'RFC 3463 §3.2',
  },
  'X.1.4': {
    title: 'Destination mailbox address ambiguous',
    meaning: 'The address fits more than one mailbox on the destination system.',
    cause: 'The server guesses mailboxes from names (first.last, phonebook lookup) and found several.',
    lookNext: 'Use the full address; on the destination check the directory for duplicate mail attributes.',
    source: 'RFC 3463 §3.2',
  },
  'X.1.5': {
    title: 'Destination address valid',
    meaning: 'The recipient address is valid; the code is made for success reports.',
    cause: 'With a failure class this is a contradiction of the remote software.',
    lookNext: 'Go by the reply code and the response text instead.',
    source: 'RFC 3463 §3.2',
  },
  'X.1.6': {
    title: 'Destination mailbox has moved, no forwarding address',
    meaning: 'The mailbox existed once and has moved; no new address is given.',
    cause: 'The person left, or the account moved elsewhere. Postfix answers this way for addresses in relocated_maps.',
    lookNext: 'Ask the person for the new address; on your own server look up the address in relocated_maps.',
    source: 'RFC 3463 §3.2',
  },
  'X.1.7': {
    title: "Bad sender's mailbox address syntax",
    meaning: 'The envelope sender is not a valid address.',
    cause:
      'A program sends with a sender such as `root`, `www-data@localhost` or one with blanks; Postfix also uses 4.1.7 and 5.1.7 when a sender probe failed (reject_unverified_sender).',
    lookNext:
      'Look at `from=<…>` in the log of the first host, then at the program that sends (PHP sendmail_path, cron MAILTO) and at myorigin and masquerade_domains.',
    source: 'RFC 3463 §3.2',
  },
  'X.1.8': {
    title: "Bad sender's system address",
    meaning: 'The domain of the envelope sender does not exist or cannot take replies.',
    cause:
      'A host sends with its internal name (`root@web3.localdomain`), or the sender domain has neither MX nor address record.',
    lookNext:
      'Run `dig MX` and `dig A` for the domain in `from=<…>`; correct myorigin or the application on the sending host, or give it a smtp_generic_maps entry.',
    source: 'RFC 3463 §3.2',
  },
  '4.1.8': {
    title: "Bad sender's system address",
    meaning:
      "The receiving server cannot find the sender's domain in the DNS at the moment and asks to try again later.",
    cause:
      "`Sender address rejected: Domain not found` (reject_unknown_sender_domain): the domain of MAIL FROM has no MX and no address record, its name servers do not answer, or the receiving server's own resolver fails. Typical for a machine that sends as root@its-internal-name.",
    lookNext:
      'Run `dig MX DOMAIN` and `dig A DOMAIN` on the server that refuses. If the domain is an internal name, set myorigin (or smtp_generic_maps) on the sending host; if lookups fail for all domains, mend the resolver in /etc/resolv.conf.',
    source: 'RFC 3463 §3.2',
  },
  'X.1.9': {
    title: 'Message relayed to non-compliant mailer',
    meaning:
      'The message was passed to a system that does not speak the reporting extension, so nothing more can be said.',
    cause: 'A gateway to an old or foreign mail system.',
    lookNext: 'Ask the operator of the system behind the gateway; the log ends here.',
    source: 'RFC 3886',
  },
  'X.1.10': {
    title: 'Recipient address has null MX',
    meaning: 'The domain of the recipient publishes that it never takes mail (`MX 0 .`).',
    cause:
      'A typing error that hits a parked domain, or a domain used only for web or for sending. (Exchange uses 5.1.10 for a recipient that does not exist: RESOLVER.ADR.RecipientNotFound.)',
    lookNext:
      'Run `dig MX DOMAIN`: a single `0 .` confirms it. Correct the address; nothing can be done on the sending server.',
    source: 'RFC 7505',
  },
};
