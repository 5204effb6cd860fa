/** rich_text: /reference/block-kit/blocks/rich-text-block. */
import type { JsonObject } from '../json.js';
import { checkItems, checkKeys, checkString, type Report } from './check.js';

const MANY = 1_000;
const MAX_INDENT = 8;

const inlineKeys: Readonly<Record<string, readonly string[]>> = {
  text: ['type', 'text', 'style'],
  link: ['type', 'url', 'text', 'unsafe', 'style'],
  emoji: ['type', 'name', 'unicode', 'skin_tone', 'style'],
  user: ['type', 'user_id', 'style'],
  usergroup: ['type', 'usergroup_id', 'style'],
  channel: ['type', 'channel_id', 'style'],
  broadcast: ['type', 'range', 'style'],
  date: ['type', 'timestamp', 'format', 'url', 'fallback', 'style'],
  color: ['type', 'value', 'style'],
};

const requiredString: Readonly<Record<string, string>> = {
  text: 'text',
  link: 'url',
  emoji: 'name',
  user: 'user_id',
  usergroup: 'usergroup_id',
  channel: 'channel_id',
  broadcast: 'range',
  color: 'value',
};

const checkInline = (item: JsonObject, at: string, report: Report): void => {
  const type = String(item['type']);
  const keys = inlineKeys[type];
  if (keys === undefined) {
    report(`unsupported type: ${type.slice(0, 100)}`, `${at}/type`);
    return;
  }
  checkKeys(item, keys, at, report);
  const key = requiredString[type];
  if (key !== undefined) checkString(item[key], 40_000, `${at}/${key}`, report);
};

const checkSection = (section: JsonObject, at: string, report: Report): void => {
  for (const { item, at: here } of checkItems(section, 'elements', { min: 0, max: MANY }, at, report)) {
    checkInline(item, here, report);
  }
};

const checkList = (list: JsonObject, at: string, report: Report): void => {
  if (list['style'] !== 'bullet' && list['style'] !== 'ordered') report('must be a valid enum value', `${at}/style`);
  const indent = list['indent'] ?? 0;
  if (typeof indent !== 'number' || indent < 0 || indent > MAX_INDENT) {
    report(`must be between 0 and ${MAX_INDENT}`, `${at}/indent`);
  }
  for (const { item, at: here } of checkItems(list, 'elements', { min: 1, max: MANY }, at, report)) {
    if (item['type'] !== 'rich_text_section') report('unsupported type', `${here}/type`);
    else checkSection(item, here, report);
  }
};

/** A rich_text block, or a rich_text cell of a table. */
export const checkRichText = (block: JsonObject, at: string, report: Report): void => {
  checkKeys(block, ['type', 'block_id', 'elements'], at, report);
  for (const { item, at: here } of checkItems(block, 'elements', { min: 1, max: MANY }, at, report)) {
    switch (item['type']) {
      case 'rich_text_section':
      case 'rich_text_quote':
      case 'rich_text_preformatted':
        checkSection(item, here, report);
        break;
      case 'rich_text_list':
        checkList(item, here, report);
        break;
      default:
        report(`unsupported type: ${String(item['type']).slice(0, 100)}`, `${here}/type`);
    }
  }
};
