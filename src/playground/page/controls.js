/** Interactive elements: buttons, selects, boxes, inputs. `act(element, blockId, input)` says what was done. */
import { h } from './dom.js';
import { renderText } from './text.js';

const allOptions = (element) => [
  ...(element.options ?? []),
  ...(element.option_groups ?? []).flatMap((group) => group.options),
];

const plain = (object) => object?.text ?? '';

let counter = 0;
const newId = () => `control-${++counter}`;

const optionElement = (option, isSelected) =>
  h('option', { value: option.value, selected: isSelected }, plain(option.text));

const isInitial = (element, option) =>
  [element.initial_option, ...(element.initial_options ?? [])].some((initial) => initial?.value === option.value);

/** What Slack asks before it lets a press through. */
const confirmFirst = (confirm, context) =>
  new Promise((resolve) => {
    const dialog = h(
      'dialog.dialog',
      { 'aria-label': plain(confirm.title) },
      h('h2', {}, plain(confirm.title)),
      h('div.text', {}, renderText(confirm.text, context)),
      h(
        'div.dialog-actions',
        {},
        h('button.button', { type: 'button', onclick: () => dialog.close('deny') }, plain(confirm.deny)),
        h(
          `button.button.${confirm.style === 'danger' ? 'is-danger' : 'is-primary'}`,
          { type: 'button', onclick: () => dialog.close('confirm') },
          plain(confirm.confirm),
        ),
      ),
    );
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'confirm');
    });
    document.body.append(dialog);
    dialog.showModal();
  });

const button = (element, blockId, context, act) => {
  const styles = element.style ? `.is-${element.style}` : '';
  const press = async (event) => {
    const pressed = event.currentTarget;
    if (element.confirm && !(await confirmFirst(element.confirm, context))) return;
    if (element.url && /^https?:/i.test(element.url)) window.open(element.url, '_blank', 'noopener');
    pressed.setAttribute('aria-busy', 'true');
    pressed.disabled = true;
    try {
      await act(element, blockId, {});
    } finally {
      pressed.disabled = false;
      pressed.removeAttribute('aria-busy');
    }
  };
  return h(
    `button.button${styles}`,
    { type: 'button', onclick: press, 'aria-label': element.accessibility_label, 'data-action': element.action_id },
    renderText(element.text, context),
  );
};

const select = (element, blockId, act, options, read) => {
  const label = plain(element.placeholder) || 'Choose an option';
  const isMany = element.type.startsWith('multi_');
  return h(
    'select.select',
    {
      'aria-label': label,
      multiple: isMany,
      size: isMany ? Math.min(options.length, 5) : null,
      'data-action': element.action_id,
      onchange: (event) => act(element, blockId, read([...event.target.selectedOptions].map(({ value }) => value))),
    },
    isMany ? null : h('option', { value: '' }, label),
    options,
  );
};

const staticSelect = (element, blockId, act) => {
  const groups = element.option_groups?.map((group) =>
    h(
      'optgroup',
      { label: plain(group.label) },
      group.options.map((option) => optionElement(option, isInitial(element, option))),
    ),
  );
  const options = groups ?? element.options.map((option) => optionElement(option, isInitial(element, option)));
  return select(element, blockId, act, options, (values) => ({ options: values }));
};

/** People, channels or both. */
const placeSelect = (element, blockId, context, act) => {
  const people = element.type.includes('users') || element.type.includes('conversations') ? context.people() : [];
  const channels = element.type.includes('users') ? [] : context.channels();
  const initial = [element.initial_user, element.initial_channel, element.initial_conversation];
  const options = [
    ...channels.map(({ id, name }) => h('option', { value: id, selected: initial.includes(id) }, `# ${name}`)),
    ...people.map(({ id, realName }) => h('option', { value: id, selected: initial.includes(id) }, realName)),
  ];
  const isMany = element.type.startsWith('multi_');
  return select(element, blockId, act, options, (values) =>
    isMany ? { options: values } : { value: values[0] ?? null },
  );
};

const boxes = (element, blockId, context, act) => {
  const type = element.type === 'checkboxes' ? 'checkbox' : 'radio';
  const name = newId();
  const group = h(
    'div.boxes',
    { role: type === 'radio' ? 'radiogroup' : 'group', 'data-action': element.action_id },
    element.options.map((option) => {
      const input = h('input', { type, name, value: option.value, checked: isInitial(element, option) });
      const description = option.description && h('span.note', {}, renderText(option.description, context));
      return h('label.box', {}, input, h('span', {}, renderText(option.text, context), description));
    }),
  );
  group.addEventListener('change', () => {
    const values = [...group.querySelectorAll('input:checked')].map(({ value }) => value);
    void act(element, blockId, { options: values });
  });
  return group;
};

const overflow = (element, blockId, context, act) => {
  const menu = h('details.overflow', {}, h('summary.button', { 'aria-label': 'More actions' }, '⋯'));
  const items = element.options.map((option) =>
    h(
      'button',
      {
        type: 'button',
        onclick: () => {
          menu.open = false;
          void act(element, blockId, { options: [option.value] });
        },
      },
      renderText(option.text, context),
    ),
  );
  menu.append(h('div.menu', {}, items));
  return menu;
};

const inputTypes = {
  number_input: 'number',
  email_text_input: 'email',
  url_text_input: 'url',
  datepicker: 'date',
  timepicker: 'time',
  datetimepicker: 'datetime-local',
};

const textInput = (element, blockId, act) => {
  const initial = element.initial_value ?? element.initial_date ?? element.initial_time ?? '';
  const attributes = {
    placeholder: plain(element.placeholder) || null,
    maxlength: element.max_length,
    minlength: element.min_length,
    'data-action': element.action_id,
    onchange: (event) => act(element, blockId, { value: event.target.value === '' ? null : event.target.value }),
  };
  if (element.multiline) return h('textarea.input', { ...attributes, rows: 4 }, initial);
  return h('input.input', { ...attributes, type: inputTypes[element.type] ?? 'text', value: initial });
};

/** Any element that can be used. */
export const renderControl = (element, blockId, context, act) => {
  switch (element.type) {
    case 'button':
      return button(element, blockId, context, act);
    case 'static_select':
    case 'multi_static_select':
      return staticSelect(element, blockId, act);
    case 'users_select':
    case 'channels_select':
    case 'conversations_select':
    case 'multi_users_select':
    case 'multi_channels_select':
    case 'multi_conversations_select':
      return placeSelect(element, blockId, context, act);
    case 'checkboxes':
    case 'radio_buttons':
      return boxes(element, blockId, context, act);
    case 'overflow':
      return overflow(element, blockId, context, act);
    case 'plain_text_input':
    case 'number_input':
    case 'email_text_input':
    case 'url_text_input':
    case 'datepicker':
    case 'timepicker':
    case 'datetimepicker':
      return textInput(element, blockId, act);
    default:
      return h('code', {}, `[${element.type}]`);
  }
};

/** What a form holds now, by action id: for the submission of a view. */
export const readInputs = (form, blocks) => {
  const inputs = {};
  for (const block of blocks) {
    for (const element of [block.element, block.accessory, ...(block.elements ?? [])]) {
      if (!element?.action_id || element.type === 'button') continue;
      const control = form.querySelector(`[data-action="${CSS.escape(element.action_id)}"]`);
      if (control) inputs[element.action_id] = readControl(control, element);
    }
  }
  return inputs;
};

const readControl = (control, element) => {
  if (control.matches('.boxes'))
    return { options: [...control.querySelectorAll('input:checked')].map(({ value }) => value) };
  if (control.matches('select')) {
    const values = [...control.selectedOptions].map(({ value }) => value).filter((value) => value !== '');
    return allOptions(element).length > 0 || control.multiple ? { options: values } : { value: values[0] ?? null };
  }
  return { value: control.value === '' ? null : control.value };
};
