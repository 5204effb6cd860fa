/** Refusals known by the words of the response: recipients, limits, TLS, DNS, network, local faults. Sources as in response-texts.ts. */
import type { ResponseRule } from './response-texts.js';

export const technicalTexts: readonly ResponseRule[] = [
  {
    classes: '45',
    pattern:
      /sender address rejected: (?:domain not found|malformed dns|unable to look ?up)|domain of sender address .{1,255} does not (?:exist|resolve)|sender domain (?:must|does not) (?:exist|resolve)/i,
    entry: {
      title: 'Sender domain not found',
      meaning: 'The server cannot find the domain of the envelope sender in the DNS.',
      cause:
        'A host sends with its internal name (root@web3.localdomain), the domain has neither MX nor address record, or its name servers do not answer.',
      lookNext:
        '`dig MX DOMAIN` and `dig A DOMAIN` on the server that refuses; set myorigin or smtp_generic_maps on the sending host. If all domains fail, mend the resolver of the server.',
    },
  },
  {
    classes: '45',
    pattern: /unverified address|address verification in progress|undeliverable address/i,
    entry: {
      title: 'Address not verified',
      meaning: 'The server asks the mailbox server whether the address exists and has no good answer.',
      cause:
        'reject_unverified_recipient or reject_unverified_sender: the probe is still running, the server asked does not answer, or it answered that the address is unknown.',
      lookNext:
        'Search the refusing server for `status=undeliverable` or `status=deliverable` with that address: the probe has its own queue ID and reason. address_verify_map keeps the result for hours.',
    },
  },
  {
    classes: '45',
    pattern:
      /user (?:unknown|not found|doesn'?t (?:exist|have))|unknown (?:user|recipient|local|address)|no such (?:user|mailbox|recipient|address|person|local)|does(?: not|n't) exist|mailbox (?:not found|unavailable|unknown)|invalid (?:recipient|mailbox)|recipient (?:not found|unknown)|account .{0,80}does not exist|not a valid (?:user|mailbox|recipient)|unrouteable address/i,
    entry: {
      title: 'No such recipient',
      meaning: 'The server does not know the mailbox of the recipient.',
      cause:
        'A typing error, a deleted or renamed account, or a missing alias or map entry; Postfix says which table: `User unknown in local recipient table` (local_recipient_maps), `relay recipient table`, `virtual mailbox table`, `virtual alias table`.',
      lookNext:
        'Check the address letter by letter; on your own server `postmap -q ADDRESS` on the table named in the response.',
    },
  },
  {
    classes: '45',
    pattern:
      /over ?quota|quota (?:exceeded|is full)|exceed(?:s|ed|ing)?.{0,40}quota|mailbox (?:is )?full|out of storage|mailbox size limit/i,
    entry: {
      title: 'Mailbox full',
      meaning: 'The mailbox of the recipient has used up its quota.',
      cause:
        'The recipient has to delete mail, or the quota is too small. With class 4 the sender keeps trying, with class 5 the message went back.',
      lookNext: 'On your own server `doveadm quota get -u USER` and raise it; `postqueue -i QUEUEID` sends what waits.',
    },
  },
  {
    classes: '45',
    pattern:
      /(?:account|mailbox|user) .{0,80}(?:disabled|inactive|suspended|deactivated)|(?:disabled|inactive|suspended) (?:account|mailbox|user)/i,
    entry: {
      title: 'Mailbox disabled',
      meaning: 'The account of the recipient exists, but is disabled or unused.',
      cause: 'It was suspended by its administrator or provider, or nobody has used it for long.',
      lookNext: 'On your own server look the account up in the directory; else reach the recipient another way.',
    },
  },
  {
    classes: '45',
    pattern: /message (?:size )?(?:exceeds|too (?:large|big))|size limit|too large|exceeds (?:size|the maximum|max)/i,
    entry: {
      title: 'Message too large',
      meaning: 'The message is larger than the server or mailbox takes.',
      cause: 'message_size_limit on one hop, or a limit of the mailbox; an attachment grows by a third in transport.',
      lookNext:
        'Compare `size=` in the qmgr line with `postconf message_size_limit` on every hop and the SIZE in the EHLO reply of the next server.',
    },
  },
  {
    classes: '45',
    pattern:
      /must issue a starttls|tls (?:is )?(?:required|not available)|encryption (?:required|needed)|certificate (?:not (?:trusted|verified)|verification|has expired)|untrusted|cannot start tls|tls handshake/i,
    entry: {
      title: 'TLS problem',
      meaning: 'The two servers could not agree on an encrypted connection that one of them demands.',
      cause:
        'TLS is demanded but not offered, the certificate is expired or has another name, or key and certificate files cannot be read (`TLS not available due to local problem`).',
      lookNext:
        '`posttls-finger -c DOMAIN` or `openssl s_client -starttls smtp -connect HOST:25` from the sending host; smtp_tls_policy_maps and smtp_tls_security_level there, smtpd_tls_cert_file on the server, `dig TLSA _25._tcp.MXHOST` for DANE.',
    },
  },
  {
    classes: '45',
    pattern:
      /authentication (?:is )?required|must (?:be authenticated|authenticate)|not authenticated|please authenticate|auth.{0,20} first/i,
    entry: {
      title: 'Login required',
      meaning: 'The server wants the client to log in first.',
      cause:
        'A relayhost without credentials, a mail program without SMTP login, or a device that sends to a submission port.',
      lookNext:
        'On a Postfix client: smtp_sasl_auth_enable, `postmap -q "[HOST]:PORT"` on smtp_sasl_password_maps; on the server `sasl_username=` is missing in the session.',
    },
  },
  {
    classes: '45',
    pattern:
      /(?:authentication|login) (?:failed|failure|unsuccessful|credentials)|username and password not accepted|bad credentials|invalid (?:login|password|credentials)/i,
    entry: {
      title: 'Login failed',
      meaning: 'The server did not accept user name and password, or its login service is down.',
      cause:
        'A changed or mistyped password, basic authentication switched off by the provider, or with 454 a SASL back end that does not answer.',
      lookNext:
        '`SASL … authentication failed` in the smtpd log and the Dovecot auth or saslauthd log; on a Postfix client smtp_sasl_password_maps (run `postmap` after a change).',
    },
  },
  {
    classes: '45',
    pattern:
      /too many (?:connections|messages|errors|sessions|emails|recipients|concurrent)|rate[ -]?limit|throttl|(?:message|sending|connection|hourly|daily) (?:rate|limit)|receiving mail (?:at a rate|too quickly)|unusual rate|\bTS0[1-4]\b|server busy/i,
    entry: {
      title: 'Rate or connection limit',
      meaning:
        'More mail, connections or recipients come from this address or account than the server takes in this time.',
      cause:
        'A bulk mailing, an abused account or web form, or limits that are tight for a host with little reputation.',
      lookNext:
        'Find who sends (counts by sasl_username and client, `qshape -s active`); slow down with smtp_destination_rate_delay and smtp_destination_concurrency_limit for that provider; on your own server look for anvil and `Connection rate limit exceeded` lines.',
    },
  },
  {
    classes: '45',
    pattern: /loops? back to myself|too many hops|mail loop|routing loop|loop detected|hop count exceeded/i,
    entry: {
      title: 'Mail loop',
      meaning: 'The message goes in a circle between servers or addresses.',
      cause:
        'Two hosts forward the domain to each other, the MX points to a host that does not know the domain as its own, or a user forwards to himself.',
      lookNext:
        'Compare mydestination, relay_domains, virtual_mailbox_domains and transport_maps of the hosts in the circle with `dig MX DOMAIN`; for a single user .forward, Sieve and aliases; `postcat -hq QUEUEID` shows the Received: headers.',
    },
  },
  {
    classes: '45',
    pattern:
      /host or domain name not found|name service error|host not found|nxdomain|domain not found|no mx|dns (?:lookup|error)/i,
    entry: {
      title: 'Destination not found in the DNS',
      meaning: 'The DNS gives no mail host for the destination.',
      cause:
        'A typing error in the domain, an expired domain, a misspelt host in transport_maps or relayhost; with `try again` the name servers or the own resolver do not answer.',
      lookNext:
        '`dig MX NAME` for the name in the response, on the host that logged it; if it is one of yours, correct transport_maps or relayhost; if every lookup fails, mend /etc/resolv.conf.',
    },
  },
  {
    classes: '45',
    pattern:
      /connection (?:timed out|refused|reset)|no route to host|network is unreachable|lost connection|timed out (?:while|during)|conversation with .{1,300} timed out|operation timed out/i,
    entry: {
      title: 'Next host not reachable',
      meaning: 'The connection to the next host failed or broke off.',
      cause:
        'Timed out: the host is down or a firewall drops port 25; refused: nothing listens there; lost or reset: the other side or a device between closed it.',
      lookNext:
        'From the sending host `nc -vz HOST 25`; see with `qshape deferred` whether one or all destinations are hit; on the other side look for the same second in its log.',
    },
  },
  {
    classes: '45',
    pattern:
      /service (?:temporarily )?unavailable|server configuration (?:problem|error)|queue file write error|insufficient system (?:storage|resources)|mail transport unavailable|local error|temporary (?:lookup failure|failure|local problem)|internal (?:server )?error|system (?:problem|error)/i,
    entry: {
      title: 'Fault on the server that answered',
      meaning: 'The server that answered has a problem of its own.',
      cause:
        'A milter, policy service or content filter that does not answer (`Service unavailable`: milter_default_action=tempfail), a broken map (`Server configuration problem`, `Temporary lookup failure`), or a full disk (`queue file write error`, `Insufficient system storage`).',
      lookNext:
        'On that host the `warning:` or `fatal:` line just before: `connect to Milter service`, `problem talking to server`, `table lookup problem`; `df -h /var/spool/postfix`; restart the service it names.',
    },
  },
];
