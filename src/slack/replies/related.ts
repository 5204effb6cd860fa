/** In the thread: a bounce, a notice or a copy that belongs to the message. */
import type { types } from '@slack/bolt';
import type { Relation } from '../../domain/chain.js';
import type { Related } from '../matches.js';
import { bold, own, paragraph, plural, prose, type Reply, reply } from './blocks.js';
import { pathSpans, verdictSpan } from './verdict-words.js';

/** What the other chain is to the one that was traced, by what the traced one says of it. */
const NAMES: Readonly<Record<Relation, string>> = {
  'bounce-of': 'The message that bounced',
  'bounced-by': 'Its bounce',
  'delay-notice-of': 'The message that was delayed',
  'delayed-by': 'Its delay notice',
  'list-copy-of': 'The message to the list',
  'delivery-report-of': 'The message that was reported',
  'reported-by': 'Its delivery report',
};

export const relatedTitle = (relation: Relation): string => NAMES[relation];

export const relatedHead = ({ chain, relation }: Related): readonly types.KnownBlock[] => [
  paragraph(
    [bold(`${relatedTitle(relation)}: `), ...verdictSpan(chain.verdict), own(' — '), prose(chain.summary, 400)],
    pathSpans(chain),
  ),
];

export const moreRelatedReply = (count: number): Reply =>
  reply(
    [`${plural(count, 'more related message')} not shown.`],
    [paragraph([own(`${plural(count, 'more related message')} not shown here; trace one by its queue ID.`)])],
  );
