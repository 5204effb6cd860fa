/** What an SSH agent holds that cannot be used: certificates (draft-miller-ssh-agent §3.5). */
import { createConnection } from 'node:net';

/** An agent is a program of this machine: one that is busy, or asks its user something, is not waited for. */
const ANSWER_MS = 500;
const ANSWER_MAX = 1024 * 1024;
const REQUEST_IDENTITIES = Buffer.from([0, 0, 0, 1, 11]);
const IDENTITIES_ANSWER = 12;
const HEADER_BYTES = 9;

/** Strings of the protocol: four bytes of length, then the text. Total: ends where the bytes end. */
const readStrings = (bytes: Buffer): readonly Buffer[] => {
  const strings: Buffer[] = [];
  let place = 0;
  while (place + 4 <= bytes.length) {
    const end = place + 4 + bytes.readUInt32BE(place);
    if (end > bytes.length) break;
    strings.push(bytes.subarray(place + 4, end));
    place = end;
  }
  return strings;
};

const askIdentities = (socketPath: string): Promise<Buffer> =>
  new Promise((resolve) => {
    const socket = createConnection(socketPath);
    let answer = Buffer.alloc(0);
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(finish, ANSWER_MS);
    socket.on('connect', () => socket.write(REQUEST_IDENTITIES));
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      const isWhole = answer.length >= 4 && answer.length >= 4 + answer.readUInt32BE(0);
      if (isWhole || answer.length > ANSWER_MAX) finish();
    });
    socket.on('error', finish);
    socket.on('close', finish);
  });

/** @returns what the agent calls them; nothing when it does not answer */
export const findAgentCertificates = async (socketPath: string): Promise<readonly string[]> => {
  const answer = await askIdentities(socketPath);
  if (answer.length < HEADER_BYTES || answer[4] !== IDENTITIES_ANSWER) return [];
  const strings = readStrings(answer.subarray(HEADER_BYTES));
  return strings.flatMap((blob, index) => {
    const type = readStrings(blob)[0]?.toString('latin1') ?? '';
    const isKey = index % 2 === 0;
    return isKey && /-cert-v\d+@/.test(type) ? [`${type} ${strings[index + 1]?.toString('utf8') ?? ''}`.trim()] : [];
  });
};
