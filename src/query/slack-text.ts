/** What Slack does to the text of a command, undone. Source: docs.slack.dev, "Formatting message text". */

/** `<mailto:a@b|a@b>`, `<http://x.example|x.example>`, `<https://x.example/>`. */
const LINK = /<((?:mailto|https?|ftp|tel):[^|>\s]*)(?:\|([^>]*))?>/g;
const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/**
 * A mention (`<!channel>`, `<@U123>`) stays as it is: keywords are literal text, and a log may hold even that.
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
