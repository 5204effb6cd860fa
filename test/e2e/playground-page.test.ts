/** The page in a real browser: typing, watching, opening, pressing, as a person would. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from '@slack/bolt';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SlackDouble, startSlackDouble } from '../../src/playground/playground.ts';
import { startFakeBot } from '../playground/fake-bot.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const COMMAND = '/mailtrace ghost@campus.example yesterday 10am 1h';

const titles = ['Delivered over many hops', 'Deferred, then sent', 'Bounced', 'Rejected', 'List expansion'];
const proposals = titles.map((title) => ({ title, command: COMMAND, note: `What ${title.toLowerCase()} looks like` }));

let browser: TestBrowser;
let slack: SlackDouble;
let bot: App;
let page: Page;
/** What the browser complained about, and requests that left the page's own server. */
const complaints: string[] = [];

beforeAll(async () => {
  browser = await openBrowser(WIDE);
});
afterAll(() => browser.close());

beforeEach(async () => {
  slack = await startSlackDouble({ proposals, shareDelayMs: 20, scanDelayMs: 20 });
  bot = await startFakeBot(slack);
  page = await browser.context.newPage();
  complaints.length = 0;
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(slack.url)) complaints.push(`went to ${request.url()}`);
  });
  return async () => {
    expect(complaints).toEqual([]);
    await page.close();
    await bot.stop();
    await slack.close();
  };
});

const open = async (path = '/'): Promise<void> => {
  await page.goto(`${slack.url}${path}`);
  await page.locator('#status:has-text("Connected")').waitFor();
};

const composer = (): Locator => page.getByRole('textbox', { name: 'Message' });

const type = async (text: string): Promise<void> => {
  await composer().click();
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
};

/** Saves what is seen when PLAYGROUND_SHOTS names a folder; always checks that something was drawn. */
const shoot = async (name: string): Promise<Buffer> => {
  const folder = process.env['PLAYGROUND_SHOTS'];
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const png = await page.screenshot(folder === undefined ? {} : { path: join(folder, `${name}.png`) });
  // Dark text on light ground: both are there.
  const [red] = (await sharp(png).stats()).channels;
  expect([red!.min < 60, red!.max > 240]).toEqual([true, true]);
  return png;
};

const openThread = async (): Promise<void> => {
  await page.getByRole('button', { name: /2 replies/ }).click();
  await page.locator('#thread img').waitFor();
};

describe('the page', () => {
  it('says that all is simulated, and offers five commands that only fill the composer', async () => {
    await open();
    expect(await page.locator('.banner').textContent()).toContain('Simulated fleet, simulated Slack');
    await shoot('welcome');
    await page.locator('.chip', { hasText: 'Bounced' }).click();
    expect(await composer().inputValue()).toBe(COMMAND);
    expect(slack.messages(slack.channel('mail-ops'))).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByText('does not exist on').waitFor();
  });

  it('shows the answer being updated, its thread with table and picture, and enlarges both', async () => {
    await open();
    await type(COMMAND);
    await page.getByText('does not exist on').waitFor();
    expect(await page.locator('.message .text').first().textContent()).toContain('Bounced');
    await openThread();
    const rows = page.locator('#thread tbody tr');
    expect(await rows.count()).toBe(6);
    expect(await rows.last().textContent()).toContain('bounced');
    await shoot('thread');
    await page.getByRole('button', { name: /Enlarge The way of the message: Four machines/ }).click();
    const picture = page.locator('dialog img');
    await picture.waitFor();
    const size = await picture.evaluate((img: HTMLImageElement) => [img.naturalWidth, img.naturalHeight]);
    expect(size).toEqual([640, 200]);
    await page.getByRole('button', { name: 'Full size' }).click();
    expect(await picture.evaluate((img: HTMLImageElement) => img.clientWidth)).toBe(640);
    await shoot('picture');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Open full table' }).click();
    expect(await page.locator('dialog th').count()).toBe(9);
    await shoot('table');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Wider or narrower' }).click();
    await shoot('thread-wide');
  });

  it('shows the picture’s own pixels', async () => {
    await open();
    await type(COMMAND);
    await openThread();
    const url = await page.locator('#thread .picture img').getAttribute('src');
    const response = await page.request.get(`${slack.url}${url}`);
    const { data, info } = await sharp(await response.body())
      .raw()
      .toBuffer({ resolveWithObject: true });
    const at = (100 * info.width + 600) * info.channels;
    expect([...data.subarray(at, at + 3)]).toEqual([255, 0, 0]);
  });

  it('presses buttons: a whisper, and a modal with input that is checked', async () => {
    await open();
    await type(COMMAND);
    await page.getByRole('button', { name: 'Explain 5.1.1' }).click();
    const whisper = page.locator('.message.is-ephemeral');
    await whisper.waitFor();
    expect(await whisper.textContent()).toMatch(/Only visible to you[\s\S]*no such mailbox/);
    await page.getByRole('button', { name: 'Settings' }).click();
    const modal = page.getByRole('dialog', { name: 'Settings' });
    await modal.waitFor();
    await modal.getByRole('button', { name: 'Save' }).click();
    await modal.getByText('Please give a name.').waitFor();
    await modal.locator('input').fill('my rule');
    await modal.locator('select').selectOption('deferred');
    await shoot('modal');
    await modal.getByRole('button', { name: 'Save' }).click();
    await page.getByText('saved my rule as deferred').waitFor();
    expect(await modal.count()).toBe(0);
  });

  it('shows a whisper to the one person only', async () => {
    await open();
    await type('/mailtrace nothing');
    await page.getByText('Only visible to you').waitFor();
    await page.getByLabel('You are').selectOption({ label: 'Bob Baker' });
    await page.locator('.you .note', { hasText: 'America/New_York' }).waitFor();
    expect(await page.getByText('Only visible to you').count()).toBe(0);
    expect(new URL(page.url()).searchParams.get('user')).toBe('U02BOB');
  });

  it('completes commands, by keyboard alone', async () => {
    await open();
    await composer().focus();
    await page.keyboard.type('/ma');
    expect(await page.getByRole('listbox', { name: 'Commands' }).getByRole('option').allTextContents()).toEqual([
      expect.stringContaining('/mailtrace'),
    ]);
    await shoot('completion');
    await page.keyboard.press('Tab');
    expect(await composer().inputValue()).toBe('/mailtrace ');
    expect(await page.locator('#composer .usage').textContent()).toContain('ann@example.org yesterday');
    await page.keyboard.type('nothing');
    await page.keyboard.press('Enter');
    await page.getByText('Only visible to you').waitFor();
    await page.keyboard.press('ArrowUp');
    expect(await composer().inputValue()).toBe('/mailtrace nothing');
  });

  it('refuses commands in threads and unknown commands, as Slack does', async () => {
    await open();
    await type(COMMAND);
    await openThread();
    await page.getByRole('textbox', { name: 'Reply…' }).click();
    await page.keyboard.type('/mailtrace x');
    await page.keyboard.press('Enter');
    await page.getByText('not supported in threads').waitFor();
    await type('/nonsense');
    await page.getByText('is not a valid command').waitFor();
  });

  it('brings the bot into a channel by invitation', async () => {
    await open();
    await page.getByRole('button', { name: 'random' }).click();
    await page.getByText('brings it in').waitFor();
    await type('/invite @mailtrace');
    await page.getByText('joined the channel').waitFor();
    await type(COMMAND);
    await page.getByText('does not exist on').waitFor();
  });

  it('updates other people’s pages', async () => {
    await open();
    const other = await browser.context.newPage();
    await other.goto(`${slack.url}/?user=U02BOB`);
    await type(COMMAND);
    await other.getByText('does not exist on').waitFor();
    await slack.person('alice').say(slack.channel('mail-ops'), 'have a look, @bob');
    await other.locator('.mention', { hasText: '@bob' }).waitFor();
    await other.close();
    await page.locator('.mention', { hasText: '@bob' }).waitFor();
  });

  it('says when the app is away', async () => {
    await open();
    await bot.stop();
    await page.locator('#status', { hasText: 'Starting' }).waitFor();
  });

  it('fits a phone', async () => {
    await page.setViewportSize(PHONE);
    await open();
    await shoot('phone-welcome');
    await page.getByRole('button', { name: 'Channels and people' }).click();
    await page.getByRole('button', { name: 'general' }).waitFor();
    await shoot('phone-sidebar');
    await page.getByRole('button', { name: 'mail-ops' }).click();
    await type(COMMAND);
    await page.getByText('does not exist on').waitFor();
    await shoot('phone-answer');
    await openThread();
    await shoot('phone-thread');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(PHONE.width);
  });
});

describe('text in messages', () => {
  /** The HTML of the newest message's text. */
  const shown = async (text: string): Promise<string> => {
    await open();
    await type(`/mailtrace raw ${text}`);
    const last = page.locator('.message .text').last();
    await last.waitFor();
    return last.innerHTML();
  };

  it.each([
    ['an unescaped mention', 'x <!channel> <@U02BOB> <#C01GENERAL>', ['is-broadcast', '@bob', '#general']],
    ['an unescaped link', 'x <https://evil.example|your bank>', ['href="https://evil.example"', '>your bank</a>']],
    ['formats', '*bold* _it_ ~gone~ `code`', ['<b>bold</b>', '<i>it</i>', '<s>gone</s>', '<code>code</code>']],
    ['a bare address', 'mail ann@x.example now', ['href="mailto:ann@x.example"']],
  ])('shows %s as Slack would', async (_name, text, pieces) => {
    const html = await shown(text);
    for (const piece of pieces) expect(html).toContain(piece);
  });

  it.each([
    ['escaped controls', '&lt;!channel&gt; &amp;amp;', '&lt;!channel&gt; &amp;amp;'],
    ['markup', '<b>x</b><img src=x onerror=alert(1)>', '&lt;b&gt;x&lt;/b&gt;&lt;img src=x onerror=alert(1)&gt;'],
    ['a script address', '<javascript:alert(1)|click>', '&lt;javascript:alert(1)|click&gt;'],
    ['formats inside words', 'a*b*c snake_case_name 2*3*4', 'a*b*c snake_case_name 2*3*4'],
  ])('leaves %s as text', async (_name, text, html) => {
    expect(await shown(text)).toBe(html);
  });
});
