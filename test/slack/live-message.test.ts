import { describe, expect, it } from 'vitest';
import { createLiveMessage } from '../../src/slack/live-message.ts';
import type { Reply } from '../../src/slack/replies/blocks.ts';
import { createFakeTime } from './fake-time.ts';

const say = (text: string): Reply => ({ text, blocks: [] });

const setUp = (takesMs = 0, failures: readonly string[] = []) => {
  const time = createFakeTime(0);
  const shown: string[] = [];
  const faults: unknown[] = [];
  const live = createLiveMessage({
    sleep: time.sleep,
    onFault: (error) => faults.push(error),
    update: async ({ text }) => {
      if (takesMs > 0) await time.sleep(takesMs);
      if (failures.includes(text)) throw new Error(`refused ${text}`);
      shown.push(`${time.now()} ${text}`);
    },
  });
  return { time, live, shown, faults };
};

describe('createLiveMessage', () => {
  it('updates at most once a second and skips what is outdated by then', async () => {
    const { time, live, shown } = setUp();
    for (const text of ['1', '2', '3']) live.show(say(text));
    await time.pass(500);
    live.show(say('4'));
    await time.pass(3000);
    expect(shown).toEqual(['0 1', '1050 4']);
  });

  it('slows down in a long trace: four of them at once stay within 50 updates a minute', async () => {
    const { time, live, shown } = setUp();
    for (let second = 0; second < 60; second++) {
      live.show(say(`second ${second}`));
      await time.pass(1000);
    }
    expect(shown.length).toBeLessThanOrEqual(12);
    expect(shown.length).toBeGreaterThanOrEqual(8);
  });

  it('shows the last word last, even when an update is on its way', async () => {
    const { time, live, shown } = setUp(300);
    live.show(say('round 1'));
    await time.pass(100);
    live.show(say('round 2'));
    const finished = live.finish(say('done'));
    live.show(say('too late'));
    await time.pass(5000);
    await finished;
    expect(shown).toEqual(['300 round 1', '600 done']);
  });

  it('does not make the last word wait for the second to pass', async () => {
    const { time, live, shown } = setUp();
    live.show(say('round 1'));
    await time.pass(10);
    const finished = live.finish(say('done'));
    await time.pass(0);
    await finished;
    expect(shown).toEqual(['0 round 1', '10 done']);
  });

  it('goes on after an update that failed', async () => {
    const { time, live, shown, faults } = setUp(0, ['1']);
    live.show(say('1'));
    await time.pass(10);
    live.show(say('2'));
    await time.pass(3000);
    expect(shown).toEqual(['1050 2']);
    expect(faults).toHaveLength(1);
  });

  it('says when the last word failed', async () => {
    const { live } = setUp(0, ['done']);
    await expect(live.finish(say('done'))).rejects.toThrow('refused done');
  });
});
