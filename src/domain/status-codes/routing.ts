/** X.4: network and routing. */
import type { StatusEntries } from './entry.js';

export const routingCodes: StatusEntries = {
  'X.4.0': {
    title: 'Other or undefined network or routing status',
    meaning: 'Something went wrong on the way to the next host that no other code describes.',
    cause: 'A network fault, a TLS failure or an unclear answer of the next host.',
    lookNext:
      'Read the response in the log line, then test from the sending host: `nc -vz HOST 25` and `openssl s_client -starttls smtp -connect HOST:25`.',
    source: 'RFC 3463 §3.5',
  },
  'X.4.1': {
    title: 'No answer from host',
    meaning: 'The next host could not be reached.',
    cause:
      'It is down, or a firewall lies between (`Connection timed out`); or nothing listens on the port (`Connection refused`).',
    lookNext:
      'From the sending host: `nc -vz HOST 25` and `traceroute -T -p 25 HOST`; check whether your provider blocks outgoing port 25, and transport_maps and relayhost for a wrong host.',
    source: 'RFC 3463 §3.5',
  },
  '4.4.1': {
    title: 'No answer from host',
    meaning: 'The next host did not answer the connection; the message stays in the queue and is tried again.',
    cause:
      '`Connection timed out`: the host is down or a firewall drops port 25 (many clouds block it outwards). `Connection refused`: nothing listens there. `No route to host` or `Network is unreachable`: routing, or IPv6 without a route.',
    lookNext:
      'From the sending host `nc -vz HOST 25`; see with `qshape deferred` or `postqueue -p` whether one or all destinations are hit; if only IPv6 fails set smtp_address_preference=ipv4; when it works again `postqueue -i QUEUEID`.',
    source: 'RFC 3463 §3.5',
  },
  '5.4.1': {
    title: 'No answer from host',
    meaning: 'The server refuses because the destination behind it does not answer for this recipient.',
    cause:
      'Exchange Online and Outlook use it as `Recipient address rejected: Access denied`: the address is not in their directory, or the domain is not accepted there. By RFC 3463 it would mean that the host never answered.',
    lookNext:
      "Check the recipient address; if it is yours on Exchange Online, check that the mailbox is synchronised and the domain is an accepted domain of the tenant (directory-based edge blocking). Otherwise ask the recipient's administrator.",
    source: 'RFC 3463 §3.5',
  },
  'X.4.2': {
    title: 'Bad connection',
    meaning: 'The connection was made, but broke or timed out before the message was through.',
    cause:
      'The other side closed it (`lost connection with … while …`), was too slow (`timed out while sending message body`), or a firewall or a too large MTU cut it.',
    lookNext:
      'The phrase after `while` in the response says in which command it broke. While sending the body: suspect MTU or a scanning firewall (`ping -M do -s 1472 HOST`); right after connecting: the other side refuses you, read its log.',
    source: 'RFC 3463 §3.5',
  },
  'X.4.3': {
    title: 'Directory server failure',
    meaning: 'A directory that is needed for routing, usually the DNS, did not answer.',
    cause:
      "The resolver of the host is down, or the domain's name servers do not answer or have a broken DNSSEC signature (SERVFAIL). LDAP or SQL maps can be behind it too.",
    lookNext:
      'On the host that logged it: `dig MX DOMAIN` with and without `+cd`; if only that domain fails, its operator must mend it; if all fail, mend /etc/resolv.conf (also the copy in /var/spool/postfix/etc). For maps: `postmap -q KEY ldap:…`.',
    source: 'RFC 3463 §3.5',
  },
  'X.4.4': {
    title: 'Unable to route',
    meaning: 'There is no way to the destination: its host or domain is not to be found.',
    cause:
      'The DNS answers that the name does not exist or has no mail host (`Host or domain name not found`); or a host in transport_maps or relayhost is misspelt.',
    lookNext:
      'Run `dig MX DOMAIN`; the name in the response is the one looked up: if it is one of your own hosts, correct transport_maps or relayhost (brackets `[host]` turn the MX lookup off).',
    source: 'RFC 3463 §3.5',
  },
  'X.4.5': {
    title: 'Mail system congestion',
    meaning: 'The mail system is too busy to take the message.',
    cause: 'Overload, or a concurrency limit for your host.',
    lookNext:
      'See with `qshape active` which destination is hit; lower default_destination_concurrency_limit for it or set default_destination_rate_delay; check whether somebody sends a bulk mailing.',
    source: 'RFC 3463 §3.5',
  },
  'X.4.6': {
    title: 'Routing loop detected',
    meaning: 'The message goes in a circle.',
    cause:
      '`too many hops` (hopcount_limit, 50 by default) or `mail for DOMAIN loops back to myself`: two hosts forward the domain to each other, the MX points to a host that does not know the domain as its own, or a user forwards to himself.',
    lookNext:
      'Compare mydestination, relay_domains, virtual_mailbox_domains and transport_maps of the hosts in the circle with `dig MX DOMAIN`; for a single user check .forward, Sieve redirect and aliases; read the Received: headers with `postcat -hq QUEUEID`.',
    source: 'RFC 3463 §3.5',
  },
  'X.4.7': {
    title: 'Delivery time expired',
    meaning: 'The message waited too long and was given up.',
    cause:
      'Every attempt was deferred until the lifetime ran out (Postfix maximal_queue_lifetime, bounce_queue_lifetime, 5 days).',
    lookNext:
      'The real reason stands in the last `status=deferred` line of the same queue ID: mend that one, then have the message sent again.',
    source: 'RFC 3463 §3.5',
  },
};
