/** Keywords → literal texts that every line worth reading holds at least one of. */
import type { Keyword, Network } from '../domain/keyword.js';

/** Same shape as the port's Needle; the port is not known here. */
export type NeedleText = Readonly<{ text: string; ignoreCase: boolean; isWhole: boolean }>;

const needle = (text: string, options: { ignoreCase?: true; isWhole?: true } = {}): NeedleText => ({
  text,
  ignoreCase: options.ignoreCase === true,
  isWhole: options.isWhole === true,
});

const groupsOf = (bytes: readonly number[], count: number): string[] =>
  Array.from({ length: count }, (_, index) => ((bytes[2 * index]! << 8) | bytes[2 * index + 1]!).toString(16));

/** RFC 5952 §4.2: the first longest run of at least two zero groups becomes `::`. */
const ipv6Text = (bytes: readonly number[]): string => {
  const groups = groupsOf(bytes, 8);
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
};

/**
 * The text that every address of the network begins with; null when they have none in common (a prefix under one octet or
 * group): then every line has to be read.
 */
const networkText = ({ bytes, prefix }: Network): NeedleText | null => {
  if (bytes.length === 4) {
    const whole = prefix >> 3;
    if (whole === 4) return needle(bytes.join('.'), { isWhole: true });
    return whole === 0 ? null : needle(`${bytes.slice(0, whole).join('.')}.`);
  }
  if (prefix === 128) return needle(ipv6Text(bytes), { ignoreCase: true });
  const groups = groupsOf(bytes, prefix >> 4);
  // Zero groups may be written as `::`, so only those before the first zero are sure.
  const zero = groups.indexOf('0');
  const sure = zero === -1 ? groups : groups.slice(0, zero);
  return sure.length === 0 ? null : needle(`${sure.join(':')}:`, { ignoreCase: true });
};

/** One text for each message-id and queue ID: they are searched for in one pass. */
export const needlesOfIds = ({
  messageIds,
  queueIds,
}: Readonly<{ messageIds: ReadonlySet<string>; queueIds: ReadonlySet<string> }>): readonly NeedleText[] => [
  ...[...messageIds].map((id) => needle(id)),
  ...[...queueIds].map((id) => needle(id, { isWhole: true })),
];

/** @returns null when no literal text can narrow the search: every line has to be read. */
export const needlesOf = (keyword: Keyword): readonly NeedleText[] | null => {
  switch (keyword.kind) {
    case 'network': {
      const text = networkText(keyword.network);
      return text === null ? null : [text];
    }
    case 'client': {
      const text = keyword.network === null ? needle(keyword.text, { ignoreCase: true }) : networkText(keyword.network);
      return text === null ? null : [text];
    }
    case 'qid':
      return [needle(keyword.text, { isWhole: true })];
    case 'id':
    case 'text':
      return [needle(keyword.text)];
    case 'from':
    case 'to':
      // The null sender stands as `from=<>` (Postfix, Sendmail) or `<= <>` (Exim).
      return keyword.text === ''
        ? [needle('from=<>'), needle('<= <>'), needle('F=<>')]
        : [needle(keyword.text, { ignoreCase: true })];
    case 'address-or-id':
    case 'domain-or-host':
    case 'word':
    case 'sasl':
      return [needle(keyword.text, { ignoreCase: true })];
  }
};
