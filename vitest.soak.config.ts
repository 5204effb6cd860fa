import { defineConfig } from 'vitest/config';

/** `npm run soak`: every scenario over every real source. Long; `npm test` has the short forms. */
export default defineConfig({
  test: {
    env: { TZ: 'UTC' },
    include: ['test/soak/**/*.test.ts'],
    globalSetup: 'test/services/setup.ts',
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
