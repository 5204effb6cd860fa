/** What a newcomer does with alerts: subscribe, break the relay, see an incident open, grow and close; started by `npm start`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBrowser, type TestBrowser } from '../support/browser.ts';

const PATIENCE_MS = 120_000;

let playground: ChildProcess;
let browser: TestBrowser;
let page: Page;

/** What it prints until it names its address. */
const readAddress = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let printed = '';
    child.once('exit', (code) => reject(new Error(`It ended with ${code}: ${printed}`)));
    child.stdout?.on('data', (chunk) => {
      printed += String(chunk);
      const [address] = /http:\/\/[\w.]+:\d+/.exec(printed) ?? [];
      if (address !== undefined) resolve(address);
    });
  });

beforeAll(async () => {
  playground = spawn(process.execPath, ['dist/bin/start.js'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [address, opened] = await Promise.all([readAddress(playground), openBrowser({ width: 1280, height: 900 })]);
  browser = opened;
  page = await browser.context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(address);
  await page.locator('#status:has-text("Connected")').waitFor();
}, PATIENCE_MS);

afterAll(async () => {
  await browser.close();
  const ended = once(playground, 'exit');
  playground.kill('SIGTERM');
  await ended;
});

const message = (text: string): Locator => page.locator(`#messages :text("${text}")`).first();

it(
  'shows an incident that opens, grows and closes',
  async () => {
    await page.getByRole('textbox', { name: 'Message' }).click();
    await page.keyboard.type('/mailtrace subscribe bounced deferred expired');
    await page.keyboard.press('Enter');
    await page.getByText('This channel now watches').waitFor();
    await page.getByRole('switch', { name: 'Break the relay' }).check();
    await page.getByRole('button', { name: 'Send mail' }).click();
    await message('1 deferred').waitFor();
    // It is tried again.
    await message('2 deferred').waitFor();
    await page.getByRole('switch', { name: 'Break the relay' }).uncheck();
    await page.getByText('1 sent, 0 underway').waitFor();
    await page.getByRole('button', { name: 'Let 16 min pass' }).click();
    await message('closed at').waitFor();
    expect(await page.getByRole('button', { name: 'Trace the newest' }).count()).toBe(1);
    expect(await page.locator('#messages button:has-text("Acknowledge")').count()).toBe(0);
  },
  2 * PATIENCE_MS,
);
