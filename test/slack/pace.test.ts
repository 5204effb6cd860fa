import { describe, expect, it } from 'vitest';
import { createPacer } from '../../src/slack/pace.ts';
import { createFakeTime } from './fake-time.ts';

const setUp = () => {
  const time = createFakeTime(0);
  const pacer = createPacer({ sleep: time.sleep, gapMs: 1000 });
  const sent: string[] = [];
  const say = (channel: string, what: string, options?: { isFirst: boolean }, takesMs = 0) =>
    pacer.run(
      channel,
      async () => {
        if (takesMs > 0) await time.sleep(takesMs);
        sent.push(`${time.now()} ${what}`);
        return what;
      },
      options,
    );
  return { time, pacer, sent, say };
};

describe('createPacer', () => {
  it('sends one message a second and channel, in order', async () => {
    const { time, sent, say } = setUp();
    void say('C1', 'a');
    void say('C1', 'b');
    void say('C1', 'c');
    await time.pass(5000);
    expect(sent).toEqual(['0 a', '1000 b', '2000 c']);
  });

  it('lets channels go side by side', async () => {
    const { time, sent, say } = setUp();
    void say('C1', 'a');
    void say('C2', 'b');
    await time.pass(0);
    expect(sent).toEqual(['0 a', '0 b']);
  });

  it('counts the second from the end of a slow call', async () => {
    const { time, sent, say } = setUp();
    void say('C1', 'slow', undefined, 3000);
    void say('C1', 'next');
    await time.pass(10_000);
    expect(sent).toEqual(['3000 slow', '4000 next']);
  });

  it('keeps the gap also after a pause', async () => {
    const { time, sent, say } = setUp();
    await say('C1', 'a');
    await time.pass(400);
    void say('C1', 'b');
    await time.pass(5000);
    void say('C1', 'c');
    await time.pass(0);
    expect(sent).toEqual(['0 a', '1000 b', '5400 c']);
  });

  it('lets the first sign of a new answer go before what waits', async () => {
    const { time, sent, say } = setUp();
    for (const what of ['a', 'b', 'c']) void say('C1', what);
    void say('C1', 'first', { isFirst: true });
    await time.pass(5000);
    expect(sent.map((line) => line.split(' ')[1])).toEqual(['a', 'first', 'b', 'c']);
  });

  it('goes on after a failure, which reaches its caller', async () => {
    const { time, pacer, sent, say } = setUp();
    const failing = pacer.run('C1', async () => Promise.reject(new Error('refused')));
    const next = say('C1', 'b');
    await expect(failing).rejects.toThrow('refused');
    await time.pass(5000);
    await expect(next).resolves.toBe('b');
    expect(sent).toEqual(['1000 b']);
  });
});
