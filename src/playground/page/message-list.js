/** A list of messages, redrawn without disturbing what did not change. */
import { h } from './dom.js';
import { dayOf, renderMessage } from './messages.js';
import { keyOf, repliesOf, state } from './store.js';

/** So near the end, the reader follows what comes. */
const NEAR_END_PX = 80;

const isAtEnd = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;

const toEnd = (list) => {
  list.scrollTop = list.scrollHeight;
};

/** Drawn messages by list: an unchanged message keeps its element, and with it focus and scroll. */
const drawn = new WeakMap();

/** A message is drawn anew when it, or what its summary shows, is different. */
const signature = (message, isInThread) => {
  const replies = isInThread
    ? ''
    : repliesOf(message.channelId, message.ts)
        .map(({ ts }) => ts)
        .join();
  return JSON.stringify([message, replies, state.threadTs === message.ts, state.userId]);
};

const elementsOf = (list, messages, isInThread) => {
  const known = drawn.get(list) ?? new Map();
  const next = new Map();
  for (const message of messages) {
    const key = keyOf(message);
    const now = signature(message, isInThread);
    const old = known.get(key);
    const element = old?.signature === now ? old.element : renderMessage(message, { isInThread });
    next.set(key, { element, signature: now });
  }
  drawn.set(list, next);
  return [...next.values()].map(({ element }) => element);
};

const rule = (name, text) => h(name, { role: 'separator' }, h('span', {}, text));

const withDays = (messages, elements) =>
  elements.flatMap((element, index) => {
    const day = dayOf(messages[index].ts);
    const isNew = index === 0 || dayOf(messages[index - 1].ts) !== day;
    return isNew ? [rule('div.day', day), element] : [element];
  });

const withCount = ([parent, ...replies]) => {
  if (replies.length === 0) return [parent];
  return [parent, rule('div.day.is-count', replies.length === 1 ? '1 reply' : `${replies.length} replies`), ...replies];
};

/**
 * Draws a channel (`before` comes first) or a thread (the first message is its parent). `isFollowing`: a reader at the end
 * is kept there.
 */
export const drawList = (list, messages, { isInThread, isFollowing, before }) => {
  const wasAtEnd = isFollowing && messages.length > 0 && isAtEnd(list);
  const elements = elementsOf(list, messages, isInThread);
  list.replaceChildren(...before, ...(isInThread ? withCount(elements) : withDays(messages, elements)));
  if (!wasAtEnd) return;
  // A picture that comes later must not push the end out of sight.
  for (const picture of list.querySelectorAll('img')) {
    if (!picture.complete) picture.addEventListener('load', () => toEnd(list), { once: true });
  }
  toEnd(list);
};
