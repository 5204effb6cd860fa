/** The modal on top of the stack, and the home tab. */
import { renderBlocks } from './blocks.js';
import { readInputs } from './controls.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { context, use } from './messages.js';
import { perform, state } from './store.js';
import { toast } from './toast.js';

let shown = null;

const actIn = (viewId) => (element, blockId, input) =>
  use({ kind: 'click-in-view', viewId, actionId: element.action_id, blockId, input });

const showErrors = (form, errors) => {
  for (const field of form.querySelectorAll('.field')) {
    field.querySelector('.field-error').textContent = errors[field.dataset.block] ?? '';
  }
};

const submit = async (form, view) => {
  try {
    const inputs = readInputs(form, view.body.blocks);
    const { delivery, errors } = await perform({ kind: 'submit', viewId: view.id, inputs });
    showErrors(form, errors);
    if (delivery.kind !== 'acked') toast('We had some trouble connecting. Try again?');
  } catch (error) {
    toast(error.message);
  }
};

const build = (view) => {
  const { title, submit: submitText, close, blocks } = view.body;
  const form = h(
    'form',
    { method: 'dialog', novalidate: true },
    h(
      'header',
      {},
      h('h2', {}, title.text),
      h('button.icon-button', { type: 'button', 'aria-label': 'Close', onclick: () => dialog.close() }, icon('close')),
    ),
    h('div.modal-body', {}, renderBlocks(blocks, context, actIn(view.id))),
    h(
      'div.dialog-actions',
      {},
      h('button.button', { type: 'button', onclick: () => dialog.close() }, close?.text ?? 'Cancel'),
      submitText && h('button.button.is-primary', { type: 'submit' }, submitText.text),
    ),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit(form, view);
  });
  const dialog = h('dialog.dialog.modal', { 'aria-label': title.text }, form);
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (shown?.dialog !== dialog) return;
    shown = null;
    void use({ kind: 'close-view', viewId: view.id });
  });
  return dialog;
};

/** Shows the view on top; does nothing when it is shown already. */
export const refreshModal = () => {
  const view = state.snapshot.views.modal.at(-1) ?? null;
  if (view?.id === shown?.id && view?.hash === shown?.hash) return;
  const old = shown;
  shown = null;
  old?.dialog.remove();
  if (view === null) return;
  const dialog = build(view);
  shown = { id: view.id, hash: view.hash, dialog };
  document.body.append(dialog);
  dialog.showModal();
};

/** The blocks of the home tab, or a word that there is none. */
export const renderHome = () => {
  const [view] = state.snapshot.views.home;
  if (!view) return h('p.empty', {}, 'The app has published no home tab.');
  return h('div.home', {}, renderBlocks(view.body.blocks, context, actIn(view.id)));
};
