/** The rules for a view: /reference/views/modal-views, /reference/views/home-tab-views. */
import { isObject, type JsonObject, objectsOf } from '../json.js';
import { VIEW_BYTES_MAX } from '../limits.js';
import { type BlockContext, type BlockRefusal, refuseBlocks } from './blocks.js';
import {
  checkKeys,
  checkOptionalString,
  checkOptionalText,
  checkText,
  plainText,
  type Report,
  renderProblem,
} from './check.js';

const SHARED_KEYS = ['type', 'blocks', 'private_metadata', 'callback_id', 'external_id'];
const MODAL_KEYS = [...SHARED_KEYS, 'title', 'submit', 'close', 'clear_on_close', 'notify_on_close', 'submit_disabled'];

const checkModal = (view: JsonObject, report: Report): void => {
  checkKeys(view, MODAL_KEYS, '/view', report);
  checkText(view['title'], plainText(24), '/view/title', report);
  checkOptionalText(view, 'submit', plainText(24), '/view', report);
  checkOptionalText(view, 'close', plainText(24), '/view', report);
  const hasInput = objectsOf(view['blocks']).some((block) => block['type'] === 'input');
  if (hasInput && view['submit'] === undefined) report('missing required field: submit', '/view');
};

/** @returns null when Slack would take the view. */
export const refuseView = (
  view: unknown,
  isFileReady: BlockContext['isFileReady'],
  expected: 'modal' | 'home',
): BlockRefusal | null => {
  if (!isObject(view))
    return { error: 'invalid_arguments', problems: ['missing required field: view [json-pointer:/]'] };
  if (JSON.stringify(view).length > VIEW_BYTES_MAX) return { error: 'view_too_large', problems: [] };
  const problems: string[] = [];
  const report: Report = (problem, at) => void problems.push(renderProblem(problem, at));
  if (view['type'] !== expected) report('must be a valid enum value', '/view/type');
  else if (expected === 'modal') checkModal(view, report);
  else checkKeys(view, SHARED_KEYS, '/view', report);
  checkOptionalString(view, 'callback_id', 255, '/view', report);
  checkOptionalString(view, 'external_id', 255, '/view', report);
  // An empty string is fine here, unlike elsewhere.
  if (view['private_metadata'] !== '') checkOptionalString(view, 'private_metadata', 3000, '/view', report);
  const refusal = refuseBlocks(view['blocks'], '/view/blocks', { surface: expected, isFileReady });
  if (refusal !== null) problems.push(...refusal.problems);
  if (refusal === null && problems.length === 0) return null;
  return { error: 'invalid_arguments', problems };
};
