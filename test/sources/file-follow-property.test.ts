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
    // The short form tells the same stories each time; the long one (FOLLOW_RUNS) tells new ones.
    const runs = process.env['FOLLOW_RUNS'];
    await fc.assert(story, runs === undefined ? { numRuns: 150, seed: 7 } : { numRuns: Number(runs) });
  }, 600_000);

  it('reads what comes late into a file that was truncated before it was renamed', async () => {
    await runStory(
      [
        { do: 'append', lines: 0, isHalf: true },
        { do: 'truncate' },
        { do: 'rename' },
        { do: 'append', lines: 0, isHalf: true },
        { do: 'poll', max: 1 },
        { do: 'append-old', lines: 1 },
      ],
      open,
    );
  });

  it('does not take a new file for an empty one that is gone and had its inode', async () => {
    await runStory(
      [
        { do: 'rename-and-pack' },
        { do: 'poll', max: 1 },
        { do: 'abandon', max: 1 },
        { do: 'rename' },
        { do: 'append-old', lines: 1 },
        { do: 'append', lines: 1, isHalf: false },
        { do: 'rename' },
      ],
      open,
    );
  });
});
