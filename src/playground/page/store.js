/** What the page knows, kept current by the feed; and what its user does, sent to the double. */

const listeners = new Set();

export const state = {
  userId: new URLSearchParams(location.search).get('user'),
  snapshot: null,
  /** `channelId/ts` → message */
  messages: new Map(),
  channelId: null,
  /** ts of the parent whose thread is open. */
  threadTs: null,
  /** Messages or home, in the conversation with the app. */
  tab: 'messages',
  isLive: false,
};

export const keyOf = ({ channelId, ts }) => `${channelId}/${ts}`;

/** `listener(what)`: a feed item, or `{ kind: 'view' }` after the user looked elsewhere. */
export const onChange = (listener) => listeners.add(listener);

const tell = (what) => {
  for (const listener of listeners) listener(what);
};

export const conversations = () => state.snapshot?.conversations ?? [];
export const currentConversation = () => conversations().find(({ id }) => id === state.channelId);

/** Sorted by ts: as numbers they are too long for a double. */
export const messagesOf = (channelId) =>
  [...state.messages.values()]
    .filter((message) => message.channelId === channelId)
    .sort((a, b) => (a.ts < b.ts ? -1 : 1));

export const repliesOf = (channelId, ts) => messagesOf(channelId).filter(({ threadTs }) => threadTs === ts);

const take = (item) => {
  switch (item.kind) {
    case 'snapshot': {
      state.snapshot = item;
      state.userId = item.you.id;
      state.messages = new Map(item.messages.map((message) => [keyOf(message), message]));
      const isThere = item.conversations.some(({ id }) => id === state.channelId);
      const home = item.conversations.find(({ name }) => name === item.homeChannel) ?? item.conversations[0];
      if (!isThere) state.channelId = home?.id ?? null;
      if (!isThere) state.threadTs = null;
      break;
    }
    case 'message':
      state.messages.set(keyOf(item.message), item.message);
      break;
    case 'message-gone':
      state.messages.delete(keyOf(item));
      break;
    case 'conversations':
      state.snapshot.conversations = item.conversations;
      break;
    case 'views':
      state.snapshot.views = item.views;
      break;
    case 'fleet':
      state.snapshot.fleet = item.fleet;
      break;
    case 'app':
      state.snapshot.isAppConnected = item.isConnected;
      break;
  }
  tell(item);
};

let feed = null;

/** Opens the feed as this user; the browser reconnects by itself and then gets everything anew. */
export const connect = (userId) => {
  feed?.close();
  feed = new EventSource(`/page/feed${userId ? `?user=${encodeURIComponent(userId)}` : ''}`);
  feed.onmessage = ({ data }) => {
    state.isLive = true;
    take(JSON.parse(data));
  };
  feed.onerror = () => {
    state.isLive = false;
    tell({ kind: 'connection' });
  };
};

export const switchUser = (userId) => {
  const url = new URL(location.href);
  url.searchParams.set('user', userId);
  history.replaceState(null, '', url);
  state.threadTs = null;
  connect(userId);
};

export const look = (where) => {
  Object.assign(state, where);
  tell({ kind: 'view' });
};

/** @returns the double's answer. @throws Error with what it said when the act was impossible. */
export const perform = async (act) => {
  const response = await fetch('/page/act', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId: state.userId, ...act }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `The playground answered ${response.status}.`);
  return answer;
};
