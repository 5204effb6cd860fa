/** Bolt's and the SDK's own messages in our log. Their debug messages hold whole payloads, so they are dropped. */
import { type Logger, LogLevel } from '@slack/bolt';
import type { Log } from '../app/ports.js';

const textOf = (parts: readonly unknown[]): string =>
  parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' ');

export const createBoltLog = (log: Log): Logger => {
  let level = LogLevel.INFO;
  return {
    debug: () => {},
    info: (...parts: unknown[]) => log.debug({}, textOf(parts)),
    warn: (...parts: unknown[]) => log.warn({}, textOf(parts)),
    error: (...parts: unknown[]) => log.error({}, textOf(parts)),
    setLevel: (next) => {
      level = next;
    },
    getLevel: () => level,
    setName: () => {},
  };
};
