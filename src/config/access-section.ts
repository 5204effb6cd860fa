/** `access`: who may ask what about whose mail (CONTRACT §5). `app/access.ts` evaluates the rules. */
import { z } from 'zod';

const RIGHTS = ['trace', 'search', 'live', 'subscribe', 'admin'] as const;

/** Slack ids: U… and W… people, S… user groups, C… and G… channels. A channel also by `#name`. */
const WHO = /^(?:[UWSCG][A-Z0-9]{2,}|#[^\s#@:]+)$/;

const named = z.string().regex(WHO, 'must be U… (a person), S… (a user group), C… or "#name" (a channel)');

/** In YAML an unquoted # begins a comment: `who: #postmaster` says nothing at all. */
const WHO_HINT = 'must be everyone, or a list of U…, S…, C… and "#channel" (with quotes: # begins a comment)';

const who = z.union([z.literal('everyone'), z.array(named).min(1, WHO_HINT)], WHO_HINT);

const domain = z
  .string()
  .regex(/^@?[^\s@]+\.?$/, 'must be a domain')
  .transform((name) => name.replace(/^@|\.$/g, '').toLowerCase());

const limited = z
  .strictObject({
    domains: z.array(domain).default([]).describe('Mail whose envelope sender or any recipient is in one of these.'),
    clusters: z.array(z.string().min(1)).default([]).describe('What happened on the hosts of these clusters.'),
  })
  .refine(({ domains, clusters }) => domains.length + clusters.length > 0, 'must name a domain or a cluster');

const scope = z.union(
  [z.enum(['all', 'own']), limited],
  'must be all, own (mail from or to the address of the asker), or { domains: […], clusters: […] }',
);

const rule = z
  .strictObject({
    who: who.optional().describe('everyone, or people, user groups and channels.'),
    token_env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
      .optional()
      .describe('Instead of who: the variable that holds an MCP token.'),
    may: z.array(z.enum(RIGHTS)).min(1, 'must name a right').describe('Rights; none implies another.'),
    scope: scope.describe('What of the mail they may see.'),
  })
  .refine((entry) => entry.who !== undefined || entry.token_env !== undefined, { error: WHO_HINT, path: ['who'] });

export const accessSection = z
  .preprocess((value) => value ?? [], z.array(rule))
  .describe('Rules add up; no rule = nobody.');
