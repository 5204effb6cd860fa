/** What a doctor sees without reading a log: configuration and environment. */
import type { MailtraceError } from '../errors.js';
import type { Check } from './ports.js';

/** All problems of a configuration that does not load. */
export const faultyConfiguration = ({ message, hint }: MailtraceError): Check => ({
  name: 'configuration',
  host: null,
  status: 'failed',
  text: message,
  remedy: hint === '' ? null : hint,
});

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

export const soundConfiguration = (
  config: Readonly<{ path: string; method: string; hosts: number; clusters: number }>,
): Check => ({
  name: 'configuration',
  host: null,
  status: 'ok',
  text: `${config.path}: method ${config.method}, ${counted(config.hosts, 'host')}, ${counted(config.clusters, 'cluster')}`,
  remedy: null,
});

/** `rules`: how many of `access` are for people. The tokens: whether the environment has them. */
export type SlackFacts = Readonly<{ rules: number; hasBotToken: boolean; hasTransport: boolean }>;

/** What `mailtrace slack` would meet if it started now. */
export const checkAccess = ({ rules, hasBotToken, hasTransport }: SlackFacts): Check => {
  const check = { name: 'access', host: null } as const;
  if (!hasBotToken && !hasTransport) {
    const text = rules === 0 ? 'no rule of access, and no Slack token here' : `${counted(rules, 'rule')} of access`;
    return { ...check, status: 'ok', text, remedy: null };
  }
  if (rules === 0) {
    return {
      ...check,
      status: 'warning',
      text: 'there is no rule of access: nobody may use the bot, and mailtrace slack does not start',
      remedy: 'Add access: [{ who: ["#postmaster"], may: [trace], scope: all }] to the configuration.',
    };
  }
  const missing = hasBotToken ? 'neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET' : 'no SLACK_BOT_TOKEN';
  if (!hasBotToken || !hasTransport) {
    const remedy = 'Set it in the environment of mailtrace slack.';
    return {
      ...check,
      status: 'warning',
      text: `the environment has ${missing}: mailtrace slack does not start`,
      remedy,
    };
  }
  return { ...check, status: 'ok', text: `${counted(rules, 'rule')} of access, and the tokens of Slack`, remedy: null };
};
