/**
 * Slack's mrkdwn as a tree: what Slack would format is formatted here, so that text which should have been escaped shows.
 * Pure: text in, nodes out. /messaging/formatting-message-text
 */

const decode = (text) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

const CONTROL = /^<([^<>\n]{1,3000})>/;
const EMOJI = /^:([a-z0-9_+'-]{1,60}):/;
const URL_PIECE = /^https?:\/\/[^\s<>|"]{1,2000}/;
const EMAIL = /^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/;
const SAFE_URL = /^(https?:|mailto:|tel:|slack:)/i;
const WORD = /[\p{L}\p{N}]/u;
const FORMATS = { '*': 'bold', _: 'italic', '~': 'strike' };
/** Deeper nesting than this is shown as text. */
const DEPTH_MAX = 6;

const isWord = (character) => character !== undefined && WORD.test(character);

/** `<…>`: a mention, a date or a link; null when it is none of them. */
const readControl = (inside) => {
  const [target, ...rest] = inside.split('|');
  const label = rest.length > 0 ? decode(rest.join('|')) : null;
  if (target.startsWith('@')) return { type: 'user', id: target.slice(1), label };
  if (target.startsWith('#')) return { type: 'channel', id: target.slice(1), label };
  if (target.startsWith('!subteam^')) return { type: 'group', id: target.slice('!subteam^'.length), label };
  if (target.startsWith('!date^')) return { type: 'date', spec: target.slice('!date^'.length), label };
  if (/^!(here|channel|everyone)$/.test(target)) return { type: 'broadcast', range: target.slice(1) };
  if (target.startsWith('!')) return { type: 'text', text: label ?? `<${decode(target)}>` };
  if (SAFE_URL.test(target)) return { type: 'link', url: decode(target), label: label ?? decode(target) };
  return null;
};

/** Where the format that begins at `from` ends, on the same line; -1 when it does not. */
const findEnd = (text, from, mark) => {
  for (let index = from; index < text.length; index++) {
    const character = text[index];
    if (character === '\n') return -1;
    if (character === '<') {
      const control = CONTROL.exec(text.slice(index));
      if (control) index += control[0].length - 1;
    } else if (character === mark && !/\s/.test(text[index - 1]) && !isWord(text[index + 1]) && index > from)
      return index;
  }
  return -1;
};

/** Code keeps formats as text; links and mentions in it are still links and mentions. */
const readCode = (text) => {
  const nodes = [];
  let plain = '';
  for (let index = 0; index < text.length; index++) {
    const control = text[index] === '<' ? CONTROL.exec(text.slice(index)) : null;
    const node = control && readControl(control[1]);
    if (!node) {
      plain += text[index];
      continue;
    }
    nodes.push({ type: 'text', text: decode(plain) }, node);
    plain = '';
    index += control[0].length - 1;
  }
  nodes.push({ type: 'text', text: decode(plain) });
  return nodes.filter((node) => node.type !== 'text' || node.text !== '');
};

const readers = [
  /** ``` … ``` over several lines. */
  (rest) => {
    const end = rest.startsWith('```') ? rest.indexOf('```', 3) : -1;
    if (end < 4) return null;
    return { length: end + 3, node: { type: 'pre', children: readCode(rest.slice(3, end).replace(/^\n|\n$/g, '')) } };
  },
  (rest) => {
    const code = /^`([^`\n]+)`/.exec(rest);
    return code && { length: code[0].length, node: { type: 'code', children: readCode(code[1]) } };
  },
  (rest) => {
    const control = CONTROL.exec(rest);
    const node = control && readControl(control[1]);
    return node && { length: control[0].length, node };
  },
  (rest) => {
    const name = EMOJI.exec(rest);
    return name && { length: name[0].length, node: { type: 'emoji', name: name[1] } };
  },
];

const readFormat = (text, index, options) => {
  const type = FORMATS[text[index]];
  if (!type || options.depth >= DEPTH_MAX || isWord(text[index - 1]) || /\s/.test(text[index + 1] ?? ' ')) return null;
  const end = findEnd(text, index + 1, text[index]);
  if (end < 0) return null;
  const children = readInline(text.slice(index + 1, end), { ...options, depth: options.depth + 1 });
  return { length: end + 1 - index, node: { type, children } };
};

/** Slack makes links of bare addresses unless the text is `verbatim`. */
const readBare = (text, index) => {
  if (isWord(text[index - 1]) || /[.@/_%+-]/.test(text[index - 1] ?? ' ')) return null;
  const rest = text.slice(index, index + 2100);
  const url = URL_PIECE.exec(rest)?.[0].replace(/[.,;:!?)\]}'*_~]+$/, '');
  if (url) return { length: url.length, node: { type: 'link', url: decode(url), label: decode(url) } };
  const email = EMAIL.exec(rest)?.[0].replace(/[.-]+$/, '');
  return email ? { length: email.length, node: { type: 'link', url: `mailto:${email}`, label: email } } : null;
};

const readInline = (text, options) => {
  const nodes = [];
  let plain = '';
  const flush = () => {
    if (plain !== '') nodes.push({ type: 'text', text: decode(plain) });
    plain = '';
  };
  for (let index = 0; index < text.length; ) {
    const rest = text.slice(index);
    let found = readFormat(text, index, options);
    for (const read of readers) found ??= read(rest);
    if (!found && !options.isVerbatim) found = readBare(text, index);
    if (found) {
      flush();
      nodes.push(found.node);
      index += found.length;
    } else if (text[index] === '\n') {
      flush();
      nodes.push({ type: 'break' });
      index += 1;
    } else plain += text[index++];
  }
  flush();
  return nodes;
};

/** Parts of the text between ``` … ```, which quotes do not reach into. */
const splitPre = (text) => text.split(/(```[\s\S]+?```)/);

const QUOTE = /^(?:>|&gt;) ?/;
const LONG_QUOTE = /^(?:>>>|&gt;&gt;&gt;) ?/;

/** @returns the nodes of a mrkdwn text. `isVerbatim`: bare addresses stay text. */
export const parseMrkdwn = (text, { isVerbatim = false } = {}) => {
  const options = { isVerbatim, depth: 0 };
  const nodes = [];
  for (const part of splitPre(text)) {
    if (part.startsWith('```')) {
      nodes.push(...readInline(part, options));
      continue;
    }
    let lines = [];
    const flush = () => {
      if (lines.length > 0) nodes.push(...readInline(lines.join('\n'), options));
      lines = [];
    };
    const all = part.split('\n');
    for (const [index, line] of all.entries()) {
      if (LONG_QUOTE.test(line)) {
        flush();
        const rest = [line.replace(LONG_QUOTE, ''), ...all.slice(index + 1)].join('\n');
        nodes.push({ type: 'quote', children: readInline(rest, options) });
        return nodes;
      }
      if (QUOTE.test(line)) {
        flush();
        nodes.push({ type: 'quote', children: readInline(line.replace(QUOTE, ''), options) });
      } else lines.push(line);
    }
    flush();
  }
  return nodes;
};

/** @returns the nodes of a plain_text: entities and emoji, no formats. */
export const parsePlain = (text, { hasEmoji = true } = {}) => {
  const nodes = [];
  for (const piece of text.split(/(\n|:[a-z0-9_+'-]{1,60}:)/)) {
    if (piece === '\n') nodes.push({ type: 'break' });
    else if (hasEmoji && EMOJI.test(piece)) nodes.push({ type: 'emoji', name: piece.slice(1, -1) });
    else if (piece !== '') nodes.push({ type: 'text', text: decode(piece) });
  }
  return nodes;
};
