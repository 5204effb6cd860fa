import { expect, it } from 'vitest';
import { checkAccess } from '../../src/app/general-checks.ts';

it.each([
  [0, false, false, 'ok', 'no rule of access, and no Slack token here'],
  [2, false, false, 'ok', '2 rules of access'],
  [0, true, true, 'warning', 'there is no rule of access: nobody may use the bot, and mailtrace slack does not start'],
  [
    1,
    true,
    false,
    'warning',
    'the environment has neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET: mailtrace slack does not start',
  ],
  [1, false, true, 'warning', 'the environment has no SLACK_BOT_TOKEN: mailtrace slack does not start'],
  [1, true, true, 'ok', '1 rule of access, and the tokens of Slack'],
] as const)('%d rules, bot token %s, transport %s: %s', (rules, hasBotToken, hasTransport, status, text) => {
  const check = checkAccess({ rules, hasBotToken, hasTransport });
  expect(check).toMatchObject({ name: 'access', host: null, status, text });
  expect(check.remedy === null).toBe(status === 'ok');
});
