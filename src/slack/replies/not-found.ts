/** Nothing was found: what was searched, and what to try. Says nothing that an asker's scope keeps from him. */
import type { TraceReport } from '../../domain/chain.js';
import { startText } from '../../render/diagnosis-text.js';
import {
  type Asked,
  faultBlocks,
  faultsOf,
  keywordSpans,
  keywordText,
  windowLine,
  windowText,
} from './answer-context.js';
import { bold, bullets, type Line, own, paragraph, plural, prose, quote, type Reply, reply } from './blocks.js';
import { findingBlocks } from './findings.js';

const SHOWN_HOSTS = 8;

const searchedLine = ({ startHost }: Asked, { sources }: Pick<TraceReport, 'sources'>): Line => {
  const hosts = sources
    .slice(0, SHOWN_HOSTS)
    .flatMap(({ host }, index) => [...(index === 0 ? [] : [own(', ')]), quote(host, 80)]);
  const more = sources.length - SHOWN_HOSTS;
  return [
    bold('Searched: '),
    ...(startHost === null ? [] : [quote(startHost, 80), own(' = ')]),
    own(`${plural(sources.length, 'host')}${sources.length === 0 ? '' : ': '}`),
    ...hosts,
    ...(more > 0 ? [own(` and ${more} more`)] : []),
  ];
};

const ADVICE: readonly Line[] = [
  [
    own('Look further: put a day or a span after the keyword, such as '),
    quote('yesterday'),
    own(' or '),
    quote('yesterday 10am 4h'),
    own('.'),
  ],
  [
    own('Look for less: a domain ('),
    quote('x.example'),
    own('), a queue ID, a client address, or '),
    quote('text:'),
    own(' and part of the raw line.'),
  ],
  [own('An address matches as a whole. The envelope address counts, which may differ from the one in the header.')],
];

export const notFoundReply = (asked: Asked, report: TraceReport): Reply => {
  const faults = faultsOf(report);
  const start = startText(report);
  const sure =
    faults.length === 0
      ? 'All logs were read.'
      : `${plural(faults.length, 'host')} could not be read: the answer may be there.`;
  return reply(
    [
      `Nothing found for ${keywordText(asked)}, ${windowText(asked)}. ${plural(report.sources.length, 'host')} searched. ${sure}`,
    ],
    [
      paragraph(
        [bold('Nothing found'), own(' for '), ...keywordSpans(asked), own(`. ${sure}`)],
        windowLine(asked),
        searchedLine(asked, report),
      ),
      ...faultBlocks(faults),
      ...findingBlocks(report.findings),
      paragraph([bold('What to try')]),
      bullets(start === null ? ADVICE : [[prose(start, 400)], ...ADVICE]),
    ],
  );
};
