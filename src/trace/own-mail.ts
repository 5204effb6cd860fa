/** Mail that alerts themselves cause: Slack's notifications by mail, and bounces of those. An alert about them would go round. */
import { isInDomains, isParty, originalSender } from './match-party.js';
import type { Trouble } from './troubles.js';

/** @param ignored addresses, and domains (also written `@domain`) with their sub-domains */
export const createIsOwnMail = (ignored: readonly string[]): ((trouble: Trouble) => boolean) => {
  const senders = ignored.map((sender) => sender.trim().toLowerCase().replace(/^@/, ''));
  const domains = senders.filter((sender) => !sender.includes('@'));
  const isOwn = (address: string): boolean => isParty(originalSender(address), senders);
  return ({ sender, recipient, originalRecipient, transaction }) => {
    if (sender !== null && sender !== '' && isOwn(sender)) return true;
    // A bounce goes back to the sender of what it is about, whatever a forwarder made of it.
    if (sender === '' && [recipient, originalRecipient].some((address) => address !== null && isOwn(address)))
      return true;
    // Forwarders and lists change the envelope, not the message-id.
    return isInDomains(transaction?.messageId ?? '', domains);
  };
};
