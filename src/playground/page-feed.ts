/** Tells every open page what changes, as server-sent events. */
import type { ServerResponse } from 'node:http';
import type { Core } from './core.js';
import { type PageOptions, pageChange, pageSnapshot } from './page-view.js';
import type { PlaygroundUser } from './world.js';

export type FeedDeps = Readonly<{ core: Core; options: PageOptions; isAppConnected: () => boolean }>;

/** A tab each is plenty. */
const FEEDS_MAX = 50;
const FEED_PULSE_MS = 20_000;

export class PageFeeds {
  readonly #deps: FeedDeps;
  readonly #open = new Map<ServerResponse, string>();
  readonly #pulse: NodeJS.Timeout;
  readonly #stop: () => void;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
    this.#pulse = setInterval(() => {
      for (const response of this.#open.keys()) response.write(': pulse\n\n');
    }, FEED_PULSE_MS);
    this.#pulse.unref();
    this.#stop = deps.core.workspace.onChange((change) => {
      for (const [response, userId] of this.#open) {
        const told = pageChange(deps.core, change, userId);
        if (told !== null) response.write(`data: ${JSON.stringify(told)}\n\n`);
      }
    });
  }

  open(user: PlaygroundUser, response: ServerResponse): void {
    const { core, options, isAppConnected } = this.#deps;
    const oldest = this.#open.keys().next().value;
    if (this.#open.size >= FEEDS_MAX && oldest !== undefined) oldest.end();
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(`data: ${JSON.stringify(pageSnapshot(core, options, user, isAppConnected()))}\n\n`);
    this.#open.set(response, user.id);
    response.on('close', () => this.#open.delete(response));
  }

  close(): void {
    clearInterval(this.#pulse);
    this.#stop();
    for (const response of this.#open.keys()) response.end();
  }
}
