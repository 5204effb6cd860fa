/** Enhanced status codes of class 2: what a log shows beside `status=sent`. */
import type { StatusEntries } from './entry.js';

export const successCodes: StatusEntries = {
  '2.0.0': {
    title: 'Success',
    meaning: 'The message or command was accepted, without further detail.',
    cause:
      'The normal answer: beside `queued as ID` the next server has the message in its own queue, beside `delivered to mailbox` it is in the mailbox.',
    lookNext:
      'Follow the queue ID named in the response in the log of the host in `relay=`; accepted does not yet mean it is in a mailbox.',
    source: 'RFC 3463 §3.1',
  },
  '2.1.0': {
    title: 'Sender accepted',
    meaning: 'The sender address of this transaction was accepted.',
    cause: 'The normal answer to MAIL FROM.',
    lookNext:
      'Look at the replies to RCPT TO and to the end of DATA: only the last one says that the message was taken.',
    source: 'RFC 3463 §3.2',
  },
  '2.1.5': {
    title: 'Destination address valid',
    meaning: 'The recipient address was accepted.',
    cause: 'The normal answer to RCPT TO; Exchange and Gmail also use it when they accept the message itself.',
    lookNext:
      'Follow the message into the log of the host in `relay=`; a spam filter may still move it to a junk folder there.',
    source: 'RFC 3463 §3.2',
  },
  '2.1.9': {
    title: 'Message relayed to non-compliant mailer',
    meaning: 'The message was passed on to a system that cannot report what becomes of it.',
    cause: 'The next server does not offer the DSN extension, so no delivery report can follow.',
    lookNext: 'Ask the postmaster of the next server, with the queue ID it gave; no further report will come.',
    source: 'RFC 3886',
  },
  '2.3.6': {
    title: 'Requested priority was changed',
    meaning: 'The message was accepted, but with another priority than the sender asked for.',
    cause: 'The server limits MT-PRIORITY values for this client.',
    lookNext: 'Read the new priority in the response; check the priority policy of the server in `relay=`.',
    source: 'RFC 6710',
  },
  '2.6.0': {
    title: 'Message accepted',
    meaning: 'The content of the message was accepted.',
    cause: 'The normal answer of Exchange (`Queued mail for delivery`) and of amavis after its check.',
    lookNext:
      'Exchange names its internal message-id in the response: search it there with Get-MessageTrace or the tracking log.',
    source: 'RFC 3463 §3.7',
  },
  '2.6.4': {
    title: 'Conversion with loss performed',
    meaning: 'The message was delivered after a conversion that lost some data.',
    cause: 'A gateway changed the character set or media type for a recipient that cannot take the original.',
    lookNext: 'Compare the delivered copy with the original; look for the gateway that converts between the two.',
    source: 'RFC 3463 §3.7',
  },
  '2.7.0': {
    title: 'Accepted by a security filter',
    meaning:
      'A filter answered with success; the rest of the response says whether the mail was passed on or thrown away.',
    cause:
      'amavis answers `2.7.0 Ok, discarded, id=… - SPAM` (or BANNED, INFECTED) when its final destiny is D_DISCARD: `status=sent` then does not mean delivered.',
    lookNext: "Read the response to its end; search amavis' log for the id it names and the quarantine it mentions.",
    source: 'RFC 3463 §3.8',
  },
  '2.7.7': {
    title: 'Message integrity failure',
    meaning: 'The message was delivered although its integrity could not be verified.',
    cause: 'A gateway checked a signature, found it broken, and only reports it.',
    lookNext: 'Look for a hop that changes content (disclaimer, list footer) after the message was signed.',
    source: 'RFC 3463 §3.8',
  },
};
