/** What an answer puts into its thread: tables, picture, notices, refusals. One failed part does not take the others along. */
import type { GraphImager, Log } from '../app/ports.js';
import type { Chain, TraceReport } from '../domain/chain.js';
import { MailtraceError } from '../errors.js';
import { renderChainDot } from '../render/dot.js';
import type { Match } from './matches.js';
import { findingBlocks } from './replies/findings.js';
import { hopCsv } from './replies/hop-csv.js';
import { altText, fileName } from './replies/picture.js';
import { furtherRejectsReply } from './replies/rejects.js';
import { moreRelatedReply, relatedHead, relatedTitle } from './replies/related.js';
import { tableReplies } from './replies/table.js';
import type { Place, Sender } from './send.js';

export type ThreadDeps = Readonly<{
  sender: Pick<Sender, 'post' | 'upload'>;
  imager: Pick<GraphImager, 'toPng'>;
  /** Cluster name → canonical host names, for the picture. */
  clusters: Readonly<Record<string, readonly string[]>>;
  log: Log;
}>;

export type Details = Readonly<{ match: Match; report: TraceReport; timeZone: string }>;

const SHOWN_RELATED = 3;

type Drawn = Readonly<{ kind: 'png'; bytes: Uint8Array }> | Readonly<{ kind: 'failed'; error: unknown }>;

const draw = async ({ imager, clusters }: ThreadDeps, chain: Chain, timeZone: string): Promise<Drawn> => {
  try {
    return { kind: 'png', bytes: await imager.toPng(renderChainDot(chain, { clusters, timeZone, isPicture: true })) };
  } catch (error) {
    return { kind: 'failed', error };
  }
};

const postTables = async ({ sender }: ThreadDeps, place: Place, chain: Chain): Promise<void> => {
  const { replies, leftOut } = tableReplies(chain, {
    title: 'Hops',
    rest: 'attached',
    before: findingBlocks(chain.findings),
  });
  for (const reply of replies) await sender.post(place, reply);
  if (leftOut === 0) return;
  const bytes = new TextEncoder().encode(hopCsv(chain));
  await sender.upload(place, {
    name: fileName(chain, 'csv'),
    title: 'All rows of the hop table',
    bytes,
    altText: null,
  });
};

const postPicture = async (
  { sender }: ThreadDeps,
  place: Place,
  chain: Chain,
  drawing: Promise<Drawn>,
): Promise<void> => {
  const drawn = await drawing;
  if (drawn.kind === 'failed') throw drawn.error;
  const title = 'Path of the message';
  await sender.upload(place, { name: fileName(chain, 'png'), title, bytes: drawn.bytes, altText: altText(chain) });
};

const postRelated = async ({ sender }: ThreadDeps, place: Place, { related }: Match): Promise<void> => {
  for (const item of related.slice(0, SHOWN_RELATED)) {
    const options = {
      title: relatedTitle(item.relation),
      rest: 'counted',
      before: relatedHead(item),
      maxTables: 1,
    } as const;
    for (const reply of tableReplies(item.chain, options).replies) await sender.post(place, reply);
  }
  const more = related.length - SHOWN_RELATED;
  if (more > 0) await sender.post(place, moreRelatedReply(more));
};

/**
 * Posts the parts one after the other, until `signal` is aborted.
 * @returns what is missing and why, in words for the channel message; `[]` when all is there
 */
export const postDetails = async (
  deps: ThreadDeps,
  place: Place,
  { match, report, timeZone }: Details,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const { chain } = match;
  const drawing = draw(deps, chain, timeZone);
  const parts: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['table', () => postTables(deps, place, chain)],
    ['picture', () => postPicture(deps, place, chain, drawing)],
    ['related messages', () => postRelated(deps, place, match)],
    [
      'refusals',
      async () => {
        if (report.rejects.length > 0) await deps.sender.post(place, furtherRejectsReply(report, timeZone));
      },
    ],
  ];
  const missing: string[] = [];
  for (const [name, post] of parts) {
    if (signal.aborted) break;
    try {
      await post();
    } catch (error) {
      if (!(error instanceof MailtraceError)) throw error;
      deps.log.warn({ part: name, error: error.message, hint: error.hint }, 'part of an answer could not be sent');
      missing.push(`The ${name} could not be sent: ${error.message} ${error.hint}`);
    }
  }
  return missing;
};
