/** What the parts of a code mean alone: classes and subjects (RFC 3463 §3), digits of a reply code (RFC 5321 §4.2.1). */

/** By the first digit of either kind of code. */
export const classEffects: Readonly<Record<string, string>> = {
  '2': 'Success: the server did what was asked.',
  '3': 'Intermediate: the server waits for more from the client; this decides nothing yet.',
  '4': 'Temporary failure: the sending server keeps the message and tries again by itself.',
  '5': 'Permanent failure: the sending server gives up and returns the message to its sender.',
};

/** By the second digit of a reply code. */
export const replyKinds: Readonly<Record<string, string>> = {
  '0': 'says it is about syntax',
  '1': 'says it is an information',
  '2': 'says it is about the connection',
  '5': 'says it is about the receiving mail system',
};

type SubjectEntry = Readonly<{ title: string; cause: string; lookNext: string }>;

export const subjectEntries: Readonly<Record<string, SubjectEntry>> = {
  '0': {
    title: 'Other or undefined status',
    cause: 'The server says no more than whether it worked.',
    lookNext: 'Read the response text: it is the only evidence.',
  },
  '1': {
    title: 'Addressing status',
    cause: 'Something about the sender or recipient address; the sender can usually correct it.',
    lookNext:
      'Read both addresses in the log line letter by letter; `dig MX DOMAIN` for the domain; the `reject:` line on your own server.',
  },
  '2': {
    title: 'Mailbox status',
    cause: 'Something about the mailbox of the recipient: full, disabled, or not writable.',
    lookNext: 'The log of the mailbox host for this queue ID, and quota and state of the account.',
  },
  '3': {
    title: 'Mail system status',
    cause: 'Something about the receiving system: load, disk, configuration, size limits.',
    lookNext: 'The `warning:` and `fatal:` lines of the host that answered in the minute of the attempt.',
  },
  '4': {
    title: 'Network and routing status',
    cause: 'Something on the way: DNS, connection, routing.',
    lookNext: 'From the sending host `dig MX DOMAIN` and `nc -vz HOST 25`; transport_maps and relayhost.',
  },
  '5': {
    title: 'Mail delivery protocol status',
    cause: 'Something in the SMTP dialogue between the two servers.',
    lookNext: 'The smtpd log of the server that answered; the EHLO reply from both sides.',
  },
  '6': {
    title: 'Message content or media status',
    cause: 'Something about the content of the message or its conversion.',
    lookNext: '`postcat -q QUEUEID`; header_checks, body_checks and the log of the content filter.',
  },
  '7': {
    title: 'Security or policy status',
    cause:
      'A rule of the server: authentication, reputation, filter or limit. Exchange Online (5.7.5xx, 5.7.6xx, 5.7.7xx) and Gmail use many numbers of their own here.',
    lookNext:
      'Read the response for a web address or a key word; SPF, DKIM and DMARC of the sender domain; blocklists for your outgoing address.',
  },
};
