/** Who you are, and where you can go. */
import { h } from './dom.js';
import { fleetPanel } from './fleet.js';
import { icon } from './icons.js';
import { author, avatar } from './messages.js';
import { conversations, look, state, switchUser } from './store.js';

const kinds = { member: '', guest: ', guest', foreign: ', other organisation', deactivated: ', deactivated' };

const userSwitch = () => {
  const { people, you } = state.snapshot;
  const options = people.map(({ id, realName, kind }) =>
    h('option', { value: id, selected: id === you.id }, `${realName}${kinds[kind]}`),
  );
  return h(
    'div.you',
    {},
    avatar(you.id),
    h(
      'div',
      {},
      h('label', { for: 'user-switch' }, 'You are'),
      h('select', { id: 'user-switch', onchange: (event) => switchUser(event.target.value) }, options),
      h('div.note', {}, you.timeZone),
    ),
  );
};

/** What a conversation is called in the sidebar and the header. */
export const titleOf = (conversation) => {
  if (conversation.kind !== 'im') return conversation.name;
  const other = conversation.members.find((id) => id !== state.userId);
  return author(other ?? state.userId).name;
};

const entry = (conversation) => {
  const isCurrent = conversation.id === state.channelId;
  const other = conversation.members.find((id) => id !== state.userId) ?? state.userId;
  return h(
    'li',
    {},
    h(
      `button.entry${isCurrent ? '.is-current' : ''}`,
      {
        type: 'button',
        'aria-current': isCurrent ? 'page' : null,
        onclick: () => {
          document.body.classList.remove('has-sidebar');
          look({ channelId: conversation.id, threadTs: null, tab: 'messages' });
        },
      },
      conversation.kind === 'im' ? avatar(other) : icon(conversation.kind === 'private' ? 'lock' : 'hash'),
      h('span', {}, titleOf(conversation)),
    ),
  );
};

export const renderSidebar = () => {
  const channels = conversations().filter(({ kind }) => kind === 'public' || kind === 'private');
  const direct = conversations().filter(({ kind }) => kind === 'im' || kind === 'mpim');
  return [
    h('div.team', {}, state.snapshot.team),
    h('h2', {}, 'Channels'),
    h('ul', {}, channels.map(entry)),
    h('h2', {}, 'Direct messages'),
    h('ul', {}, direct.map(entry)),
    h('div.foot', {}, fleetPanel(), userSwitch()),
  ];
};
