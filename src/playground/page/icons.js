/** Icons of the page, and the emoji that matter in status messages, drawn so that no font is needed. */
import { h, svg } from './dom.js';

const icons = {
  hash: [['M6.2 2.5 4.8 13.5M11.2 2.5 9.8 13.5M2.5 5.8h11.5M2 10.2h11.5', 'stroke']],
  lock: [['M4 7.5h8v6H4zM5.5 7.5V5.2a2.5 2.5 0 0 1 5 0v2.3', 'stroke']],
  close: [['M3.5 3.5l9 9M12.5 3.5l-9 9', 'stroke']],
  menu: [['M2.5 4.5h11M2.5 8h11M2.5 11.5h11', 'stroke']],
  back: [['M9.5 3 4.5 8l5 5', 'stroke']],
  send: [['M2.2 2.6 14 8 2.2 13.4 3.8 8.7 9 8 3.8 7.3z', 'fill']],
  eye: [
    ['M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8z', 'stroke'],
    ['M8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z', 'fill'],
  ],
  expand: [['M9.5 2.5h4v4M13.5 2.5 9 7M6.5 13.5h-4v-4M2.5 13.5 7 9', 'stroke']],
  download: [['M8 2.5v8M4.8 7.5 8 10.7l3.2-3.2M2.5 13.5h11', 'stroke']],
  reply: [['M2.5 3h11v8h-6l-3 2.5V11h-2z', 'stroke']],
  pin: [['M6 2.5h4l-.5 4 2 2.5h-7l2-2.5zM8 9v4.5', 'stroke']],
  file: [['M4 2h5l3 3v9H4zM9 2v3h3', 'stroke']],
  spark: [['M8 1.8 9.6 6.4 14.2 8 9.6 9.6 8 14.2 6.4 9.6 1.8 8 6.4 6.4z', 'fill']],
};

/** Decorative: its neighbour or a label says what it means. */
export const icon = (name) => svg(icons[name]);

const GREEN = '#1c7c45';
const RED = '#c4253b';
const AMBER = '#b26b00';
const BLUE = '#1264a3';
const GREY = '#616061';
const disc = 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z';
const tick = ['M4.6 8.3 7 10.7l4.5-5', 'stroke', '#fff'];
const cross = ['M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4', 'stroke', '#fff'];
const triangle = 'M8 1.6 15 14H1z';

const drawn = {
  white_check_mark: [['M2 2h12v12H2z', 'fill', GREEN], tick],
  heavy_check_mark: [['M3 8.5 6.5 12 13 4.5', 'stroke', GREEN]],
  x: [['M3 3l10 10M13 3 3 13', 'stroke', RED]],
  no_entry: [
    [disc, 'fill', RED],
    ['M4.5 8h7', 'stroke', '#fff'],
  ],
  no_entry_sign: [
    [disc, 'stroke', RED],
    ['M3.2 3.2l9.6 9.6', 'stroke', RED],
  ],
  octagonal_sign: [['M5 1h6l4 4v6l-4 4H5l-4-4V5z', 'fill', RED], cross],
  warning: [
    [triangle, 'fill', '#e8a33d'],
    ['M8 6v4M8 12v.1', 'stroke', '#3b2600'],
  ],
  rotating_light: [
    ['M4 12V8a4 4 0 0 1 8 0v4z', 'fill', RED],
    ['M2.5 14h11M8 1.5v1M2.5 4l.8.7M13.5 4l-.8.7', 'stroke', RED],
  ],
  hourglass: [['M4 2h8M4 14h8M5 2c0 4 6 8 6 12M11 2c0 4-6 8-6 12', 'stroke', AMBER]],
  hourglass_flowing_sand: [['M4 2h8M4 14h8M5 2c0 4 6 8 6 12M11 2c0 4-6 8-6 12', 'stroke', AMBER]],
  clock3: [
    [disc, 'stroke', AMBER],
    ['M8 4.5V8h3', 'stroke', AMBER],
  ],
  mag: [['M6.8 2.2a4.6 4.6 0 1 0 0 9.2 4.6 4.6 0 0 0 0-9.2zM10.3 10.3l3.7 3.7', 'stroke', BLUE]],
  email: [['M1.8 3.5h12.4v9H1.8zM2 4l6 4.7L14 4', 'stroke', BLUE]],
  incoming_envelope: [['M1.8 3.5h12.4v9H1.8zM2 4l6 4.7L14 4', 'stroke', BLUE]],
  inbox_tray: [['M2 9v4.5h12V9M8 2v7M5 6.3 8 9.2l3-2.9', 'stroke', BLUE]],
  outbox_tray: [['M2 9v4.5h12V9M8 9.2V2M5 4.9 8 2l3 2.9', 'stroke', BLUE]],
  leftwards_arrow_with_hook: [['M6 3 2.5 6.5 6 10M2.5 6.5H10a3.2 3.2 0 0 1 0 6.5H7', 'stroke', RED]],
  arrows_counterclockwise: [
    ['M13 5.5A5.5 5.5 0 0 0 3.2 5M3 10.5A5.5 5.5 0 0 0 12.8 11M3 2v3.2h3.2M13 14v-3.2H9.8', 'stroke', AMBER],
  ],
  repeat: [['M3 8V5.5h10M10.5 3 13 5.5 10.5 8M13 8v2.5H3M5.5 8 3 10.5 5.5 13', 'stroke', BLUE]],
  twisted_rightwards_arrows: [['M2 4.5h3l6 7h3M2 11.5h3l6-7h3M12 2.5l2 2-2 2M12 9.5l2 2-2 2', 'stroke', BLUE]],
  information_source: [
    [disc, 'fill', BLUE],
    ['M8 7.5v4M8 4.6v.1', 'stroke', '#fff'],
  ],
  question: [['M5.5 5.5a2.5 2.5 0 1 1 3.6 2.3C8.3 8.3 8 8.7 8 9.8M8 12.6v.1', 'stroke', GREY]],
  grey_question: [['M5.5 5.5a2.5 2.5 0 1 1 3.6 2.3C8.3 8.3 8 8.7 8 9.8M8 12.6v.1', 'stroke', GREY]],
  bell: [['M4 11V7.5a4 4 0 0 1 8 0V11l1 1.5H3zM7 14h2', 'stroke', AMBER]],
  no_bell: [['M4 11V7.5a4 4 0 0 1 8 0V11l1 1.5H3zM2 2l12 12', 'stroke', GREY]],
  wastebasket: [['M3 4.5h10M6 4.5V2.5h4v2M4.2 4.5l.8 9h6l.8-9', 'stroke', GREY]],
  lock: [['M4 7.5h8v6H4zM5.5 7.5V5.2a2.5 2.5 0 0 1 5 0v2.3', 'stroke', GREY]],
  link: [
    ['M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 0 1 4.3 4.3L11.3 8.8M9 11.5 7.5 13a3 3 0 0 1-4.3-4.3L4.7 7.2', 'stroke', BLUE],
  ],
  eyes: [['M4.5 4a2 3.5 0 1 0 0 8 2 3.5 0 0 0 0-8zM11.5 4a2 3.5 0 1 0 0 8 2 3.5 0 0 0 0-8z', 'stroke', GREY]],
  satellite: [['M3 13a8 8 0 0 1 0-10M5.5 10.5a4.5 4.5 0 0 1 0-5M10 8h.1M9 13h4', 'stroke', BLUE]],
  package: [['M2.5 5 8 2l5.5 3v6.5L8 14.5 2.5 11.5zM2.5 5 8 8l5.5-3M8 8v6.5', 'stroke', AMBER]],
  pause_button: [['M4 3h3v10H4zM9 3h3v10H9z', 'fill', AMBER]],
  large_green_circle: [[disc, 'fill', GREEN]],
  green_circle: [[disc, 'fill', GREEN]],
  red_circle: [[disc, 'fill', RED]],
  large_yellow_circle: [[disc, 'fill', '#e8a33d']],
  large_orange_circle: [[disc, 'fill', '#d9730d']],
  large_blue_circle: [[disc, 'fill', BLUE]],
  white_circle: [[disc, 'stroke', GREY]],
  black_circle: [[disc, 'fill', '#1d1c1d']],
};

/** The same pictures for the characters themselves. */
const characters = new Map([
  ['✅', 'white_check_mark'],
  ['✔', 'heavy_check_mark'],
  ['❌', 'x'],
  ['✘', 'x'],
  ['✗', 'x'],
  ['⊘', 'no_entry_sign'],
  ['⛔', 'no_entry'],
  ['🚫', 'no_entry_sign'],
  ['🛑', 'octagonal_sign'],
  ['⚠', 'warning'],
  ['🚨', 'rotating_light'],
  ['⌛', 'hourglass'],
  ['⏳', 'hourglass_flowing_sand'],
  ['🕒', 'clock3'],
  ['🔍', 'mag'],
  ['🔎', 'mag'],
  ['📧', 'email'],
  ['✉', 'email'],
  ['📨', 'incoming_envelope'],
  ['📥', 'inbox_tray'],
  ['📤', 'outbox_tray'],
  ['↩', 'leftwards_arrow_with_hook'],
  ['🔄', 'arrows_counterclockwise'],
  ['🔁', 'repeat'],
  ['🔀', 'twisted_rightwards_arrows'],
  ['ℹ', 'information_source'],
  ['❓', 'question'],
  ['❔', 'grey_question'],
  ['🔔', 'bell'],
  ['🔕', 'no_bell'],
  ['🗑', 'wastebasket'],
  ['🔒', 'lock'],
  ['🔗', 'link'],
  ['👀', 'eyes'],
  ['📡', 'satellite'],
  ['📦', 'package'],
  ['⏸', 'pause_button'],
  ['🟢', 'green_circle'],
  ['🔴', 'red_circle'],
  ['🟡', 'large_yellow_circle'],
  ['🟠', 'large_orange_circle'],
  ['🔵', 'large_blue_circle'],
  ['⚪', 'white_circle'],
  ['⚫', 'black_circle'],
]);

const CHARACTER = new RegExp(`(?:${[...characters.keys()].join('|')})\\uFE0F?`, 'gu');

/** A picture that reads as `:name:`; null for names that are not drawn here. */
export const emoji = (name) =>
  Object.hasOwn(drawn, name)
    ? h('span.emoji', { role: 'img', 'aria-label': `:${name}:`, title: `:${name}:` }, svg(drawn[name]))
    : null;

/** Text with the drawn emoji in place of the characters. */
export const withEmoji = (text) => {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(CHARACTER)) {
    nodes.push(text.slice(from, found.index), emoji(characters.get(found[0].replace('\uFE0F', ''))));
    from = found.index + found[0].length;
  }
  nodes.push(text.slice(from));
  return nodes.filter((node) => node !== '');
};
