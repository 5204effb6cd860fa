/** Where messages and commands are typed. */
import { h } from './dom.js';
import { icon } from './icons.js';
import { perform, state } from './store.js';
import { toast } from './toast.js';

const grow = (area) => {
  area.style.height = 'auto';
  area.style.height = `${Math.min(area.scrollHeight, 160)}px`;
};

/** Built-in commands beside those of the app. */
const builtIn = [{ command: '/invite', description: 'Invite the app to this channel', usageHint: '@mailtrace' }];

const commands = () => [...state.snapshot.slashCommands, ...builtIn];

/**
 * `target()` → where to send: `{ channelId, threadTs }`.
 * @returns the element, and `fill(text)`, which puts text in and the cursor behind it.
 */
export const makeComposer = ({ id, label, target }) => {
  const hints = h('div.hints', { id: `${id}-hints`, role: 'listbox', 'aria-label': 'Commands', hidden: true });
  const usage = h('div.usage', { hidden: true });
  const area = h('textarea', {
    id,
    rows: 1,
    placeholder: label,
    'aria-label': label,
    'aria-controls': `${id}-hints`,
    autocomplete: 'off',
    spellcheck: 'false',
    maxlength: 4000,
  });
  const send = h('button.send', { type: 'button', 'aria-label': 'Send', disabled: true }, icon('send'));
  const past = [];

  const matching = () =>
    /^\/\S*$/.test(area.value) ? commands().filter(({ command }) => command.startsWith(area.value)) : [];

  const refresh = () => {
    grow(area);
    send.disabled = area.value.trim() === '';
    const found = matching();
    hints.replaceChildren(
      ...found.map(({ command, description, usageHint }, index) =>
        h(
          `button.hint${index === 0 ? '.is-first' : ''}`,
          {
            type: 'button',
            role: 'option',
            'aria-selected': String(index === 0),
            tabindex: '-1',
            onclick: () => fill(`${command} `),
          },
          h('b', {}, command),
          h('span.note', {}, ` ${usageHint}`),
          h('span.description', {}, description),
        ),
      ),
    );
    hints.hidden = found.length === 0;
    const typed = commands().find(({ command }) => area.value.startsWith(`${command} `));
    usage.hidden = !typed;
    if (typed) usage.replaceChildren(h('b', {}, typed.command), ` ${typed.usageHint}`);
  };

  const fill = (text) => {
    area.value = text;
    area.focus();
    area.setSelectionRange(text.length, text.length);
    refresh();
  };

  const submit = async () => {
    const text = area.value.trim();
    if (text === '') return;
    const { channelId, threadTs } = target();
    const isCommand = text.startsWith('/');
    if (isCommand && threadTs) {
      toast(`${text.split(' ')[0]} is not supported in threads. Sorry!`);
      return;
    }
    past.push(area.value);
    area.value = '';
    refresh();
    try {
      await perform(
        isCommand ? { kind: 'command', channelId, text } : { kind: 'say', channelId, threadTs: threadTs ?? '', text },
      );
    } catch (error) {
      toast(error.message);
    }
  };

  area.addEventListener('input', refresh);
  area.addEventListener('keydown', (event) => {
    const [first] = matching();
    if (event.key === 'Tab' && !event.shiftKey && first) {
      event.preventDefault();
      fill(`${first.command} `);
    } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (first && area.value !== first.command) fill(`${first.command} `);
      else void submit();
    } else if (event.key === 'ArrowUp' && area.value === '' && past.length > 0) {
      event.preventDefault();
      fill(past.at(-1));
    } else if (event.key === 'Escape') hints.hidden = true;
  });
  send.addEventListener('click', () => void submit());

  const element = h('div.composer', {}, hints, usage, h('div.composer-box', {}, area, send));
  return { element, fill, setLabel: (text) => area.setAttribute('placeholder', text) };
};
