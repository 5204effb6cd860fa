/** X.2: the mailbox. X.3: the receiving mail system. */
import type { StatusEntries } from './entry.js';

export const mailboxAndSystemCodes: StatusEntries = {
  'X.2.0': {
    title: 'Other or undefined mailbox status',
    meaning: 'The mailbox exists, but something about it stops the delivery.',
    cause:
      'The delivery agent failed: permissions of the mailbox, a broken Sieve script, or a command in .forward that returned an error.',
    lookNext:
      'On the mailbox host read the lines of local, virtual, pipe or Dovecot LMTP (`journalctl -u dovecot`) for this queue ID, and check owner and mode of the mailbox.',
    source: 'RFC 3463 §3.3',
  },
  '4.2.0': {
    title: 'Other or undefined mailbox status',
    meaning: 'The receiving server will not take the mail for this mailbox now and asks to try again later.',
    cause:
      'Most often greylisting (postgrey answers `450 4.2.0 … Greylisted`): the first attempt from an unknown client is deferred on purpose. Else a mailbox that is locked or a delivery agent that failed (`cannot update mailbox`, `Permission denied`, Dovecot down).',
    lookNext:
      'With `greylist` in the response: wait, the next try after 5 to 15 minutes passes; if every retry is deferred, the sender rotates its addresses: whitelist it in postgrey. Else read the log of the mailbox host for the same minute and check disk, permissions and `doveadm log errors`.',
    source: 'RFC 3463 §3.3',
  },
  'X.2.1': {
    title: 'Mailbox disabled, not accepting messages',
    meaning: 'The mailbox exists but takes no mail.',
    cause:
      'The account is suspended, expired, unused for long, or receives mail faster than its provider allows (Gmail 4.2.1).',
    lookNext:
      'On your own server check the account in the directory and in virtual_mailbox_maps; for a foreign mailbox reach the recipient another way.',
    source: 'RFC 3463 §3.3',
  },
  'X.2.2': {
    title: 'Mailbox full',
    meaning: 'The mailbox has used up its quota.',
    cause: 'The recipient has to delete mail, or the quota is too small.',
    lookNext:
      'On your own server: `doveadm quota get -u USER` (Postfix virtual(8): virtual_mailbox_limit, local(8): mailbox_size_limit), then raise the quota or have mail deleted; `postqueue -i QUEUEID` sends what waits.',
    source: 'RFC 3463 §3.3',
  },
  '4.2.2': {
    title: 'Mailbox full',
    meaning: 'The mailbox is full; the sending server keeps the message and tries again.',
    cause: 'The recipient is over quota. If mail is deleted in time, the waiting message arrives by itself.',
    lookNext:
      '`doveadm quota get -u USER` on the mailbox host; raise the quota or have mail deleted, then `postqueue -i QUEUEID`. Dovecot answers 4.2.2 instead of 5.2.2 with quota_full_tempfail=yes.',
    source: 'RFC 3463 §3.3',
  },
  '5.2.2': {
    title: 'Mailbox full',
    meaning: 'The mailbox is full, and the receiving server refuses instead of waiting.',
    cause: 'The recipient is over quota; the sender got the message back.',
    lookNext:
      '`doveadm quota get -u USER` on the mailbox host; raise the quota or have mail deleted, then ask the sender to send again. quota_full_tempfail=yes (Dovecot) makes senders wait instead.',
    source: 'RFC 3463 §3.3',
  },
  'X.2.3': {
    title: 'Message length exceeds administrative limit',
    meaning: 'The message is larger than this mailbox may receive.',
    cause:
      'A size limit of the single mailbox, smaller than that of the whole system; attachments grow by a third in transport.',
    lookNext:
      'Compare `size=` in the qmgr line with the limit of the mailbox (Exchange MaxReceiveSize, Postfix mailbox_size_limit and virtual_mailbox_limit); send a link instead of the attachment.',
    source: 'RFC 3463 §3.3',
  },
  'X.2.4': {
    title: 'Mailing list expansion problem',
    meaning: 'The address is a mailing list that could not be expanded.',
    cause: 'The list file, directory group or list manager is broken, or includes itself.',
    lookNext:
      'On the list host: `postalias -q LIST hash:/etc/aliases`, `postconf alias_maps`, the log of the list manager (mailman `logs/smtp-failure`, sympa.log), and LDAP group lookups with `postmap -q`.',
    source: 'RFC 3463 §3.3',
  },
  'X.3.0': {
    title: 'Other or undefined mail system status',
    meaning: 'The receiving system has a problem of its own that is not described further.',
    cause:
      'A local fault: a crashed delivery command, a broken alias (`alias database unavailable`), a content filter or policy service that does not answer.',
    lookNext:
      'Read the log of the host that answered for `warning:`, `error:` and `fatal:` in the minute of the attempt; on Postfix `postfix check` and `journalctl -u postfix -p warning`.',
    source: 'RFC 3463 §3.4',
  },
  '4.3.0': {
    title: 'Other or undefined mail system status',
    meaning: 'The system that handles the message has a temporary problem of its own.',
    cause:
      'Postfix: `mail transport unavailable` (a service in master.cf does not start), `unknown mail transport error`, `queue file write error`, or a pipe command that failed with EX_TEMPFAIL.',
    lookNext:
      'Search the same host for `warning:` and `fatal:` just before (a daemon that exits, `bad command startup`), check `df -h /var/spool/postfix` and the service in master.cf; then `postqueue -f`.',
    source: 'RFC 3463 §3.4',
  },
  'X.3.1': {
    title: 'Mail system full',
    meaning: 'The receiving system has no room left.',
    cause:
      'The disk of the queue or of the mail store is full (Postfix: `Insufficient system storage`, queue_minfree).',
    lookNext:
      '`df -h /var/spool/postfix` and `df -i` on that host, `postconf queue_minfree message_size_limit`; look for a flood with `qshape` before you delete anything.',
    source: 'RFC 3463 §3.4',
  },
  'X.3.2': {
    title: 'System not accepting network messages',
    meaning: 'The host takes no mail from the network at the moment, or never does.',
    cause:
      'Maintenance, overload or shutdown; Postfix postscreen and smtpd answer so under stress (`all server ports busy`), Exchange under resource pressure.',
    lookNext:
      'Check load and the number of smtpd processes (`postconf default_process_limit`, master log `process limit`), or the maintenance notice of the foreign server; queued mail follows by itself.',
    source: 'RFC 3463 §3.4, RFC 7504',
  },
  'X.3.3': {
    title: 'System not capable of selected features',
    meaning: 'The receiving system does not support something the message asks for.',
    cause: 'A gateway cannot map an extension (DSN options, 8-bit, BINARYMIME) onto the system behind it.',
    lookNext:
      'Compare the EHLO replies of both sides (`openssl s_client -starttls smtp -connect HOST:25`); switch off the extension with smtp_discard_ehlo_keywords.',
    source: 'RFC 3463 §3.4',
  },
  'X.3.4': {
    title: 'Message too big for system',
    meaning: 'The message is larger than the server takes from anybody.',
    cause:
      'A size limit on one hop: Postfix message_size_limit (10 MB unless changed), often smaller on an inner server than on the outer one. Encoding makes an attachment a third larger.',
    lookNext:
      'Compare `size=` in the qmgr line with `postconf message_size_limit` on every hop (and the SIZE that the next server announces in EHLO); raise the smaller one or send a link instead of the attachment.',
    source: 'RFC 3463 §3.4',
  },
  'X.3.5': {
    title: 'System incorrectly configured',
    meaning: 'The server cannot take the message because its own configuration is wrong.',
    cause:
      'Postfix answers `Server configuration error` or `Server configuration problem` when a map, an access table or a policy service is broken or does not answer.',
    lookNext:
      'On the host that answered: the `warning:` or `fatal:` line just before names the map or service; test with `postfix check` and `postmap -q KEY MAP`, restart the policy service.',
    source: 'RFC 3463 §3.4',
  },
  'X.3.6': {
    title: 'Requested priority was changed',
    meaning: 'The requested priority of the message was not honoured.',
    cause: 'The server limits MT-PRIORITY values for this client.',
    lookNext: 'Read the new priority in the response; check the priority policy of the server in `relay=`.',
    source: 'RFC 6710',
  },
};
