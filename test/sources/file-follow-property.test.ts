/** Whatever rotation does between two polls: no line is lost, and none comes twice but after an abandoned poll. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { hostName } from '../../src/domain/ids.ts';
import { openFiles } from '../../src/sources/files.ts';
import { type OpenLog, runStory, step } from './follow-story.ts';

const open: OpenLog = async (path) =>
  openFiles({
    hosts: [{ host: hostName('mx1'), logFiles: [path], timeZone: null }],
    timeZone: 'UTC',
    canonical: hostName,
  });

describe('a followed file', () => {
  it('loses no line and doubles none, whatever happens to it', async () => {
    const story = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => runStory(steps, open));
    await fc.assert(story, { numRuns: Number(process.env['FOLLOW_RUNS'] ?? 150) });
  }, 600_000);
});
