import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

/** The published limits of app manifests (docs.slack.dev/reference/app-manifest), for the parts an app like ours can have. */
const manifestSchema = z.strictObject({
  _metadata: z.strictObject({ major_version: z.literal(1) }),
  display_information: z.strictObject({
    name: z.string().min(1).max(35),
    description: z.string().min(1).max(140),
    long_description: z.string().min(175).max(4000),
    background_color: z.string().regex(/^#(?:[0-9a-f]{3}){1,2}$/i),
  }),
  features: z.strictObject({
    app_home: z.strictObject({
      home_tab_enabled: z.boolean(),
      messages_tab_enabled: z.boolean(),
      messages_tab_read_only_enabled: z.boolean(),
    }),
    bot_user: z.strictObject({ display_name: z.string().min(1).max(80), always_online: z.boolean() }),
    slash_commands: z
      .array(
        z.strictObject({
          command: z.string().regex(/^\/\S{1,31}$/),
          description: z.string().min(1).max(2000),
          usage_hint: z.string().max(1000),
          should_escape: z.boolean(),
        }),
      )
      .min(1)
      .max(50),
  }),
  oauth_config: z.strictObject({ scopes: z.strictObject({ bot: z.array(z.string().max(50)).min(1).max(255) }) }),
  settings: z.strictObject({
    interactivity: z.strictObject({ is_enabled: z.literal(true) }),
    org_deploy_enabled: z.boolean(),
    socket_mode_enabled: z.literal(true),
    token_rotation_enabled: z.literal(false),
  }),
});

const manifest = manifestSchema.parse(parse(readFileSync('manifest.yml', 'utf8')));
const scopes = manifest.oauth_config.scopes.bot;

/** The scope each Web API method asks a bot for (its reference page); null = none. */
const SCOPE_OF: Readonly<Record<string, string | null>> = {
  'auth.test': null,
  'apps.connections.open': null,
  'chat.postMessage': 'chat:write',
  'chat.update': 'chat:write',
  'chat.delete': 'chat:write',
  'chat.postEphemeral': 'chat:write',
  'files.getUploadURLExternal': 'files:write',
  'files.completeUploadExternal': 'files:write',
  'conversations.open': 'im:write',
  'users.info': 'users:read',
  'usergroups.users.list': 'usergroups:read',
};

/** Scopes that stand behind something else than a method. */
const WITHOUT_METHOD = ['commands', 'users:read.email'];

const sources = readdirSync('src/slack', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const methods = new Set(
  sources.flatMap((name) =>
    [
      ...readFileSync(join('src/slack', name), 'utf8').matchAll(
        /'((?:auth|apps|chat|files|conversations|users|usergroups)\.[a-zA-Z.]+)'/g,
      ),
    ].map(([, method = '']) => method),
  ),
);

describe('manifest.yml', () => {
  it('names the command and whom it is invited as', () => {
    expect(manifest.features.slash_commands.map(({ command }) => command)).toEqual(['/mailtrace']);
    expect(manifest.features.bot_user.display_name).toBe('mailtrace');
  });

  it('asks for the scopes of the methods in the code, and for no others', () => {
    expect(methods.size).toBeGreaterThan(8);
    expect([...methods].filter((method) => SCOPE_OF[method] === undefined)).toEqual([]);
    const needed = [...methods].flatMap((method) => SCOPE_OF[method] ?? []);
    expect([...scopes].sort()).toEqual([...new Set([...WITHOUT_METHOD, ...needed])].sort());
  });

  it('has every scope explained in docs/slack.md', () => {
    const docs = readFileSync('docs/slack.md', 'utf8');
    expect(scopes.filter((scope) => !docs.includes(`\`${scope}\``))).toEqual([]);
  });
});
