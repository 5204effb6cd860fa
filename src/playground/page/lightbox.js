/** A picture or table over the whole window; Escape or a click beside it closes. */
import { h } from './dom.js';
import { icon } from './icons.js';

export const openLightbox = (title, content, { download } = {}) => {
  const dialog = h(
    'dialog.lightbox',
    { 'aria-label': title },
    h(
      'header',
      {},
      h('h2', {}, title),
      download && h('a.icon-button', { href: download, download: '', 'aria-label': 'Download' }, icon('download')),
      h('button.icon-button', { type: 'button', 'aria-label': 'Close', onclick: () => dialog.close() }, icon('close')),
    ),
    h('div.lightbox-content', { tabindex: '0' }, content),
  );
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
};
