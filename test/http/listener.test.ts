import { afterEach, describe, expect, it } from 'vitest';
import { type Listener, type Readiness, startListener } from '../../src/http/listener.ts';

describe('the listener', () => {
  const listeners: Listener[] = [];
  afterEach(async () => {
    await Promise.all(listeners.splice(0).map((listener) => listener.close()));
  });
  const start = async (readiness: Readiness = { isReady: true, reasons: [] }): Promise<string> => {
    const listener = await startListener({
      host: '127.0.0.1',
      port: 0,
      renderMetrics: () => 'mailtrace_lines_total 7\n',
      readiness: () => readiness,
    });
    listeners.push(listener);
    return `http://127.0.0.1:${listener.port}`;
  };

  it('says that it lives, and gives the metrics', async () => {
    const url = await start();
    expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n');
    const metrics = await fetch(`${url}/metrics?x=1`);
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await metrics.text()).toBe('mailtrace_lines_total 7\n');
  });

  it('is ready or says why not', async () => {
    expect((await fetch(`${await start()}/readyz`)).status).toBe(200);
    const answer = await fetch(`${await start({ isReady: false, reasons: ['mx1 refused the connection'] })}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ ready: false, reasons: ['mx1 refused the connection'] });
  });

  it('knows nothing else, and changes nothing', async () => {
    const url = await start();
    expect((await fetch(`${url}/etc/passwd`)).status).toBe(404);
    const post = await fetch(`${url}/metrics`, { method: 'POST', body: 'x'.repeat(100_000) });
    expect(post.status).toBe(405);
    expect(post.headers.get('allow')).toBe('GET, HEAD');
    const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
    expect([head.status, await head.text(), head.headers.get('content-length')]).toEqual([200, '', '24']);
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(await start()).port);
    const options = {
      host: '127.0.0.1',
      port,
      renderMetrics: () => '',
      readiness: () => ({ isReady: true, reasons: [] }),
    };
    await expect(startListener(options)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
