/** Block Kit as elements. A block that is not drawn here says its name instead of vanishing. */
import { renderControl } from './controls.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { openLightbox } from './lightbox.js';
import { renderMrkdwn, renderRichText, renderText } from './text.js';

const imageOf = (source, context) => {
  const fileId = source.slack_file?.id;
  if (fileId) return h('img', { src: context.fileUrl(fileId), alt: source.alt_text, loading: 'lazy' });
  // The page loads nothing from elsewhere.
  return h('span.image-elsewhere', {}, icon('file'), `Picture at ${source.image_url}: ${source.alt_text}`);
};

const renderCell = (cell, tag, setting, context) => {
  const classes = [setting?.is_wrapped ? 'is-wrapped' : '', setting?.align ? `is-${setting.align}` : ''].filter(
    Boolean,
  );
  const scope = tag === 'th' ? { scope: 'col' } : {};
  const content = cell.type === 'rich_text' ? renderRichText(cell, context) : (cell.text ?? String(cell.value ?? ''));
  return h([tag, ...classes].join('.'), scope, content);
};

const tableElement = (block, context) => {
  const [head, ...rows] = block.rows;
  const settings = block.column_settings ?? [];
  const row = (cells, tag) =>
    h(
      'tr',
      {},
      cells.map((cell, column) => renderCell(cell, tag, settings[column], context)),
    );
  return h(
    'table',
    {},
    h('thead', {}, row(head, 'th')),
    h(
      'tbody',
      {},
      rows.map((cells) => row(cells, 'td')),
    ),
  );
};

const renderTable = (block, context) =>
  h(
    'figure.table',
    {},
    h('div.table-scroll', { tabindex: '0', role: 'region', 'aria-label': 'Table' }, tableElement(block, context)),
    h(
      'button.table-open',
      { type: 'button', onclick: () => openLightbox('Table', h('div.table', {}, tableElement(block, context))) },
      icon('expand'),
      'Open full table',
    ),
  );

const isControl = (element) => element.type !== 'image';

const renderSection = (block, context, act) => {
  const accessory = block.accessory;
  return h(
    'div.section',
    {},
    h(
      'div.section-body',
      {},
      block.text && h('div.text', {}, renderText(block.text, context)),
      block.fields &&
        h(
          'div.fields',
          {},
          block.fields.map((field) => h('div.text', {}, renderText(field, context))),
        ),
    ),
    accessory &&
      h(
        'div.accessory',
        {},
        isControl(accessory) ? renderControl(accessory, block.block_id, context, act) : imageOf(accessory, context),
      ),
  );
};

const renderInput = (block, context, act) => {
  // Inputs act at once only when the app asked for it.
  const quiet = block.dispatch_action ? act : () => undefined;
  return h(
    'div.field',
    { 'data-block': block.block_id },
    h('label', {}, renderText(block.label, context), block.optional ? h('span.note', {}, ' (optional)') : null),
    renderControl(block.element, block.block_id, context, quiet),
    block.hint && h('div.note', {}, renderText(block.hint, context)),
    h('div.field-error', { role: 'alert' }),
  );
};

const renderers = {
  section: renderSection,
  header: (block, context) => h('h3.header', {}, renderText(block.text, context)),
  divider: () => h('hr'),
  context: (block, context) =>
    h(
      'div.context',
      {},
      block.elements.map((element) =>
        element.type === 'image' ? imageOf(element, context) : h('span', {}, renderText(element, context)),
      ),
    ),
  actions: (block, context, act) =>
    h(
      'div.actions',
      {},
      block.elements.map((element) => renderControl(element, block.block_id, context, act)),
    ),
  image: (block, context) =>
    h(
      'figure.image',
      {},
      block.title && h('figcaption', {}, renderText(block.title, context)),
      imageOf(block, context),
    ),
  rich_text: (block, context) => h('div.text', {}, renderRichText(block, context)),
  table: renderTable,
  input: renderInput,
  markdown: (block, context) => h('div.text', {}, renderMrkdwn(block.text, context)),
  alert: (block, context) =>
    h(`div.alert.is-${block.level ?? 'default'}`, { role: 'note' }, renderText(block.text, context)),
  container: (block, context, act) =>
    h(
      'details.container',
      { open: !block.is_initially_collapsed },
      h('summary', {}, renderText(block.title, context)),
      renderBlocks(block.child_blocks, context, act),
    ),
};

/** `act(element, blockId, input)` is called when something is used. */
export const renderBlocks = (blocks, context, act) =>
  blocks.map((block) =>
    Object.hasOwn(renderers, block.type)
      ? h('div.block', {}, renderers[block.type](block, context, act))
      : h('div.block', {}, h('code', {}, `[${block.type} block]`)),
  );
