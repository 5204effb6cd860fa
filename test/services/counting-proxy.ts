/** An HTTP proxy on loopback in front of a server, that notes every request which passes. */
import { createServer, request as forward, type IncomingMessage } from 'node:http';

export type SeenRequest = Readonly<{ method: string; path: string; body: string }>;

export type CountingProxy = Readonly<{
  port: number;
  /** What has passed, oldest first. */
  seen: () => readonly SeenRequest[];
  forget: () => void;
  stop: () => Promise<void>;
}>;

const read = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

export const startCountingProxy = (target: number): Promise<CountingProxy> => {
  const seen: SeenRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    void read(incoming).then((body) => {
      seen.push({ method, path: url, body: body.toString('utf8') });
      const sent = forward({ host: '127.0.0.1', port: target, method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      sent.on('error', () => outgoing.destroy());
      sent.end(body);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : 0,
        seen: () => [...seen],
        forget: () => {
          seen.length = 0;
        },
        stop: () =>
          new Promise<void>((stopped) => {
            server.close(() => stopped());
            server.closeAllConnections();
          }),
      });
    });
  });
};

/** Of OpenSearch: all but the question what fields there are, and further pages of an answer. */
export const countSearches = (requests: readonly SeenRequest[]): number =>
  requests.filter(({ path, body }) => !path.includes('/_field_caps') && !body.includes('"search_after"')).length;
