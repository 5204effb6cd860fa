/** The page's side of the server: its files, what it is told (server-sent events), and what its user does. */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { ImpossibleAct, type Input } from './controls.js';
import type { Core } from './core.js';
import { isObject, type JsonObject, parseJson, textOf } from './json.js';
import { type FeedDeps, PageFeeds } from './page-feed.js';
import { mayLoadFile, type PageFleet, type PageOptions } from './page-view.js';
import type { Person } from './people.js';
import { mimeTypeOf } from './wire-format.js';
import type { PlaygroundUser } from './world.js';

export type PageServer = Readonly<{
  /** @returns false when the path is not the page's. */
  handle: (request: IncomingMessage, url: URL, body: Buffer, response: ServerResponse) => Promise<boolean>;
  close: () => void;
}>;

type Deps = FeedDeps & Readonly<{ person: (id: string) => Person }>;

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing from elsewhere, nothing inline; pictures from here only. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ASSET = /^\/page\/([a-z-]{1,40}\.(?:css|js|svg))$/;
const FILE = /^\/page\/files\/([A-Z0-9]{1,20})$/;

const sendJson = (response: ServerResponse, status: number, value: object): void => {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
};

const sendAsset = async (response: ServerResponse, name: string): Promise<void> => {
  try {
    const bytes = await readFile(new URL(`./page/${name}`, import.meta.url));
    response.writeHead(200, {
      'content-type': contentTypes[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': PAGE_POLICY,
      'cache-control': 'no-cache',
    });
    response.end(bytes);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOENT') throw error;
    sendJson(response, 404, { error: 'not_found' });
  }
};

const findUser = (core: Core, url: URL): PlaygroundUser | undefined =>
  core.workspace.users.get(url.searchParams.get('user') ?? core.workspace.world.users[0]?.id ?? '');

const sendFile = (core: Core, id: string, url: URL, response: ServerResponse): void => {
  const file = core.workspace.files.get(id);
  const user = findUser(core, url);
  if (file?.bytes == null || user === undefined || !mayLoadFile(core, file, user.id)) {
    sendJson(response, 404, { error: 'not_found' });
    return;
  }
  const type = mimeTypeOf(file);
  // Only pictures are shown in place; an SVG could carry a script.
  const isShown = type === 'image/png' && !url.searchParams.has('download');
  const name = file.name.replaceAll(/[^\w.-]/g, '_');
  response.writeHead(200, {
    'content-type': type,
    'content-security-policy': "default-src 'none'; sandbox",
    'content-disposition': `${isShown ? 'inline' : 'attachment'}; filename="${name}"`,
    'cache-control': 'private, max-age=3600',
  });
  response.end(file.bytes);
};

const readInput = (value: unknown): Input => {
  if (!isObject(value)) return {};
  const options = Array.isArray(value['options']) ? (value['options'] as readonly unknown[]).map(String) : undefined;
  return {
    ...(typeof value['value'] === 'string' || value['value'] === null ? { value: value['value'] } : {}),
    ...(options === undefined ? {} : { options }),
  };
};

const readInputs = (value: unknown): Readonly<Record<string, Input>> =>
  isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, input]) => [key, readInput(input)])) : {};

/** Of one click. */
const MAILS_MAX = 50;
const MINUTES_MAX = 60;

const fleetOf = ({ fleet }: PageOptions): PageFleet => {
  if (fleet === null) throw new ImpossibleAct('There is no fleet here to send mail through.');
  return fleet;
};

/** Does what the page's user did. @returns what the page needs to know of it. */
const perform = async (person: Person, options: PageOptions, act: JsonObject): Promise<object> => {
  const channelId = textOf(act['channelId']);
  const ts = textOf(act['ts']);
  const blockId = textOf(act['blockId']);
  const acted = {
    actionId: textOf(act['actionId']),
    ...(blockId === '' ? {} : { blockId }),
    input: readInput(act['input']),
  };
  switch (act['kind']) {
    case 'command':
      return { delivery: await person.command(channelId, textOf(act['text'])) };
    case 'say': {
      const threadTs = textOf(act['threadTs']);
      await person.say(channelId, textOf(act['text']), threadTs === '' ? null : threadTs);
      return {};
    }
    case 'click':
      return { delivery: await person.click({ channelId, ts }, acted) };
    case 'click-in-view':
      return { delivery: await person.clickInView(textOf(act['viewId']), acted) };
    case 'submit':
      return person.submit(textOf(act['viewId']), readInputs(act['inputs']));
    case 'close-view':
      await person.closeView(textOf(act['viewId']));
      return {};
    case 'send-mail':
      return { taken: fleetOf(options).send(Math.min(Number(act['count']) || 1, MAILS_MAX)) };
    case 'break-relay':
      fleetOf(options).setRelayBroken(act['isBroken'] === true);
      return {};
    case 'pass-time':
      fleetOf(options).passTime(Math.min(Math.max(Number(act['minutes']) || 1, 1), MINUTES_MAX) * 60_000);
      return {};
    case 'open-home':
      return {
        delivery: await person.event({ type: 'app_home_opened', channel: person.directChannel(), tab: 'home' }),
      };
    default:
      throw new ImpossibleAct('There is no such act.');
  }
};

const act = async (
  { person, core, options }: Deps,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<void> => {
  // A form of another site can post text, but no JSON without a preflight, which nobody answers here.
  if (request.headers['content-type'] !== 'application/json') {
    sendJson(response, 415, { error: 'Send JSON.' });
    return;
  }
  const value = parseJson(body.toString());
  const user = isObject(value) ? core.workspace.users.get(textOf(value['userId'])) : undefined;
  if (!isObject(value) || user === undefined) {
    sendJson(response, 400, { error: 'Say who acts: userId.' });
    return;
  }
  try {
    sendJson(response, 200, await perform(person(user.id), options, value));
  } catch (error) {
    if (!(error instanceof ImpossibleAct)) throw error;
    sendJson(response, 409, { error: error.message });
  }
};

/** @returns false when the path is not the page's. */
const get = async (deps: Deps, feeds: PageFeeds, url: URL, response: ServerResponse): Promise<boolean> => {
  const asset = ASSET.exec(url.pathname)?.[1];
  const fileId = FILE.exec(url.pathname)?.[1];
  if (asset !== undefined) await sendAsset(response, asset);
  else if (fileId !== undefined) sendFile(deps.core, fileId, url, response);
  else if (url.pathname === '/page/feed') {
    const user = findUser(deps.core, url);
    if (user === undefined) sendJson(response, 404, { error: 'not_found' });
    else feeds.open(user, response);
  } else if (url.pathname === '/' || url.pathname.startsWith('/archives/')) await sendAsset(response, 'index.html');
  else return false;
  return true;
};

export const openPageServer = (deps: Deps): PageServer => {
  const feeds = new PageFeeds(deps);
  const handle: PageServer['handle'] = async (request, url, body, response) => {
    if (request.method === 'GET') return get(deps, feeds, url, response);
    if (request.method !== 'POST' || url.pathname !== '/page/act') return false;
    await act(deps, request, body, response);
    return true;
  };
  return { handle, close: () => feeds.close() };
};
