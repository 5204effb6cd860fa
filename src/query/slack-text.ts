/** What Slack does to the text of a command, undone. Source: docs.slack.dev, "Formatting message text". */

const MENTION = /<(?:@[UW][A-Z0-9]+|#[CDG][A-Z0-9]+|!(?:here|channel|everyone|subteam\^S[A-Z0-9]+|date\^\d+\^))[^>]*>/;
/** `<mailto:a@b|a@b>`, `<http://x.example|x.example>`, `<https://x.example/>`. */
const LINK = /<((?:mailto|https?|ftp|tel):[^|>\s]*)(?:\|([^>]*))?>/g;
const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/** The first mention of a person, channel or group, as Slack wrote it; null when there is none. */
export const findMention = (text: string): string | null => MENTION.exec(text)?.[0] ?? null;

/**
 * The text as it was typed: automatic links give way to what they show, `&lt; &gt; &amp;` to their characters.
 * @example unwrapSlackText('from:<mailto:ann@x.example|ann@x.example>') // from:ann@x.example
 */
export const unwrapSlackText = (text: string): string =>
  text
    .replace(
      LINK,
      (_link, target: string, label: string | undefined) => label ?? target.replace(/^(?:mailto|tel):/, ''),
    )
    .replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]!);
