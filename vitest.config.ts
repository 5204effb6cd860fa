import { defineConfig } from 'vitest/config';

/** Tests that need a real server, a browser or the packed tarball: minutes, not milliseconds. */
const servicesBacked = ['test/e2e/**/*.test.ts', 'test/**/*-real.test.ts', 'test/package.test.ts'];

export default defineConfig({
  test: {
    env: { TZ: 'UTC' },
    // Most tests take milliseconds; on a busy machine the slowest must not fail for its slowness.
    testTimeout: 30_000,
    // Of two cores vitest would use one; of many, more than the servers beside the tests leave.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...servicesBacked, 'test/soak/**', 'test/fixtures/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: servicesBacked,
          globalSetup: 'test/services/setup.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
