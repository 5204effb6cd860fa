/** A small bot that answers `/mailtrace` with everything a trace shows: for tests of the page, not of the real bot. */
import { App, LogLevel } from '@slack/bolt';
import sharp from 'sharp';
import type { SlackDouble } from '../../src/playground/playground.ts';

const HEADER = ['Hop', 'Host', 'Queue ID', 'Recipient', 'Status', 'DSN', 'Reply', 'Delay', 'Relay'];
const HOSTS = ['mx2', 'lists1', 'gw', 'gw', 'lists1', 'mailbox1'];

const cell = (text: string) => ({ type: 'raw_text' as const, text });

/** A table as wide and long as that of a trace over six hops. */
const hopTable = {
  type: 'table' as const,
  column_settings: HEADER.map((name) =>
    name === 'Delay' ? { align: 'right' as const } : { is_wrapped: name === 'Relay' },
  ),
  rows: [
    HEADER.map(cell),
    ...HOSTS.map((host, index) => [
      cell(String(index + 1)),
      cell(`${host}.campus.example`),
      cell(`4jWkGS2Rb1znl3${index}`),
      cell('ghost@campus.example'),
      cell(index === 5 ? 'bounced' : 'sent'),
      cell(index === 5 ? '5.1.1' : '2.0.0'),
      cell(index === 5 ? '550' : '250'),
      cell(`${0.1 * (index + 1)} s`.slice(0, 5)),
      cell(`${HOSTS[index + 1] ?? 'mailbox1'}.campus.example:25`),
    ]),
  ],
};

/** 640 × 200, with a red dot at (600, 100) to find again. */
const graphPng = (): Promise<Buffer> => {
  const boxes = ['mx2', 'lists1', 'gw', 'mailbox1'].map(
    (name, index) =>
      `<rect x="${20 + index * 150}" y="70" width="110" height="60" rx="8" fill="#eff6fb" stroke="#1264a3"/>
       <text x="${75 + index * 150}" y="106" font-size="16" text-anchor="middle" font-family="DejaVu Sans">${name}</text>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="200">
    <rect width="640" height="200" fill="#fff"/>${boxes.join('')}<circle cx="600" cy="100" r="8" fill="#ff0000"/></svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
};

const answer = (query: string) => [
  {
    type: 'section' as const,
    text: {
      type: 'mrkdwn' as const,
      text: `:x: *Bounced* — \`${query}\` does not exist on mailbox1.campus.example`,
    },
  },
  {
    type: 'section' as const,
    fields: [
      { type: 'mrkdwn' as const, text: '*From*\n cat@sender.example' },
      { type: 'mrkdwn' as const, text: '*To*\n ghost@campus.example' },
    ],
  },
  {
    type: 'context' as const,
    elements: [{ type: 'mrkdwn' as const, text: '2026-11-20 09:00 – 11:00 Europe/Berlin' }],
  },
  {
    type: 'actions' as const,
    elements: [
      {
        type: 'button' as const,
        action_id: 'explain',
        style: 'primary' as const,
        text: { type: 'plain_text' as const, text: 'Explain 5.1.1' },
        value: '5.1.1',
      },
      { type: 'button' as const, action_id: 'settings', text: { type: 'plain_text' as const, text: 'Settings' } },
    ],
  },
];

const settingsView = {
  type: 'modal' as const,
  callback_id: 'settings',
  title: { type: 'plain_text' as const, text: 'Settings' },
  submit: { type: 'plain_text' as const, text: 'Save' },
  blocks: [
    {
      type: 'input' as const,
      block_id: 'name',
      label: { type: 'plain_text' as const, text: 'Name' },
      element: { type: 'plain_text_input' as const, action_id: 'text' },
    },
    {
      type: 'input' as const,
      block_id: 'kind',
      label: { type: 'plain_text' as const, text: 'Kind' },
      element: {
        type: 'static_select' as const,
        action_id: 'select',
        options: ['bounced', 'deferred'].map((value) => ({
          text: { type: 'plain_text' as const, text: value },
          value,
        })),
      },
    },
  ],
};

/** Starts the bot. What is said through the modal is posted in the channel. */
export const startFakeBot = async (slack: SlackDouble): Promise<App> => {
  const app = new App({
    token: slack.botToken,
    appToken: slack.appToken,
    socketMode: true,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: slack.apiUrl },
  });
  const png = await graphPng();
  app.command('/mailtrace', async ({ ack, command, client }) => {
    await ack();
    const { channel_id: channel, user_id: user, text } = command;
    if (text === 'nothing') {
      await client.chat.postEphemeral({ channel, user, text: 'Nothing found for `nothing`.' });
      return;
    }
    if (text.startsWith('raw ')) {
      await client.chat.postMessage({ channel, text: text.slice(4) });
      return;
    }
    const { ts } = await client.chat.postMessage({ channel, text: ':hourglass_flowing_sand: Looking in 10 logs…' });
    await client.chat.update({ channel, ts: ts!, text: `Bounced: ${text}`, blocks: answer(text.split(' ')[0]!) });
    await client.chat.postMessage({ channel, thread_ts: ts!, text: 'The hops', blocks: [hopTable] });
    await client.files.uploadV2({
      channel_id: channel,
      thread_ts: ts!,
      file: png,
      filename: 'graph.png',
      title: 'The way of the message',
      alt_text: 'Four machines in a row',
    });
  });
  app.action('explain', async ({ ack, respond }) => {
    await ack();
    await respond({ text: '*5.1.1* — no such mailbox', replace_original: false });
  });
  app.action('settings', async ({ ack, body, client }) => {
    await ack();
    if ('trigger_id' in body) await client.views.open({ trigger_id: body.trigger_id, view: settingsView });
  });
  app.view('settings', async ({ ack, view, client }) => {
    const name = view.state.values['name']?.['text']?.value;
    const kind = view.state.values['kind']?.['select']?.selected_option?.value;
    if (!name) {
      await ack({ response_action: 'errors', errors: { name: 'Please give a name.' } });
      return;
    }
    await ack();
    await client.chat.postMessage({ channel: slack.channel('mail-ops'), text: `saved ${name} as ${kind}` });
  });
  await app.start();
  return app;
};
