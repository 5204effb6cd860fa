/**
 * Slack's limits for messages as a table of rules, written from Slack's reference (Block Kit, chat.postMessage), not from our
 * code: every reply must pass. The Slack double has checks of its own.
 */

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isJson) : []);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

type Rule = (block: Json) => readonly (string | false)[];

const textObject = (value: unknown, max: number, what: string): readonly (string | false)[] => {
  const object = isJson(value) ? value : {};
  const type = textOf(object['type']);
  const text = textOf(object['text']);
  return [
    type !== 'plain_text' && type !== 'mrkdwn' && `${what} has the type "${type}"`,
    text.length === 0 && `${what} is empty`,
    text.length > max && `${what} has more than ${max} characters`,
    type === 'plain_text' && object['emoji'] !== false && `${what} turns :smile: into a picture`,
  ];
};

const richTextElement: Rule = (element) => {
  const type = textOf(element['type']);
  const style = isJson(element['style']) ? Object.keys(element['style']) : [];
  return [
    // Users, groups, channels, broadcasts and links are element types of their own: none of them may be in a reply.
    type !== 'text' && `rich_text holds an element of type "${type}"`,
    textOf(element['text']).length === 0 && 'a rich_text element is empty',
    style.some((name) => !['bold', 'italic', 'strike', 'code'].includes(name)) && `unknown style ${style.join()}`,
  ];
};

const richTextPart: Rule = (part) => {
  const elements = listOf(part['elements']);
  switch (part['type']) {
    case 'rich_text_section':
      return [elements.length === 0 && 'an empty rich_text_section', ...elements.flatMap(richTextElement)];
    case 'rich_text_list':
      return [elements.length === 0 && 'an empty rich_text_list', ...elements.flatMap(richTextPart)];
    default:
      return [`rich_text holds a "${textOf(part['type'])}"`];
  }
};

const button: Rule = (element) => [
  element['type'] !== 'button' && 'actions hold something that is no button',
  ...textObject(element['text'], 75, 'a button'),
  textOf(element['action_id']).length === 0 && 'a button without action_id',
  textOf(element['action_id']).length > 255 && 'a long action_id',
  textOf(element['value']).length > 2000 && 'a button value of more than 2,000 characters',
  textOf(element['accessibility_label']).length > 75 && 'a long accessibility_label',
];

const tableCell: Rule = (cell) => [
  cell['type'] !== 'raw_text' && 'a cell that is no raw_text',
  textOf(cell['text']).length === 0 && 'an empty cell',
];

const RULES: Readonly<Record<string, Rule>> = {
  rich_text: (block) => {
    const parts = listOf(block['elements']);
    return [parts.length === 0 && 'an empty rich_text', ...parts.flatMap(richTextPart)];
  },
  context: (block) => {
    const elements = listOf(block['elements']);
    return [
      (elements.length === 0 || elements.length > 10) && 'context takes 1 to 10 elements',
      ...elements.flatMap((element) => textObject(element, 3000, 'context')),
    ];
  },
  actions: (block) => {
    const elements = listOf(block['elements']);
    const ids = elements.map((element) => element['action_id']);
    return [
      (elements.length === 0 || elements.length > 25) && 'actions take 1 to 25 elements',
      new Set(ids).size !== ids.length && 'action_id repeats within a block',
      ...elements.flatMap(button),
    ];
  },
  section: (block) => textObject(block['text'], 3000, 'section'),
  divider: () => [],
  table: (block) => {
    const rows = Array.isArray(block['rows']) ? block['rows'].map(listOf) : [];
    const cells = rows.flat();
    return [
      rows.length === 0 && 'a table without rows',
      rows.length > 100 && 'a table of more than 100 rows',
      rows.some((row) => row.length > 20) && 'a row of more than 20 cells',
      new Set(rows.map((row) => row.length)).size > 1 && 'rows of different length',
      listOf(block['column_settings']).length > 20 && 'more than 20 column_settings',
      cells.reduce((sum, cell) => sum + textOf(cell['text']).length, 0) > 10_000 &&
        'more than 10,000 characters in cells',
      ...cells.flatMap(tableCell),
    ];
  },
};

/** What Slack would refuse, or show otherwise than meant; `[]` for a good message. */
export const findFaults = (message: Readonly<{ text: string; blocks: readonly unknown[] }>): readonly string[] => {
  const blocks = listOf(message.blocks);
  const ids = blocks.map((block) => block['block_id']).filter((id) => id !== undefined);
  const faults = [
    message.text === '' && 'no text for notifications',
    message.text.length > 4000 && 'text of more than 4,000 characters',
    /[<>]/.test(message.text) && 'text with an unescaped < or >',
    /&(?!(?:amp|lt|gt);)/.test(message.text) && 'text with an unescaped &',
    blocks.length === 0 && 'no blocks',
    blocks.length > 50 && 'more than 50 blocks',
    blocks.filter(({ type }) => type === 'table').length > 1 && 'only_one_table_allowed',
    JSON.stringify(blocks).length > 12_000 && 'msg_blocks_too_long',
    new Set(ids).size !== ids.length && 'block_id repeats',
    ...blocks.flatMap(
      (block) => RULES[textOf(block['type'])]?.(block) ?? [`a block of type "${textOf(block['type'])}"`],
    ),
  ];
  return [...new Set(faults.filter((fault) => fault !== false))];
};

/** All text a person reads in the blocks, in order: one string for each element or cell. */
export const visibleTexts = (blocks: readonly unknown[]): readonly string[] => {
  const walk = (value: unknown): readonly string[] => {
    if (Array.isArray(value)) return value.flatMap(walk);
    if (!isJson(value)) return [];
    const own = typeof value['text'] === 'string' ? [value['text']] : [];
    return [...own, ...Object.entries(value).flatMap(([key, inner]) => (key === 'style' ? [] : walk(inner)))];
  };
  return walk(blocks);
};

/** The blocks as a person reads them, one line a paragraph, row or list item. */
export const readBlocks = (blocks: readonly unknown[]): string =>
  listOf(blocks)
    .map((block): string => {
      const elements = listOf(block['elements']);
      switch (block['type']) {
        case 'table':
          return (Array.isArray(block['rows']) ? block['rows'] : [])
            .map(
              (row: unknown) =>
                `| ${listOf(row)
                  .map((cell) => textOf(cell['text']))
                  .join(' | ')} |`,
            )
            .join('\n');
        case 'actions':
          return elements.map((element) => `[${visibleTexts([element['text']]).join('')}]`).join(' ');
        case 'rich_text':
          return elements
            .map((part) =>
              part['type'] === 'rich_text_list'
                ? listOf(part['elements'])
                    .map((item) => `• ${visibleTexts([item]).join('')}`)
                    .join('\n')
                : visibleTexts([part]).join(''),
            )
            .join('\n');
        default:
          return `(${visibleTexts([block]).join(' ')})`;
      }
    })
    .join('\n');
