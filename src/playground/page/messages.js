/** One message, as it stands in the channel or in its thread. */
import { renderBlocks } from './blocks.js';
import { h } from './dom.js';
import { emoji, icon } from './icons.js';
import { openLightbox } from './lightbox.js';
import { conversations, look, perform, repliesOf, state } from './store.js';
import { renderMrkdwn } from './text.js';
import { toast } from './toast.js';

const COLOURS = ['#2f6f8f', '#8a4b9b', '#3a7d44', '#a6532b', '#5a5fb0', '#96763a'];

/** Looks up names; where the reader is. */
export const context = {
  personName: (id) => (id === state.snapshot.bot.id ? state.snapshot.bot.name : person(id)?.name),
  channelName: (id) => conversations().find((conversation) => conversation.id === id)?.name,
  groupName: (id) => state.snapshot.userGroups.find((group) => group.id === id)?.handle,
  people: () => state.snapshot.people,
  channels: () => conversations().filter(({ kind }) => kind === 'public' || kind === 'private'),
  fileUrl: (id) => `/page/files/${id}?user=${state.userId}`,
  get timeZone() {
    return state.snapshot.you.timeZone;
  },
};

const person = (id) => state.snapshot.people.find((known) => known.id === id);

/** Name and kind of who wrote it. */
export const author = (id) => {
  const { bot, slackbotId } = state.snapshot;
  if (id === bot.id) return { name: bot.name, isApp: true };
  if (id === slackbotId) return { name: 'Slackbot', isApp: true };
  return { name: person(id)?.realName ?? id, isApp: false };
};

export const avatar = (id) => {
  const { name, isApp } = author(id);
  if (id === state.snapshot.bot.id) return h('span.avatar.is-bot', { 'aria-hidden': 'true' }, emoji('email'));
  const colour = isApp
    ? '#5b5b66'
    : COLOURS[[...id].reduce((sum, character) => sum + character.charCodeAt(0), 0) % COLOURS.length];
  const initials = name
    .split(' ')
    .map((word) => word[0])
    .join('')
    .slice(0, 2)
    .toUpperCase();
  return h('span.avatar', { style: { backgroundColor: colour }, 'aria-hidden': 'true' }, initials);
};

export const dateOf = (ts) => new Date(Number(ts.split('.')[0]) * 1000);

const format = (ts, options) =>
  new Intl.DateTimeFormat('en-US', { timeZone: context.timeZone, ...options }).format(dateOf(ts));

const timeElement = (ts) =>
  h(
    'time',
    { datetime: dateOf(ts).toISOString(), title: format(ts, { dateStyle: 'full', timeStyle: 'long' }) },
    format(ts, { hour: 'numeric', minute: '2-digit' }),
  );

const sizeText = (bytes) => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} kB`);

/** Fits the window; a press shows it in its own size, and back. */
const zoomable = (picture) => {
  const toggle = h('button.zoom', { type: 'button', 'aria-label': 'Full size', 'aria-pressed': 'false' }, picture);
  toggle.addEventListener('click', () => {
    const isFull = toggle.getAttribute('aria-pressed') === 'true';
    toggle.setAttribute('aria-pressed', String(!isFull));
  });
  return toggle;
};

const renderFile = (file) => {
  const url = context.fileUrl(file.id);
  const download = `${url}&download`;
  const label = file.title || file.name;
  if (file.mimeType !== 'image/png') {
    return h(
      'a.file',
      { href: download, download: file.name },
      icon('file'),
      h('span', {}, h('b', {}, label), h('span.note', {}, ` ${file.name}, ${sizeText(file.bytes)}`)),
    );
  }
  const picture = () => h('img', { src: url, alt: file.altText, width: file.width, height: file.height });
  const open = () => openLightbox(label, zoomable(picture()), { download });
  return h(
    'figure.picture',
    {},
    h('figcaption', {}, label, h('span.note', {}, ` ${sizeText(file.bytes)}`)),
    h('button', { type: 'button', onclick: open, 'aria-label': `Enlarge ${label}: ${file.altText}` }, picture()),
  );
};

const failures = {
  timeout: 'The app did not answer within three seconds.',
  unreachable: 'No app is connected.',
  refused: 'The app refused the request.',
};

/** Uses a control and says so when it came to nothing. */
export const use = async (act) => {
  try {
    const { delivery } = await perform(act);
    if (delivery && delivery.kind !== 'acked') toast(failures[delivery.kind]);
  } catch (error) {
    toast(error.message);
  }
};

const actOn = (message) => (element, blockId, input) =>
  use({ kind: 'click', channelId: message.channelId, ts: message.ts, actionId: element.action_id, blockId, input });

const renderAttachment = (attachment, act) =>
  h(
    'div.attachment',
    attachment.color ? { style: { borderLeftColor: attachment.color } } : {},
    attachment.title && h('b', {}, attachment.title),
    attachment.text && h('div.text', {}, renderMrkdwn(attachment.text, context)),
    renderBlocks(attachment.blocks ?? [], context, act),
  );

const body = (message) => {
  if (message.isTombstone) return h('div.text.is-gone', {}, message.text);
  if (message.subtype === 'channel_join') return h('div.text.is-gone', {}, message.text);
  const act = actOn(message);
  const edited = message.isEdited ? h('span.edited', {}, ' (edited)') : null;
  const hasBlocks = message.blocks.length > 0;
  return [
    hasBlocks ? renderBlocks(message.blocks, context, act) : null,
    !hasBlocks && message.text !== '' ? h('div.text', {}, renderMrkdwn(message.text, context), edited) : null,
    hasBlocks ? edited : null,
    message.attachments.map((attachment) => renderAttachment(attachment, act)),
    message.files.map(renderFile),
  ];
};

const reactions = (message) =>
  message.reactions.length === 0
    ? null
    : h(
        'div.reactions',
        {},
        message.reactions.map(({ name, count }) => h('span.reaction', {}, emoji(name) ?? `:${name}:`, String(count))),
      );

const whenOf = (ts) => {
  const day = dayOf(ts);
  return `${day === 'Today' ? 'today' : day} at ${format(ts, { hour: 'numeric', minute: '2-digit' })}`;
};

const threadSummary = (message) => {
  const replies = repliesOf(message.channelId, message.ts);
  if (replies.length === 0) return null;
  const last = replies.at(-1);
  return h(
    'button.thread-link',
    {
      type: 'button',
      onclick: () => look({ threadTs: message.ts }),
      'aria-expanded': String(state.threadTs === message.ts),
    },
    [...new Set(replies.map(({ userId }) => userId))].slice(0, 4).map(avatar),
    h('span.count', {}, replies.length === 1 ? '1 reply' : `${replies.length} replies`),
    h('span.note', {}, `Last reply ${whenOf(last.ts)}`),
  );
};

/** `isInThread`: no summary and no thread button. */
export const renderMessage = (message, { isInThread }) => {
  const { name, isApp } = author(message.userId);
  const classes = ['article.message', message.isEphemeral ? 'is-ephemeral' : ''].filter(Boolean).join('.');
  return h(
    classes,
    { 'data-ts': message.ts, 'aria-label': `${name}, ${format(message.ts, { hour: 'numeric', minute: '2-digit' })}` },
    message.isEphemeral ? h('div.only-you', {}, icon('eye'), 'Only visible to you') : null,
    message.isPinned ? h('div.only-you', {}, icon('pin'), 'Pinned') : null,
    avatar(message.userId),
    h(
      'div.content',
      {},
      h('header', {}, h('b.name', {}, name), isApp ? h('span.badge', {}, 'APP') : null, timeElement(message.ts)),
      body(message),
      reactions(message),
      isInThread || message.isEphemeral ? null : threadSummary(message),
    ),
    isInThread || message.isEphemeral
      ? null
      : h(
          'button.icon-button.reply',
          {
            type: 'button',
            'aria-label': 'Reply in thread',
            title: 'Reply in thread',
            onclick: () => look({ threadTs: message.ts }),
          },
          icon('reply'),
        ),
  );
};

/** The day a message was written, as the line above its first message says it. */
export const dayOf = (ts) => {
  const day = (at) => new Intl.DateTimeFormat('en-CA', { timeZone: context.timeZone }).format(at);
  if (day(dateOf(ts)) === day(new Date())) return 'Today';
  return format(ts, { weekday: 'long', month: 'long', day: 'numeric' });
};
