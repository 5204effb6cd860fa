/** X.7.0 to X.7.19: security, policy, authentication. */
import type { StatusEntries } from './entry.js';

export const securityCodes: StatusEntries = {
  'X.7.0': {
    title: 'Other or undefined security status',
    meaning: 'The message or command was stopped for a security reason that is not named further.',
    cause:
      'A rule of the receiving server: reputation of the sending address, missing TLS, or a login that is required.',
    lookNext:
      'Read the response for a web address or a key word (spam, TLS, authentication); check the reputation of your outgoing IP address and `dig TXT` for SPF and DMARC of the sender domain.',
    source: 'RFC 3463 §3.8',
  },
  '4.7.0': {
    title: 'Other or undefined security status',
    meaning: 'The server puts the message off for a security or policy reason; the sending server tries again.',
    cause:
      'Rate limiting or a doubtful reputation of the sending address (Gmail `421 4.7.0 … unusual rate of unsolicited mail`), postscreen (`421 4.7.0`), too many errors in one session, `TLS not available due to local problem` (454), or `Temporary authentication failure` (454) when the SASL back end is down.',
    lookNext:
      'Read the response: for a rate limit look with `qshape` and by sasl_username for whoever sends the bulk; for TLS check smtpd_tls_cert_file and the `warning: TLS` lines; for authentication the Dovecot auth or saslauthd log.',
    source: 'RFC 3463 §3.8',
  },
  '5.7.0': {
    title: 'Other or undefined security status',
    meaning: 'The server refuses for a security reason that is not named further.',
    cause:
      '`530 5.7.0 Must issue a STARTTLS command first` and `530 5.7.0 Authentication required` are the usual ones; else a content or attachment rule of the provider (Gmail: forbidden attachment), or amavis with SPAM or BANNED.',
    lookNext:
      'Read the response: TLS: set smtp_tls_security_level=may on the sending host; authentication: smtp_sasl_auth_enable and smtp_sasl_password_maps for the relayhost; content: the log of the filter.',
    source: 'RFC 3463 §3.8',
  },
  'X.7.1': {
    title: 'Delivery not authorized, message refused',
    meaning: 'The server does not allow this message from this sender, for this recipient or from this client.',
    cause:
      'Three usual reasons: relaying is denied (the client is neither in mynetworks nor logged in), the content or the address of the client counts as spam, or the sender may not use this address.',
    lookNext:
      'The response text tells which; on your own server read the `reject:` line and the restriction it names (smtpd_relay_restrictions, smtpd_client_restrictions, smtpd_sender_restrictions, milter, policy service).',
    source: 'RFC 3463 §3.8',
  },
  '4.7.1': {
    title: 'Delivery not authorized, message refused for now',
    meaning: 'The server does not allow this message at the moment; a later attempt may pass.',
    cause:
      'Greylisting (450 or 451), a client that may not relay (454 `Relay access denied`: not in mynetworks and not logged in by SASL), or a filter, policy service or milter that does not answer (`Service unavailable - try again later`).',
    lookNext:
      'Read the response: greylisting: wait for the next try; relay: check mynetworks and `sasl_username=` of the client on the server that refuses; service unavailable: the `warning: milter` or `problem talking to server` line before it.',
    source: 'RFC 3463 §3.8',
  },
  '5.7.1': {
    title: 'Delivery not authorized, message refused',
    meaning:
      'The server refuses this message for good: it does not allow it from this sender, for this recipient or from this client.',
    cause:
      'Relay denied (`Relay access denied`: the client is neither in mynetworks nor logged in, or the domain is missing in relay_domains); spam (content filter or blocklist); sender not permitted (`Sender address rejected: not owned by user`, SPF, DMARC, closed list).',
    lookNext:
      'The response text tells which. On your own server read the `reject:` line: it names the stage and the restriction (smtpd_relay_restrictions, smtpd_sender_restrictions, reject_rbl_client, milter-reject). On a foreign server give its postmaster time, sending IP and response.',
    source: 'RFC 3463 §3.8',
  },
  'X.7.2': {
    title: 'Mailing list expansion prohibited',
    meaning: 'The sender may not write to this mailing list or group.',
    cause:
      'The list takes mail of its members or of internal senders only; sending with another of your addresses is enough to be refused.',
    lookNext:
      'Compare the envelope sender with the list members; on your own server look at the list settings, or at the restriction class that protects the list in smtpd_recipient_restrictions.',
    source: 'RFC 3463 §3.8',
  },
  'X.7.3': {
    title: 'Security conversion required but not possible',
    meaning: 'The message would have to be converted between two secure formats, and that is not possible.',
    cause: 'A gateway between S/MIME, PGP or another system without the keys for it.',
    lookNext:
      'Read the log of the encryption gateway for this message-id; check the keys of sender and recipient there.',
    source: 'RFC 3463 §3.8',
  },
  'X.7.4': {
    title: 'Security features not supported',
    meaning: 'A security feature that is required is not offered by the other side.',
    cause:
      'Postfix: `TLS is required, but was not offered by host`: smtp_tls_security_level or smtp_tls_policy_maps (encrypt, dane, secure) demand TLS; or an AUTH mechanism that is not supported.',
    lookNext:
      '`openssl s_client -starttls smtp -connect HOST:25` from the sending host; if STARTTLS is missing, a firewall may hide it. Check `postmap -q DOMAIN` on smtp_tls_policy_maps.',
    source: 'RFC 3463 §3.8',
  },
  'X.7.5': {
    title: 'Cryptographic failure',
    meaning: 'A TLS or signature check failed because a key or certificate is missing or not trusted.',
    cause:
      'Postfix: `Server certificate not trusted` or `Server certificate not verified`, `Cannot start TLS: handshake failure`: an expired certificate, a wrong name, a TLSA record that was not renewed (DANE), or protocols that do not meet.',
    lookNext:
      '`posttls-finger -c DOMAIN` (or `openssl s_client -starttls smtp -connect HOST:25`) from the sending host; `dig TLSA _25._tcp.MXHOST`; the policy in smtp_tls_policy_maps or of MTA-STS.',
    source: 'RFC 3463 §3.8',
  },
  'X.7.6': {
    title: 'Cryptographic algorithm not supported',
    meaning: 'The other side needs a cryptographic algorithm that is not available here.',
    cause: 'Old protocol versions or ciphers that one side has switched off.',
    lookNext:
      'Compare `postconf smtp_tls_protocols smtp_tls_ciphers` with `openssl s_client -starttls smtp -connect HOST:25`.',
    source: 'RFC 3463 §3.8',
  },
  'X.7.7': {
    title: 'Message integrity failure',
    meaning: 'The message was changed on its way or arrived damaged, so that its signature does not fit.',
    cause:
      'A hop that adds a footer or rewrites headers after signing, or a policy filter that demands a valid signature.',
    lookNext:
      'Find the hop that changes content (list manager, disclaimer, content filter) and sign after it; compare the DKIM results in the Authentication-Results headers hop by hop.',
    source: 'RFC 3463 §3.8',
  },
  'X.7.8': {
    title: 'Authentication credentials invalid',
    meaning: 'The login failed: user name or password is wrong.',
    cause:
      'A changed password in a mail program or device, a service that needs an app password, or somebody guessing passwords.',
    lookNext:
      'On the server: `warning: … SASL LOGIN authentication failed` in the smtpd log and the auth log of Dovecot (auth_verbose=yes); many addresses or many users in a short time are an attack. On the sending host check smtp_sasl_password_maps with `postmap -q`.',
    source: 'RFC 4954',
  },
  'X.7.9': {
    title: 'Authentication mechanism is too weak',
    meaning: 'The chosen login method is weaker than the server permits for this user.',
    cause:
      'PLAIN or LOGIN where the server demands something stronger; Google and Microsoft demand OAuth or an app password (`Application-specific password required`).',
    lookNext:
      'Use another mechanism: smtp_sasl_mechanism_filter on the sending host, smtpd_sasl_security_options on the server.',
    source: 'RFC 4954',
  },
  'X.7.10': {
    title: 'Encryption needed',
    meaning: 'The server takes this login only over an encrypted connection.',
    cause: 'The client did not start TLS before AUTH.',
    lookNext:
      'Switch STARTTLS or port 465 on in the client; on a Postfix relay client smtp_tls_security_level=encrypt.',
    source: 'RFC 5248',
  },
  'X.7.11': {
    title: 'Encryption required for requested authentication mechanism',
    meaning: 'The chosen login method may only be used over an encrypted connection.',
    cause: 'The client sends its password without TLS (smtpd_tls_auth_only=yes).',
    lookNext:
      'Switch TLS on in the client: port 587 with STARTTLS or 465; see whether the smtpd log shows a TLS line for its connection.',
    source: 'RFC 4954',
  },
  'X.7.12': {
    title: 'A password transition is needed',
    meaning: 'The user must log in once with PLAIN before the chosen mechanism works.',
    cause: 'The server has no secret for the new mechanism (SCRAM, CRAM-MD5) until it sees the password once.',
    lookNext: 'Log in once with PLAIN over TLS, or set the password anew on the server.',
    source: 'RFC 4954',
  },
  'X.7.13': {
    title: 'User account disabled',
    meaning: 'The login was right, but the account is disabled.',
    cause: 'The administrator or the provider has blocked it: unpaid, abused, or left.',
    lookNext:
      'Look at the account in the directory and why it was blocked; if it was abused, search for its sasl_username in the smtpd log first.',
    source: 'RFC 5248',
  },
  'X.7.14': {
    title: 'Trust relationship required',
    meaning: 'The submission server may not fetch the content from the server that holds it.',
    cause: 'BURL submission without an arranged trust between submission and IMAP server.',
    lookNext: 'Set up the trust (URLAUTH account) between the two servers; read both logs for the same second.',
    source: 'RFC 5248',
  },
  'X.7.15': {
    title: 'Priority level is too low',
    meaning: 'The server takes only messages of a higher priority at the moment.',
    cause: 'A system in emergency mode (MT-PRIORITY).',
    lookNext: 'Wait, or raise the priority where the sender may; ask the operator of the server about its mode.',
    source: 'RFC 6710',
  },
  'X.7.16': {
    title: 'Message is too big for the specified priority',
    meaning: 'The message is larger than the server takes at this priority.',
    cause: 'A size limit per priority level (MT-PRIORITY).',
    lookNext: 'Make the message smaller, or ask the operator of the server for its limits.',
    source: 'RFC 6710',
  },
  'X.7.17': {
    title: 'Mailbox owner has changed',
    meaning: 'The mailbox has had another owner since the time the sender named.',
    cause: 'The address was given to somebody else (Require-Recipient-Valid-Since).',
    lookNext: 'Tell the sending service that its user no longer owns the address; it must not send account mail there.',
    source: 'RFC 7293',
  },
  'X.7.18': {
    title: 'Domain owner has changed',
    meaning: 'The domain of the recipient has had another owner since the time the sender named.',
    cause: 'The domain expired and was registered anew (Require-Recipient-Valid-Since).',
    lookNext: 'Compare `whois DOMAIN` with the date in the header; the sending service has to remove the address.',
    source: 'RFC 7293',
  },
  'X.7.19': {
    title: 'RRVS test cannot be completed',
    meaning: 'The server cannot tell since when the mailbox has its owner.',
    cause: 'It keeps no creation date for this mailbox (Require-Recipient-Valid-Since).',
    lookNext: 'The sending service decides whether to send again without that protection.',
    source: 'RFC 7293',
  },
};
