/** Interactive elements: /reference/block-kit/block-elements. */
import { isObject, type JsonObject } from '../json.js';
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
  type TextRule,
} from './check.js';

type Check = (element: JsonObject, at: string, report: Report) => void;

const CONFIRM_KEYS = ['title', 'text', 'confirm', 'deny', 'style'];

const checkConfirm = (element: JsonObject, at: string, report: Report): void => {
  const confirm = element['confirm'];
  if (confirm === undefined) return;
  const here = `${at}/confirm`;
  if (!isObject(confirm)) {
    report('must be an object', here);
    return;
  }
  checkKeys(confirm, CONFIRM_KEYS, here, report);
  checkText(confirm['title'], plainText(100), `${here}/title`, report);
  checkText(confirm['text'], anyText(300), `${here}/text`, report);
  checkText(confirm['confirm'], plainText(30), `${here}/confirm`, report);
  checkText(confirm['deny'], plainText(30), `${here}/deny`, report);
};

const COMMON_KEYS = ['type', 'action_id', 'confirm', 'focus_on_load'];

const withCommon =
  (keys: readonly string[], check: Check): Check =>
  (element, at, report) => {
    checkKeys(element, [...COMMON_KEYS, ...keys], at, report);
    checkOptionalString(element, 'action_id', 255, at, report);
    checkOptionalText(element, 'placeholder', plainText(150), at, report);
    checkConfirm(element, at, report);
    check(element, at, report);
  };

const checkButton: Check = (element, at, report) => {
  checkText(element['text'], plainText(75), `${at}/text`, report);
  checkOptionalString(element, 'value', 2000, at, report);
  checkOptionalString(element, 'url', 3000, at, report);
  checkOptionalString(element, 'accessibility_label', 75, at, report);
  if (element['style'] !== undefined && element['style'] !== 'primary' && element['style'] !== 'danger') {
    report('must be a valid enum value', `${at}/style`);
  }
};

const OPTION_KEYS = ['text', 'value', 'description', 'url'];

const checkOption = (option: JsonObject, text: TextRule, at: string, report: Report): void => {
  checkKeys(option, OPTION_KEYS, at, report);
  checkText(option['text'], text, `${at}/text`, report);
  checkString(option['value'], 150, `${at}/value`, report);
  checkOptionalText(option, 'description', anyText(75), at, report);
};

const withOptions =
  (max: number, text: TextRule): Check =>
  (element, at, report) => {
    if (element['option_groups'] === undefined) {
      for (const { item, at: here } of checkItems(element, 'options', { min: 1, max }, at, report)) {
        checkOption(item, text, here, report);
      }
      return;
    }
    for (const { item, at: here } of checkItems(element, 'option_groups', { min: 1, max }, at, report)) {
      checkText(item['label'], plainText(75), `${here}/label`, report);
      for (const { item: option, at: place } of checkItems(item, 'options', { min: 1, max }, here, report)) {
        checkOption(option, text, place, report);
      }
    }
  };

const nothingMore: Check = () => undefined;

const checkLength: Check = (element, at, report) => {
  const max = element['max_length'];
  if (max !== undefined && (typeof max !== 'number' || max < 1 || max > 3000)) {
    report('must be between 1 and 3000', `${at}/max_length`);
  }
};

const select = ['placeholder', 'options', 'option_groups', 'initial_option', 'initial_options', 'max_selected_items'];
const conversations = [
  'placeholder',
  'initial_user',
  'initial_users',
  'initial_conversation',
  'initial_conversations',
  'initial_channel',
  'initial_channels',
  'default_to_current_conversation',
  'max_selected_items',
  'response_url_enabled',
  'filter',
];
const input = ['placeholder', 'initial_value', 'dispatch_action_config'];
const picked = withCommon(conversations, nothingMore);
const chosen = withCommon(select, withOptions(100, plainText(75)));

/** Elements that act in `actions` and as accessories. */
const acting: Readonly<Record<string, Check>> = {
  button: withCommon(['text', 'value', 'url', 'style', 'accessibility_label'], checkButton),
  overflow: withCommon(['options'], withOptions(5, plainText(75))),
  static_select: chosen,
  multi_static_select: chosen,
  external_select: withCommon(['placeholder', 'initial_option', 'min_query_length'], nothingMore),
  users_select: picked,
  multi_users_select: picked,
  conversations_select: picked,
  multi_conversations_select: picked,
  channels_select: picked,
  multi_channels_select: picked,
  checkboxes: withCommon(['options', 'initial_options'], withOptions(10, anyText(75))),
  radio_buttons: withCommon(['options', 'initial_option'], withOptions(10, anyText(75))),
  datepicker: withCommon(['placeholder', 'initial_date'], nothingMore),
  timepicker: withCommon(['placeholder', 'initial_time', 'timezone'], nothingMore),
  datetimepicker: withCommon(['initial_date_time'], nothingMore),
};

/** Elements for `input` blocks only. */
const typing: Readonly<Record<string, Check>> = {
  plain_text_input: withCommon([...input, 'multiline', 'min_length', 'max_length'], checkLength),
  number_input: withCommon([...input, 'is_decimal_allowed', 'min_value', 'max_value'], nothingMore),
  email_text_input: withCommon(input, nothingMore),
  url_text_input: withCommon(input, nothingMore),
  rich_text_input: withCommon(['placeholder', 'initial_value', 'dispatch_action_config'], nothingMore),
  file_input: withCommon(['filetypes', 'max_files'], nothingMore),
};

/** An image inside a section or context. */
export const checkImageElement = (element: JsonObject, at: string, report: Report): void => {
  checkKeys(element, ['type', 'image_url', 'slack_file', 'alt_text'], at, report);
  checkString(element['alt_text'], 2000, `${at}/alt_text`, report);
  if (element['slack_file'] === undefined) checkString(element['image_url'], 3000, `${at}/image_url`, report);
};

const checkOneOf = (known: Readonly<Record<string, Check>>, element: unknown, at: string, report: Report): void => {
  if (!isObject(element)) {
    report('must be an object', at);
    return;
  }
  const type = String(element['type']);
  const check = Object.hasOwn(known, type) ? known[type] : undefined;
  if (check === undefined) {
    report(`unsupported type: ${type.slice(0, 100)}`, `${at}/type`);
    return;
  }
  check(element, at, report);
};

export const checkActionElement = (element: unknown, at: string, report: Report): void =>
  checkOneOf(acting, element, at, report);

export const checkAccessory = (element: unknown, at: string, report: Report): void =>
  checkOneOf({ ...acting, image: checkImageElement }, element, at, report);

export const checkInputElement = (element: unknown, at: string, report: Report): void =>
  checkOneOf({ ...acting, ...typing }, element, at, report);
