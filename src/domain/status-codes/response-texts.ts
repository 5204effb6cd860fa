/**
 * Refusals that one status code does not tell apart, known by the words of the response: relay, sender, authentication of
 * the message, content. Texts are those of Postfix (smtpd_check.c, smtpd.c), Sendmail, Exim, Exchange and the large providers.
 */
import type { StatusEntry } from './entry.js';

/** `classes`: the first digits of the codes it may stand beside. The first rule that fits wins. Patterns are linear: the text is hostile. */
export type ResponseRule = Readonly<{ classes: '2' | '45'; pattern: RegExp; entry: Omit<StatusEntry, 'source'> }>;

export const policyTexts: readonly ResponseRule[] = [
  {
    classes: '2',
    pattern: /\bdiscard(?:ed|ing)?\b|silently/i,
    entry: {
      title: 'Accepted and thrown away',
      meaning: 'The server answered with success, but the message was discarded: nobody gets it, and nobody is told.',
      cause:
        'A content filter with a discard policy (amavis D_DISCARD: `Ok, discarded, id=… - SPAM`), DISCARD in an access table or header check, or the discard transport.',
      lookNext:
        'Search the log of the filter for the id in the response: it names the reason and the quarantine. Then `postmap -q` on the access table, or transport_maps.',
    },
  },
  {
    classes: '45',
    pattern:
      /relay(?:ing)? (?:access )?(?:is )?(?:denied|not (?:permitted|allowed)|prohibited)|unable to relay|not permitted to relay|do(?:es)? not relay/i,
    entry: {
      title: 'Relay access denied',
      meaning: 'The server will not pass mail of this client on to a foreign domain.',
      cause:
        'The client is not in mynetworks and not logged in (SASL), or the recipient domain is one of yours that is missing in relay_domains, virtual_mailbox_domains or mydestination. With 454 (defer_unauth_destination) the sender tries again, with 554 it gives up.',
      lookNext:
        'On the server that refuses: does the `reject:` line show the client you expect, and does its session have `sasl_username=`? Then `postconf mynetworks smtpd_relay_restrictions relay_domains mydestination virtual_mailbox_domains`; on the client check login and port (587 instead of 25).',
    },
  },
  {
    classes: '45',
    pattern: /gr[ae]y-?list|postgrey/i,
    entry: {
      title: 'Greylisted',
      meaning:
        'The server puts off the first mail of an unknown combination of client, sender and recipient on purpose.',
      cause: 'Greylisting (postgrey, rspamd, milter-greylist): a server that tries again after some minutes is let in.',
      lookNext:
        'Wait for the next try (5 to 15 minutes, `postqueue -p`). If it never passes, the sender changes its address between tries: whitelist it (postgrey_whitelist_clients), or look at the greylisting log for its delay.',
    },
  },
  {
    classes: '45',
    pattern:
      /not owned by (?:user|anyone)|sender address rejected: not logged in|SendAsDenied|not (?:permitted|allowed|authori[sz]ed) to send (?:as|mail from this|from)|client does not have permissions to send as/i,
    entry: {
      title: 'Sender not permitted',
      meaning: 'The logged-in user or client may not use this sender address.',
      cause:
        'The sender address does not belong to the login (smtpd_sender_login_maps with reject_sender_login_mismatch), often an alias, a shared mailbox or a device that is not entered there; Exchange calls it SendAsDenied.',
      lookNext:
        'Compare `from=<…>` and `sasl_username=` in the `reject:` line, then `postmap -q SENDER` on smtpd_sender_login_maps; add the login, or correct the sender in the program. Exchange: Send As right of the mailbox.',
    },
  },
  {
    classes: '45',
    pattern: /\bspf\b|sender policy framework|openspf/i,
    entry: {
      title: 'SPF check failed',
      meaning: 'The server found that the sending host is not allowed by the SPF record of the sender domain.',
      cause:
        'A new outgoing address or a service that is missing in the record, or a message that was forwarded with its old envelope sender.',
      lookNext:
        '`dig TXT DOMAIN` of the envelope sender and compare it with the address that connected (`client=` on the next hop); add it, or use SRS (postsrsd) where mail is forwarded.',
    },
  },
  {
    classes: '45',
    pattern: /dmarc|unauthenticated (?:e-?mail|sender)/i,
    entry: {
      title: 'DMARC check failed',
      meaning:
        'Neither SPF nor DKIM passes for the domain in the From header, and its DMARC policy or the receiver demands it.',
      cause:
        'Mail sent by a service or host that does not sign for the domain, or changed or forwarded on the way (mailing list, forwarder, disclaimer).',
      lookNext:
        '`dig TXT _dmarc.DOMAIN` of the From header; check the DKIM signing log of your last host and SPF for its address; let lists rewrite From.',
    },
  },
  {
    classes: '45',
    pattern: /\bdkim\b/i,
    entry: {
      title: 'DKIM check failed',
      meaning: 'The message has no DKIM signature that satisfies the server.',
      cause:
        'The sending host does not sign, the public key is missing or old in the DNS, or a hop after signing changed the message.',
      lookNext:
        'The OpenDKIM or rspamd log of your last host; `dig TXT SELECTOR._domainkey.DOMAIN`; find the hop that changes content after it.',
    },
  },
  {
    classes: '45',
    pattern: /cannot find your (?:reverse )?hostname|reverse[ -]dns|\bPTR\b|fix reverse dns|no reverse/i,
    entry: {
      title: 'Reverse DNS missing',
      meaning: 'The address of the sending host has no name in the DNS, or the name does not lead back to it.',
      cause:
        'No or a wrong PTR record, or mail leaves by an unexpected (IPv6) address. On a Postfix server reject_unknown_client_hostname or reject_unknown_reverse_client_hostname refused it.',
      lookNext:
        '`dig -x IP`, then `dig A` or `dig AAAA` of the name found; have the PTR set by the provider of the address; smtp_bind_address and smtp_address_preference fix the outgoing address.',
    },
  },
  {
    classes: '45',
    pattern: /helo command rejected|invalid (?:helo|ehlo)|bad helo|ehlo.{0,40}(?:invalid|rejected)/i,
    entry: {
      title: 'HELO name refused',
      meaning: 'The server does not accept the name with which the client introduced itself.',
      cause:
        'The client says `localhost`, an unqualified name or a name that is not in the DNS (reject_unknown_helo_hostname, reject_non_fqdn_helo_hostname).',
      lookNext:
        '`postconf smtp_helo_name myhostname` on the client: it must be a full name with an address record; the `reject:` line shows `helo=<…>`.',
    },
  },
  {
    classes: '45',
    pattern:
      /virus|malware|infected|\bBANNED\b|phish|dangerous attachment|blocked.{0,30}attachment|attachment.{0,30}blocked/i,
    entry: {
      title: 'Virus or forbidden attachment',
      meaning: 'The content filter found a virus or a kind of attachment that is not allowed.',
      cause:
        'A real infection, a password-protected or macro document, or an archive with a forbidden file name (amavis banned_filename_re).',
      lookNext:
        'The log of the filter (amavis, clamd, rspamd) names the find for this queue ID; quarantined mail is in its quarantine. Check the computer of the sender before you release it.',
    },
  },
  {
    classes: '45',
    pattern:
      /spamhaus|spamcop|barracuda|sorbs|dnsbl|\brbl\b|black-?list|block-?list|blocked using|listed (?:at|in|by|on)\b|banned sending ip|\bS31(?:40|50)\b|bad reputation|low reputation|poor reputation/i,
    entry: {
      title: 'Sending address on a blocklist',
      meaning:
        'The server refuses because the IP address of the sending host is on a blocklist or has a bad reputation.',
      cause:
        'Spam left that address: an abused account, a hacked web form, or a neighbour in a shared range. On your own server the list is in reject_rbl_client, postscreen_dnsbl_sites or the milter.',
      lookNext:
        'Open the web address in the response with your outgoing IP; find and stop the source first (counts by sasl_username and client, `qshape -s active`), then ask for removal.',
    },
  },
  {
    classes: '45',
    pattern:
      /spam|unsolicited|\bjunk\b|\bUCE\b|bulk mail|content (?:rejected|blocked|denied)|message content|gtube|high (?:score|probability)|suspicious/i,
    entry: {
      title: 'Taken for spam',
      meaning: 'The content filter of the server takes the message for spam.',
      cause:
        'Wording, links or attachments of the message, a missing DKIM signature, or the reputation of the sending address.',
      lookNext:
        'On your own filter the log names score and rules for this queue ID (rspamd history, amavis `Blocked SPAM`, spamd result); on a foreign one send a plain text without links as a test and check SPF, DKIM and DMARC.',
    },
  },
  {
    classes: '45',
    pattern:
      /only accepts (?:mail|messages) from|not (?:authori[sz]ed|allowed|permitted) to (?:post|send to|write to|mail)|closed list|members? only|restricted to (?:internal|authenticated)|internal (?:use|senders?|users?) only|RESOLVER\.RST/i,
    entry: {
      title: 'Recipient takes no mail from this sender',
      meaning: 'The recipient is a list or group that only certain senders may write to.',
      cause: 'The sender is not a member, writes from another of his addresses, or is outside the organisation.',
      lookNext:
        'Compare the envelope sender with the members; the setting is in the list manager, in Exchange (delivery restrictions of the group) or in a restriction class of smtpd_recipient_restrictions.',
    },
  },
  {
    classes: '45',
    pattern: /client (?:host|was) (?:rejected|not authenticated)|(?:sender|recipient) address rejected: access denied/i,
    entry: {
      title: 'Refused by an access rule',
      meaning: 'A rule made by the administrator of the server names this client, sender or recipient.',
      cause:
        'An access table (check_client_access, check_sender_access, check_recipient_access), a submission port that wants a login (`Client host rejected: Access denied` on 587), or in Exchange Online an address that is not in the directory (`5.4.1 Recipient address rejected`).',
      lookNext:
        'The words before `rejected` say which table: `postmap -q KEY` on it; on 587 check whether the client logged in (`sasl_username=`); for Exchange Online check the mailbox and the accepted domains.',
    },
  },
];
