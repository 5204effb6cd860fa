import { describe, expect, it } from 'vitest';
import { createJobs, type Turn } from '../../src/slack/jobs.ts';
import { createFakeTime } from './fake-time.ts';

const setUp = (limits: Partial<Parameters<typeof createJobs>[0]['limits']> = {}) => {
  const time = createFakeTime(0);
  const jobs = createJobs({ limits: { atOnce: 2, perUser: 3, waiting: 2, ...limits }, sleep: time.sleep });
  const events: string[] = [];
  /** Works for so long, or until it is interrupted. */
  const work =
    (name: string, takesMs: number) =>
    async ({ ahead, ready, signal }: Turn) => {
      events.push(`${name} admitted, ${ahead} ahead`);
      await ready;
      if (signal.aborted) return void events.push(`${time.now()} ${name} never began`);
      events.push(`${time.now()} ${name} begins`);
      await time.sleep(takesMs, signal);
      events.push(`${time.now()} ${name} ${signal.aborted ? 'interrupted' : 'done'}`);
    };
  const add = (name: string, { user = name, key = name, takesMs = 1000 } = {}) => {
    const admission = jobs.add({ user, key, run: work(name, takesMs) });
    return admission.kind === 'admitted' ? 'admitted' : admission.why;
  };
  return { time, jobs, events, add };
};

describe('createJobs', () => {
  it('runs a bounded number at once, the others in order', async () => {
    const { time, events, add } = setUp();
    expect(['a', 'b', 'c', 'd'].map((name) => add(name))).toEqual(['admitted', 'admitted', 'admitted', 'admitted']);
    await time.pass(5000);
    expect(events).toEqual([
      'a admitted, 0 ahead',
      'b admitted, 0 ahead',
      'c admitted, 1 ahead',
      'd admitted, 2 ahead',
      '0 a begins',
      '0 b begins',
      '1000 a done',
      '1000 c begins',
      '1000 b done',
      '1000 d begins',
      '2000 c done',
      '2000 d done',
    ]);
  });

  it('refuses what is too much for all, for one person, or the same twice', async () => {
    const { time, add } = setUp();
    expect(add('a', { user: 'U1' })).toBe('admitted');
    expect(add('a2', { user: 'U2', key: 'a' })).toBe('same');
    expect(add('b', { user: 'U1' })).toBe('admitted');
    expect(add('c', { user: 'U1' })).toBe('admitted');
    expect(add('d', { user: 'U1' })).toBe('yours');
    expect(add('e', { user: 'U2' })).toBe('admitted');
    expect(add('f', { user: 'U2' })).toBe('all');
    await time.pass(5000);
    expect(add('g', { user: 'U1' })).toBe('admitted');
  });

  it('lets running work end when it stops, and starts nothing new', async () => {
    const { time, jobs, events, add } = setUp({ atOnce: 1 });
    add('running', { takesMs: 3000 });
    add('waiting');
    await time.pass(100);
    const stopped = jobs.stop({ graceMs: 6000, endMs: 2000 });
    expect(add('late')).toBe('stopping');
    await time.pass(3000);
    await stopped;
    expect(events.slice(-3)).toEqual(['0 running begins', '100 waiting never began', '3000 running done']);
  });

  it('interrupts what takes longer than the grace', async () => {
    const { time, jobs, events, add } = setUp();
    add('slow', { takesMs: 60_000 });
    await time.pass(100);
    const stopped = jobs.stop({ graceMs: 6000, endMs: 2000 });
    await time.pass(8000);
    await stopped;
    expect(events.at(-1)).toBe('6100 slow interrupted');
  });

  it('does not wait for ever for what does not let itself be interrupted', async () => {
    const { time, jobs } = setUp();
    jobs.add({ user: 'U1', key: 'deaf', run: () => time.sleep(600_000) });
    const stopped = jobs.stop({ graceMs: 6000, endMs: 2000 });
    await time.pass(8000);
    await stopped;
    expect(time.now()).toBe(8000);
  });

  it('frees the place of a job that fails', async () => {
    const { time, jobs, add } = setUp({ atOnce: 1, waiting: 0 });
    const admission = jobs.add({ user: 'U1', key: 'x', run: () => Promise.reject(new Error('broken')) });
    if (admission.kind === 'admitted') await expect(admission.done).rejects.toThrow('broken');
    await time.pass(0);
    expect(add('next')).toBe('admitted');
  });
});
