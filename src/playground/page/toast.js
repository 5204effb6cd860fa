/** A short word at the edge of the window. */
import { h } from './dom.js';

const SHOWN_MS = 6000;

export const toast = (text) => {
  const element = h('div.toast', { role: 'status' }, text);
  document.body.append(element);
  setTimeout(() => element.remove(), SHOWN_MS);
};
