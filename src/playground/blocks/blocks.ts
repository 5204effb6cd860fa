/** Block Kit's rules for a list of blocks: /reference/block-kit/blocks. What Slack would refuse is refused, in its words. */
import { isObject, type JsonObject, objectsOf, textOf } from '../json.js';
import { BLOCK_OVERHEAD, BLOCKS_TEXT_MAX, MESSAGE_BLOCKS_MAX, VIEW_BLOCKS_MAX } from '../limits.js';
import {
  anyText,
  checkItems,
  checkKeys,
  checkOptionalString,
  checkOptionalText,
  checkString,
  checkText,
  plainText,
  type Report,
  renderProblem,
  type Surface,
} from './check.js';
import { checkAccessory, checkActionElement, checkImageElement, checkInputElement } from './elements.js';
import { checkRichText } from './rich-text.js';
import { checkTable } from './table.js';

type Rule = Readonly<{
  surfaces: readonly Surface[];
  keys: readonly string[];
  check: (block: JsonObject, at: string, report: Report, context: BlockContext) => void;
}>;

export type BlockContext = Readonly<{
  surface: Surface;
  /** True when a `slack_file` may be shown: its scan is over (node-slack-sdk#2040). */
  isFileReady: (file: JsonObject) => boolean;
}>;

export type BlockRefusal = Readonly<{ error: string; problems: readonly string[] }>;

const EVERYWHERE: readonly Surface[] = ['message', 'modal', 'home'];

const checkSection: Rule['check'] = (block, at, report) => {
  if (block['text'] === undefined && block['fields'] === undefined) report('missing required field: text', at);
  checkOptionalText(block, 'text', anyText(3000), at, report);
  if (block['fields'] !== undefined) {
    for (const { item, at: here } of checkItems(block, 'fields', { min: 1, max: 10 }, at, report)) {
      checkText(item, anyText(2000), here, report);
    }
  }
  if (block['accessory'] !== undefined) checkAccessory(block['accessory'], `${at}/accessory`, report);
};

const checkContext: Rule['check'] = (block, at, report) => {
  for (const { item, at: here } of checkItems(block, 'elements', { min: 1, max: 10 }, at, report)) {
    if (item['type'] === 'image') checkImageElement(item, here, report);
    else checkText(item, anyText(3000), here, report);
  }
};

const checkActions: Rule['check'] = (block, at, report) => {
  const seen = new Set<string>();
  for (const { item, at: here } of checkItems(block, 'elements', { min: 1, max: 25 }, at, report)) {
    checkActionElement(item, here, report);
    const id = textOf(item['action_id']);
    if (id !== '' && seen.has(id)) report(`action_id "${id}" already exists`, `${here}/action_id`);
    seen.add(id);
  }
};

const checkImage: Rule['check'] = (block, at, report, { isFileReady }) => {
  checkString(block['alt_text'], 2000, `${at}/alt_text`, report);
  checkOptionalText(block, 'title', plainText(2000), at, report);
  const file = block['slack_file'];
  if (file === undefined) {
    checkString(block['image_url'], 3000, `${at}/image_url`, report);
    return;
  }
  if (block['image_url'] !== undefined) report('only one of image_url and slack_file allowed', at);
  if (!isObject(file) || !isFileReady(file)) report('invalid slack file', `${at}/slack_file`);
};

const checkInput: Rule['check'] = (block, at, report) => {
  checkText(block['label'], plainText(2000), `${at}/label`, report);
  checkOptionalText(block, 'hint', plainText(2000), at, report);
  checkInputElement(block['element'], `${at}/element`, report);
};

const checkAlert: Rule['check'] = (block, at, report) => {
  checkText(block['text'], anyText(3000), `${at}/text`, report);
  const level = block['level'] ?? 'default';
  if (!['default', 'info', 'warning', 'error', 'success'].includes(textOf(level))) {
    report('must be a valid enum value', `${at}/level`);
  }
};

const checkContainer: Rule['check'] = (block, at, report, context) => {
  for (const { item, at: here } of checkItems(block, 'child_blocks', { min: 1, max: 10 }, at, report)) {
    checkBlock(item, here, report, context);
  }
};

const nothingMore: Rule['check'] = () => undefined;

const rules: Readonly<Record<string, Rule>> = {
  section: { surfaces: EVERYWHERE, keys: ['text', 'fields', 'accessory', 'expand'], check: checkSection },
  header: {
    surfaces: EVERYWHERE,
    keys: ['text', 'level'],
    check: (block, at, report) => checkText(block['text'], plainText(150), `${at}/text`, report),
  },
  divider: { surfaces: EVERYWHERE, keys: [], check: nothingMore },
  context: { surfaces: EVERYWHERE, keys: ['elements'], check: checkContext },
  actions: { surfaces: EVERYWHERE, keys: ['elements'], check: checkActions },
  image: { surfaces: EVERYWHERE, keys: ['image_url', 'slack_file', 'alt_text', 'title'], check: checkImage },
  input: {
    surfaces: EVERYWHERE,
    keys: ['label', 'element', 'hint', 'optional', 'dispatch_action'],
    check: checkInput,
  },
  rich_text: { surfaces: EVERYWHERE, keys: ['elements'], check: checkRichText },
  table: { surfaces: ['message'], keys: ['rows', 'column_settings'], check: checkTable },
  markdown: {
    surfaces: ['message'],
    keys: ['text'],
    check: (block, at, report) => checkString(block['text'], 12_000, `${at}/text`, report),
  },
  alert: { surfaces: ['modal'], keys: ['text', 'level'], check: checkAlert },
  container: {
    surfaces: ['message'],
    keys: ['title', 'subtitle', 'child_blocks', 'is_collapsible', 'is_initially_collapsed', 'icon'],
    check: checkContainer,
  },
};

/** Kinds the double does not look into: nothing of ours sends them. They are accepted where Slack takes them. */
const unchecked: Readonly<Record<string, readonly Surface[]>> = {
  data_table: ['message'],
  data_visualization: ['message'],
  card: EVERYWHERE,
  carousel: ['message', 'home'],
  context_actions: ['message'],
  task_card: ['message'],
  plan: ['message'],
  file: ['message'],
  video: EVERYWHERE,
};

const checkBlock = (block: JsonObject, at: string, report: Report, context: BlockContext): void => {
  const type = String(block['type']);
  const rule = Object.hasOwn(rules, type) ? rules[type] : undefined;
  const surfaces = rule?.surfaces ?? (Object.hasOwn(unchecked, type) ? unchecked[type] : undefined);
  if (surfaces === undefined) {
    report(`unsupported type: ${type.slice(0, 100)}`, `${at}/type`);
    return;
  }
  if (!surfaces.includes(context.surface)) {
    report(`${type} is not allowed in a ${context.surface}`, at);
    return;
  }
  checkOptionalString(block, 'block_id', 255, at, report);
  if (rule === undefined) return;
  checkKeys(block, ['type', 'block_id', ...rule.keys], at, report);
  rule.check(block, at, report, context);
};

const checkBlockIds = (blocks: readonly JsonObject[], pointer: string, report: Report): void => {
  const seen = new Set<string>();
  for (const [index, block] of blocks.entries()) {
    const id = textOf(block['block_id']);
    if (id !== '' && seen.has(id)) report(`block_id "${id}" already exists`, `${pointer}/${index}/block_id`);
    seen.add(id);
  }
};

/** Characters of all `text` strings below `value`. */
const textLength = (value: unknown): number => {
  if (Array.isArray(value))
    return (value as readonly unknown[]).reduce<number>((sum, item) => sum + textLength(item), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, item]) => sum + (key === 'text' && typeof item === 'string' ? item.length : textLength(item)),
    0,
  );
};

const isTable = (block: JsonObject): boolean => block['type'] === 'table' || block['type'] === 'data_table';

const countTables = (blocks: readonly JsonObject[]): number =>
  blocks.reduce((sum, block) => sum + (isTable(block) ? 1 : countTables(objectsOf(block['child_blocks']))), 0);

/** @returns null when Slack would take the blocks. `pointer` is where they stand in the call, such as `/blocks`. */
export const refuseBlocks = (blocks: unknown, pointer: string, context: BlockContext): BlockRefusal | null => {
  if (!Array.isArray(blocks)) return { error: 'invalid_blocks_format', problems: [] };
  const problems: string[] = [];
  const report: Report = (problem, at) => void problems.push(renderProblem(problem, at));
  const max = context.surface === 'message' ? MESSAGE_BLOCKS_MAX : VIEW_BLOCKS_MAX;
  const items = checkItems(
    { blocks: blocks as unknown },
    'blocks',
    { min: 0, max },
    pointer.replace(/\/blocks$/, ''),
    report,
  );
  for (const { item, at } of items) checkBlock(item, at, report, context);
  const objects = items.map(({ item }) => item);
  checkBlockIds(objects, pointer, report);
  if (problems.length > 0) return { error: 'invalid_blocks', problems };
  if (context.surface !== 'message') return null;
  if (countTables(objects) > 1) return { error: 'invalid_attachments', problems: ['only_one_table_allowed'] };
  if (textLength(objects) + objects.length * BLOCK_OVERHEAD > BLOCKS_TEXT_MAX) {
    return { error: 'msg_blocks_too_long', problems: [] };
  }
  return null;
};
