/** The picture of a chain as a file: its name, and its path in words for those who do not see it. */
import type { Chain } from '../../domain/chain.js';
import { gapText } from '../../render/rows.js';
import { plural } from './blocks.js';
import { neutralise } from './log-text.js';
import { addressees, senderText } from './verdict-words.js';

/** `alt_txt_too_large` beyond 1,000. */
const ALT_MAX = 1000;
const SHOWN_HOPS = 8;

const NAME_MAX = 60;

/** The queue ID as logged, without what file systems dislike. */
export const fileName = ({ transactions }: Pick<Chain, 'transactions'>, suffix: string): string => {
  const id = (transactions[0]?.queueId ?? 'message').replace(/[^A-Za-z0-9._-]/g, '_').slice(0, NAME_MAX);
  return `mailtrace-${id}.${suffix}`;
};

const hopSentences = ({ hops }: Chain): readonly string[] => {
  const sentences = hops.slice(0, SHOWN_HOPS).map(({ from, to, gap }) => {
    const target = to.queueId === null ? to.host : `${to.host} as ${to.queueId}`;
    return `${from.host} handed ${from.queueId} to ${target}${gap === null ? '' : ` (${gapText(gap)})`}.`;
  });
  const more = hops.length - SHOWN_HOPS;
  return more > 0 ? [...sentences, `${plural(more, 'more hop')}.`] : sentences;
};

/** @example Path of the mail from a@x.example to b@y.example. Verdict: delivered. … */
export const altText = (chain: Chain): string => {
  const [first, ...rest] = addressees(chain);
  const to =
    first === undefined ? 'an unknown recipient' : `${first}${rest.length > 0 ? ` and ${rest.length} more` : ''}`;
  const start = chain.transactions[0];
  const alone =
    chain.hops.length === 0 && start !== undefined ? [`It stayed on ${start.host} as ${start.queueId}.`] : [];
  const sentences = [
    `Path of the mail from ${senderText(chain)} to ${to}.`,
    `Verdict: ${chain.verdict}. ${chain.summary}`,
    ...hopSentences(chain),
    ...alone,
  ];
  return neutralise(sentences.join(' '), ALT_MAX);
};
