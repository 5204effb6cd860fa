/** Building elements without markup: text stays text, whatever it holds. */

const SVG = 'http://www.w3.org/2000/svg';

/** `name` may carry classes: `div.message.is-new`. Handlers are `onclick` and so on; `null` and `false` leave things out. */
export const h = (name, attributes = {}, ...children) => {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'style') Object.assign(element.style, value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.flat(5).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
};

/** A small picture of 16 × 16 from paths: `[d, 'fill' | 'stroke', colour]`. */
export const svg = (paths, attributes = {}) => {
  const element = document.createElementNS(SVG, 'svg');
  const all = { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true', focusable: 'false', ...attributes };
  for (const [key, value] of Object.entries(all)) element.setAttribute(key, String(value));
  for (const [d, how, colour = 'currentColor'] of paths) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    path.setAttribute('fill', how === 'fill' ? colour : 'none');
    path.setAttribute('stroke', how === 'stroke' ? colour : 'none');
    path.setAttribute('stroke-width', '1.6');
    path.setAttribute('stroke-linecap', 'round');
    path.setAttribute('stroke-linejoin', 'round');
    element.append(path);
  }
  return element;
};
