/** What Slack makes of typed text before an app sees it: /messaging/formatting-message-text#parsing. */
import type { Workspace } from './workspace.js';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Bound on what is looked at as one address or link; longer ones stay as typed. */
const PIECE = /https?:\/\/[^\s<>|]{1,2000}|[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|[@#][\w.-]{1,80}/g;

/** Escapes `& < >`, and writes links, addresses, people and channels as `<…>`. */
export const encodeTyped = (text: string, { world, conversations }: Workspace): string => {
  const people = new Map([...world.users.map(({ name, id }) => [name, id] as const), [world.botName, world.botUserId]]);
  const channels = new Map([...conversations.values()].map(({ name, id }) => [name, id] as const));
  const escaped = text.replace(/[&<>]/g, (character) => ESCAPES[character] ?? character);
  return escaped.replace(PIECE, (piece) => {
    if (piece.startsWith('http')) return `<${piece}>`;
    const name = piece.slice(1);
    if (piece.startsWith('@')) return people.has(name) ? `<@${people.get(name)}>` : piece;
    if (piece.startsWith('#')) return channels.has(name) ? `<#${channels.get(name)}|${name}>` : piece;
    return `<mailto:${piece}|${piece}>`;
  });
};
