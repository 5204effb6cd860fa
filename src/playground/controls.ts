/** The controls of a message or view, and what using one says on the wire. */
import { type JsonObject, objectsOf, textOf } from './json.js';

/** What the person did cannot be done here: no such channel, message, button or view. A mistake of the caller. */
export class ImpossibleAct extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ImpossibleAct';
  }
}

/** How a control was used: `value` for text and pickers, `options` (their values) for selects and boxes. */
export type Input = Readonly<{ value?: string | null; options?: readonly string[] }>;

export type ActedOn = Readonly<{ blockId?: string; actionId: string; input?: Input }>;

/** The control with this action id. @throws ImpossibleAct when there is none. */
export const findElement = (blocks: readonly JsonObject[], { blockId, actionId }: ActedOn): JsonObject => {
  const elements = blocks.flatMap((block) => {
    const own = [...objectsOf(block['elements']), ...objectsOf([block['accessory'], block['element']])];
    const nested = objectsOf(block['child_blocks']).flatMap((child) => objectsOf(child['elements']));
    const at = { block_id: block['block_id'] };
    return [...own, ...nested]
      .filter((element) => element['action_id'] !== undefined)
      .map((element) => ({ ...element, ...at }));
  });
  const found = elements.find(
    (element: JsonObject) =>
      element['action_id'] === actionId && (blockId === undefined || element['block_id'] === blockId),
  );
  if (found !== undefined) return found;
  const known = elements.map((element: JsonObject) => String(element['action_id'])).join(', ');
  throw new ImpossibleAct(`No element with action_id ${actionId} here. There are: ${known || 'none'}.`);
};

const optionsOf = (element: JsonObject): readonly JsonObject[] => [
  ...objectsOf(element['options']),
  ...objectsOf(element['option_groups']).flatMap((group) => objectsOf(group['options'])),
];

/** The part of an action, or of a view's state, that says what was chosen. */
export const chosen = (element: JsonObject, input: Input): JsonObject => {
  const type = textOf(element['type']);
  const picked = optionsOf(element).filter((option) => input.options?.includes(textOf(option['value'])) === true);
  const value = input.value ?? null;
  switch (type) {
    case 'button':
      return element['value'] === undefined ? {} : { value: element['value'] };
    case 'static_select':
    case 'radio_buttons':
    case 'overflow':
      return { selected_option: picked[0] ?? null };
    case 'multi_static_select':
    case 'checkboxes':
      return { selected_options: picked };
    case 'users_select':
      return { selected_user: value };
    case 'channels_select':
      return { selected_channel: value };
    case 'conversations_select':
      return { selected_conversation: value };
    case 'multi_conversations_select':
      return { selected_conversations: input.options ?? [] };
    case 'datepicker':
      return { selected_date: value };
    case 'timepicker':
      return { selected_time: value };
    default:
      return { value };
  }
};
