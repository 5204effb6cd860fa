/** A TCP proxy on loopback that delays, counts, cuts and freezes what passes. */
import { connect, createServer, type Socket } from 'node:net';

export type TcpProxy = Readonly<{
  port: number;
  connections: () => number;
  /** Ends every connection. */
  cut: () => void;
  /** Ends a connection when it has received so many bytes from the server; null: never. Counts from now on. */
  cutAfter: (bytes: number | null) => void;
  /** Lets nothing more through, and ends nothing. */
  freeze: (isFrozen: boolean) => void;
  /** Does so when so many bytes of the server have passed. */
  freezeAfter: (bytes: number) => void;
  /** Bytes of the server that have passed. */
  passed: () => number;
  stop: () => Promise<void>;
}>;

/**
 * `bytesPerS`: of what the server says; 0 = as fast as it can. `port`: where it listens; 0 = any free one. One that was stopped
 * can be started again where it was.
 */
export const startTcpProxy = (target: number, { delayMs = 0, bytesPerS = 0, port = 0 } = {}): Promise<TcpProxy> => {
  const pairs = new Set<readonly [Socket, Socket]>();
  let [connections, isFrozen, passed] = [0, false, 0];
  let limit: number | null = null;
  let frozenFrom = Number.POSITIVE_INFINITY;
  const isWithinLimit = ({ length }: Buffer): boolean => {
    passed += length;
    if (passed >= frozenFrom) isFrozen = true;
    return limit === null || passed <= limit;
  };
  const slowDown = (from: Socket, { length }: Buffer): void => {
    if (bytesPerS === 0) return;
    from.pause();
    setTimeout(() => from.resume(), (length / bytesPerS) * 1000);
  };
  const forward = (from: Socket, to: Socket, isAnswer: boolean): void => {
    from.on('data', (chunk: Buffer) => {
      if (isFrozen) return;
      if (isAnswer && !isWithinLimit(chunk)) {
        from.destroy();
        to.destroy();
        return;
      }
      if (isAnswer) slowDown(from, chunk);
      if (delayMs === 0) to.write(chunk);
      else setTimeout(() => to.write(chunk), delayMs);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  };
  const server = createServer({ noDelay: true }, (client) => {
    connections++;
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true });
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.on('close', () => pairs.delete(pair));
    forward(client, upstream, false);
    forward(upstream, client, true);
  });
  const cut = (): void => {
    for (const [client, upstream] of pairs) {
      client.destroy();
      upstream.destroy();
    }
  };
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : 0,
        connections: () => connections,
        cut,
        cutAfter: (bytes) => {
          limit = bytes;
          passed = 0;
        },
        freeze: (wanted) => {
          isFrozen = wanted;
        },
        freezeAfter: (bytes) => {
          frozenFrom = bytes;
          if (passed >= bytes) isFrozen = true;
        },
        passed: () => passed,
        stop: () =>
          new Promise<void>((stopped) => {
            cut();
            server.close(() => stopped());
          }),
      });
    });
  });
};
