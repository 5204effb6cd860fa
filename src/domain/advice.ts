/** What is advised for a status code stands with names to fill in: `ADDRESS`, `HOST`, `PORT`. */

/** `port` as decimal digits. */
export type Peer = Readonly<{ host: string; port: string }>;

/** IANA, of SMTP between servers. */
export const SMTP_PORT = 25;

/** Text of others that may stand in a command: nothing that a shell reads as more than a word. */
export const isPlainWord = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._+@:-]{0,253}$/.test(text);

/** A try that reached nobody names whom it wanted: `connect to mx.example[192.0.2.1]:25: Connection refused`. */
export const peerWanted = (response: string): Peer | null => {
  const wanted = /^(?:delivery temporarily suspended: )?connect to ([^\s[\]]{1,253})\[[^\]]{1,64}\]:(\d{1,5})/.exec(
    response,
  );
  return wanted === null ? null : { host: wanted[1]!, port: wanted[2]! };
};

/** Puts recipient and far side into the commands of an advice, where they are harmless. */
export const fillAdvice = (advice: string, recipient: string | null, peer: Peer | null): string =>
  advice.replace(/`[^`]{1,200}`/g, (command) => {
    let filled = command;
    if (recipient !== null && isPlainWord(recipient)) filled = filled.replace(/\bADDRESS\b/g, recipient);
    if (peer !== null && isPlainWord(peer.host)) {
      filled = filled.replace(/^`nc -vz HOST 25`$/, `\`nc -vz HOST ${peer.port}\``);
      filled = filled.replace(/\bHOST\b/g, peer.host).replace(/\bPORT\b/g, peer.port);
    }
    return filled;
  });
