/** Text nodes of mrkdwn and rich text as elements. */
import { h } from './dom.js';
import { emoji, withEmoji } from './icons.js';
import { parseMrkdwn, parsePlain } from './mrkdwn.js';

/** Slack's `<!date^…>` formats, in the reader's zone. */
const dateParts = {
  date_num: { year: 'numeric', month: '2-digit', day: '2-digit' },
  date: { year: 'numeric', month: 'long', day: 'numeric' },
  date_short: { year: 'numeric', month: 'short', day: 'numeric' },
  date_long: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
  time: { hour: 'numeric', minute: '2-digit' },
  time_secs: { hour: 'numeric', minute: '2-digit', second: '2-digit' },
};

const renderDate = (spec, fallback, timeZone) => {
  const [seconds, format = ''] = spec.split('^');
  const at = new Date(Number(seconds) * 1000);
  if (Number.isNaN(at.getTime())) return fallback ?? '';
  return format.replace(/\{(\w+?)(_pretty)?\}/g, (whole, name) =>
    Object.hasOwn(dateParts, name)
      ? new Intl.DateTimeFormat('en-US', { ...dateParts[name], timeZone }).format(at)
      : whole,
  );
};

const link = (url, children) =>
  /^(https?:|mailto:|tel:)/i.test(url)
    ? h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, children)
    : h('span', {}, children);

const mention = (text) => h('span.mention', {}, text);

/** `names` looks up people, channels and groups; `timeZone` is the reader's. */
const renderNode = (node, context) => {
  const inner = () => renderNodes(node.children, context);
  switch (node.type) {
    case 'text':
      return withEmoji(node.text);
    case 'break':
      return h('br');
    case 'bold':
      return h('b', {}, inner());
    case 'italic':
      return h('i', {}, inner());
    case 'strike':
      return h('s', {}, inner());
    case 'code':
      return h('code', {}, inner());
    case 'pre':
      return h('pre', { tabindex: '0' }, inner());
    case 'quote':
      return h('blockquote', {}, inner());
    case 'link':
      return link(node.url, withEmoji(node.label));
    case 'user':
      return mention(`@${context.personName(node.id) ?? node.label ?? node.id}`);
    case 'channel':
      return mention(`#${context.channelName(node.id) ?? node.label ?? node.id}`);
    case 'group':
      return mention(`@${context.groupName(node.id) ?? node.label ?? node.id}`);
    case 'broadcast':
      return h('span.mention.is-broadcast', {}, `@${node.range}`);
    case 'date':
      return h('span', {}, renderDate(node.spec, node.label, context.timeZone));
    case 'emoji':
      return emoji(node.name) ?? `:${node.name}:`;
  }
};

const renderNodes = (nodes, context) => nodes.map((node) => renderNode(node, context));

export const renderMrkdwn = (text, context, options) => renderNodes(parseMrkdwn(text, options), context);

export const renderPlain = (text, context, options) => renderNodes(parsePlain(text, options), context);

/** A text object of Block Kit. */
export const renderText = (object, context) => {
  if (object?.type === 'mrkdwn') return renderMrkdwn(object.text, context, { isVerbatim: object.verbatim === true });
  return renderPlain(object?.text ?? '', context, { hasEmoji: object?.emoji !== false });
};

const styled = (element, children) => {
  const style = element.style ?? {};
  let content = children;
  if (style.code) content = h('code', {}, content);
  if (style.bold) content = h('b', {}, content);
  if (style.italic) content = h('i', {}, content);
  if (style.strike) content = h('s', {}, content);
  return content;
};

const lines = (text) =>
  text.split('\n').flatMap((line, index) => [...(index > 0 ? [h('br')] : []), ...withEmoji(line)]);

const renderInline = (element, context) => {
  switch (element.type) {
    case 'text':
      return styled(element, lines(element.text));
    case 'link':
      return styled(element, link(element.url, lines(element.text ?? element.url)));
    case 'emoji':
      return emoji(element.name) ?? `:${element.name}:`;
    case 'user':
      return mention(`@${context.personName(element.user_id) ?? element.user_id}`);
    case 'channel':
      return mention(`#${context.channelName(element.channel_id) ?? element.channel_id}`);
    case 'usergroup':
      return mention(`@${context.groupName(element.usergroup_id) ?? element.usergroup_id}`);
    case 'broadcast':
      return h('span.mention.is-broadcast', {}, `@${element.range}`);
    case 'date':
      return h('span', {}, renderDate(`${element.timestamp}^${element.format}`, element.fallback, context.timeZone));
    default:
      return `[${element.type}]`;
  }
};

const inlines = (element, context) => (element.elements ?? []).map((child) => renderInline(child, context));

/** A rich_text block or cell. */
export const renderRichText = (block, context) =>
  (block.elements ?? []).map((element) => {
    switch (element.type) {
      case 'rich_text_quote':
        return h('blockquote', {}, inlines(element, context));
      case 'rich_text_preformatted':
        return h('pre', { tabindex: '0' }, inlines(element, context));
      case 'rich_text_list': {
        const items = element.elements.map((item) => h('li', {}, inlines(item, context)));
        const indent = { marginLeft: `${(element.indent ?? 0) * 24}px` };
        return h(element.style === 'ordered' ? 'ol' : 'ul', { style: indent, start: (element.offset ?? 0) + 1 }, items);
      }
      default:
        return h('div', {}, inlines(element, context));
    }
  });
