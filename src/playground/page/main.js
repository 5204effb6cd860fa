/** Puts the page together and redraws what changed. */
import { makeComposer } from './composer.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { drawList } from './message-list.js';
import { use } from './messages.js';
import { refreshModal, renderHome } from './modal.js';
import { renderSidebar, titleOf } from './sidebar.js';
import {
  connect,
  conversations,
  currentConversation,
  keyOf,
  look,
  messagesOf,
  onChange,
  repliesOf,
  state,
} from './store.js';

const byId = (id) => document.getElementById(id);
const parts = {
  sidebar: byId('sidebar'),
  title: byId('channel-title'),
  topic: byId('channel-topic'),
  tabs: byId('channel-tabs'),
  list: byId('messages'),
  strip: byId('proposals'),
  status: byId('status'),
  thread: byId('thread'),
  threadList: byId('thread-messages'),
  threadPlace: byId('thread-place'),
};

const composer = makeComposer({
  id: 'composer-text',
  label: 'Message',
  target: () => ({ channelId: state.channelId, threadTs: null }),
});
byId('composer').append(composer.element);

const threadComposer = makeComposer({
  id: 'thread-composer-text',
  label: 'Reply…',
  target: () => ({ channelId: state.channelId, threadTs: state.threadTs }),
});
byId('thread-composer').append(threadComposer.element);

const proposalCard = ({ title, command, note }, index) =>
  h(
    'button.proposal',
    { type: 'button', title: command, onclick: () => composer.fill(command) },
    h('b', {}, `${index + 1}. ${title}`),
    h('span.note', {}, note),
    h('code', {}, command),
  );

const welcome = (conversation, isEmpty) => {
  const { proposals } = state.snapshot;
  const name = titleOf(conversation);
  return h(
    'div.welcome',
    {},
    h('h2', {}, conversation.kind === 'im' ? name : `# ${name}`),
    h('p', {}, conversation.topic || 'This is the beginning of the conversation.'),
    proposals.length > 0 && conversation.hasBot && isEmpty
      ? h(
          'div.cards',
          {},
          h('p', {}, 'Five questions to try. Pick one, then press Enter:'),
          proposals.map(proposalCard),
        )
      : null,
    conversation.hasBot
      ? null
      : h('p', {}, 'mailtrace is not here. ', h('code', {}, '/invite @mailtrace'), ' brings it in.'),
  );
};

const drawStrip = () => {
  const chips = state.snapshot.proposals.map((proposal, index) =>
    h(
      'button.chip',
      {
        type: 'button',
        title: `${proposal.note}: ${proposal.command}`,
        onclick: () => composer.fill(proposal.command),
      },
      `${index + 1}. ${proposal.title}`,
    ),
  );
  parts.strip.hidden = chips.length === 0;
  parts.strip.replaceChildren(h('span.strip-label', {}, icon('spark'), 'Try'), ...chips);
};

const drawHeader = (conversation) => {
  const name = titleOf(conversation);
  const isDirect = conversation.kind === 'im';
  parts.title.replaceChildren(isDirect ? '' : icon(conversation.kind === 'private' ? 'lock' : 'hash'), name);
  parts.topic.textContent = conversation.topic;
  document.title = `${isDirect ? name : `#${name}`} · mailtrace playground`;
  composer.setLabel(isDirect ? `Message ${name}` : `Message #${name}`);
  const withApp = isDirect && conversation.hasBot;
  const tab = (id, label) =>
    h(
      'button',
      {
        type: 'button',
        'aria-pressed': String(state.tab === id),
        onclick: () => {
          look({ tab: id });
          if (id === 'home') void use({ kind: 'open-home' });
        },
      },
      label,
    );
  parts.tabs.replaceChildren(...(withApp ? [tab('messages', 'Messages'), tab('home', 'Home')] : []));
};

const drawChannel = () => {
  const conversation = currentConversation();
  if (!conversation) return;
  drawHeader(conversation);
  if (state.tab === 'home') {
    parts.list.replaceChildren(renderHome());
    return;
  }
  const shown = messagesOf(conversation.id).filter(
    ({ threadTs, isBroadcast, isEphemeral }) => !threadTs || isBroadcast || isEphemeral,
  );
  // Whispers into a thread are shown there.
  const inChannel = shown.filter(({ threadTs, isEphemeral }) => !(isEphemeral && threadTs));
  drawList(parts.list, inChannel, {
    isInThread: false,
    isFollowing: true,
    before: [welcome(conversation, inChannel.length === 0)],
  });
};

const drawThread = () => {
  const parent = state.threadTs && state.messages.get(keyOf({ channelId: state.channelId, ts: state.threadTs }));
  const wasOpen = document.body.classList.contains('has-thread');
  document.body.classList.toggle('has-thread', Boolean(parent));
  parts.thread.hidden = !parent;
  if (!parent) return;
  const conversation = currentConversation();
  parts.threadPlace.textContent = conversation.kind === 'im' ? titleOf(conversation) : `#${conversation.name}`;
  const isSame = parts.thread.dataset.of === keyOf(parent);
  parts.thread.dataset.of = keyOf(parent);
  const messages = [parent, ...repliesOf(parent.channelId, parent.ts)];
  drawList(parts.threadList, messages, { isInThread: true, before: [], isFollowing: wasOpen && isSame });
  if (wasOpen && isSame) return;
  parts.threadList.scrollTop = 0;
  // The channel has become narrower: what the thread hangs on stays in sight.
  parts.list.querySelector(`[data-ts="${parent.ts}"]`)?.scrollIntoView({ block: 'nearest' });
  byId('thread-close').focus();
};

const drawStatus = () => {
  const { isAppConnected } = state.snapshot;
  const text = !state.isLive ? 'Stopped' : isAppConnected ? 'Connected' : 'Starting…';
  parts.status.replaceChildren(h(`span.dot${state.isLive && isAppConnected ? '.is-on' : ''}`), text);
};

/** What was drawn last, so that an open menu or a focused button is not replaced for nothing. */
let last = '';

const drawFrame = () => {
  const { you, people, proposals, slashCommands, fleet } = state.snapshot;
  const now = JSON.stringify([you, people, proposals, slashCommands, fleet, conversations(), state.channelId]);
  if (now === last) return;
  last = now;
  parts.sidebar.replaceChildren(...renderSidebar());
  drawStrip();
};

const drawAll = () => {
  if (!state.snapshot) return;
  drawFrame();
  drawChannel();
  drawThread();
  drawStatus();
  refreshModal();
};

/** Changes come in bursts; one drawing a frame is enough. */
let isPlanned = false;
onChange(() => {
  if (isPlanned) return;
  isPlanned = true;
  requestAnimationFrame(() => {
    isPlanned = false;
    drawAll();
  });
});

byId('thread-close').addEventListener('click', () => {
  const ts = state.threadTs;
  document.body.classList.remove('has-wide-thread');
  look({ threadTs: null });
  requestAnimationFrame(() => parts.list.querySelector(`[data-ts="${ts}"] .thread-link`)?.focus());
});
byId('thread-wide').addEventListener('click', () => document.body.classList.toggle('has-wide-thread'));
byId('sidebar-open').addEventListener('click', () => document.body.classList.toggle('has-sidebar'));
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !document.querySelector('dialog[open]')) document.body.classList.remove('has-sidebar');
});
// They scroll, so the keyboard must reach them.
parts.list.tabIndex = 0;
parts.threadList.tabIndex = 0;
for (const [id, name] of [
  ['thread-close', 'close'],
  ['thread-wide', 'expand'],
  ['sidebar-open', 'menu'],
]) {
  byId(id).append(icon(name));
}

connect(state.userId);
