/** The external upload: files.getUploadURLExternal → POST of the bytes → files.completeUploadExternal. */
import { randomBytes } from 'node:crypto';
import type { Core } from '../core.js';
import { type JsonObject, objectsOf, textOf } from '../json.js';
import { UPLOAD_MAX_BYTES } from '../limits.js';
import { wireFile } from '../wire-format.js';
import { newId, type SlackFile } from '../workspace.js';
import { findThread, readContent } from './chat.js';
import {
  ApiRefusal,
  argList,
  argText,
  invalidArguments,
  joinedConversation,
  type Method,
  page,
  TIER,
} from './method.js';

const getUploadUrl: Method['run'] = (args, core) => {
  const length = Number(argText(args, 'length'));
  if (!Number.isInteger(length) || length < 1)
    throw invalidArguments(['must be a positive integer [json-pointer:/length]']);
  if (length > UPLOAD_MAX_BYTES) throw new ApiRefusal('file_upload_size_restricted');
  const name = argText(args, 'filename') ?? '';
  const file: SlackFile = {
    id: newId('F'),
    uploadToken: randomBytes(16).toString('hex'),
    name,
    title: name,
    declaredBytes: length,
    // Slack documents alt_txt; its Node SDK sends alt_text.
    altText: argText(args, 'alt_txt') ?? argText(args, 'alt_text') ?? '',
    createdAtMs: core.now(),
    bytes: null,
    uploadedAs: null,
    isCompleted: false,
    isReady: false,
    shares: [],
  };
  core.workspace.addFile(file);
  return { ok: true, upload_url: `${core.url()}/upload/v1/${file.uploadToken}`, file_id: file.id };
};

const uploadedFile = (core: Core, id: string): SlackFile => {
  const file = core.workspace.files.get(id);
  if (file?.bytes == null || file.isCompleted) throw new ApiRefusal('file_not_found');
  return file;
};

type Share = Readonly<{
  channelIds: readonly string[];
  threadTs: string | null;
  text: string;
  blocks: readonly JsonObject[];
}>;

/** Shares appear later than the answer: sharing and scanning go on in the background. */
const shareLater = (core: Core, files: readonly SlackFile[], { channelIds, threadTs, text, blocks }: Share): void => {
  const { workspace, settings } = core;
  const fileIds = files.map(({ id }) => id);
  core.later(settings.shareDelayMs, () => {
    for (const channelId of channelIds) {
      const thread = findThread(core, channelId, threadTs);
      const userId = workspace.world.botUserId;
      const message = workspace.post({ channelId, userId, text, blocks, threadTs: thread, fileIds });
      for (const file of files) file.shares.push({ channelId, ts: message.ts, threadTs: thread });
    }
  });
};

const scanLater = (core: Core, files: readonly SlackFile[]): void =>
  core.later(core.settings.scanDelayMs, () => {
    for (const file of files) {
      file.isReady = true;
      core.workspace.announce({ kind: 'file', file });
    }
  });

const complete: Method['run'] = (args, core) => {
  const wanted = objectsOf(args['files']);
  if (wanted.length === 0) throw invalidArguments(['missing required field: files']);
  const files = wanted.map(({ id }) => uploadedFile(core, textOf(id)));
  const channelIds = [...argList(args, 'channel_id'), ...argList(args, 'channels')].map(
    (id) => joinedConversation(core, id).id,
  );
  const threadTs = argText(args, 'thread_ts');
  if (threadTs !== null && channelIds.length > 1) throw new ApiRefusal('invalid_arguments');
  const text = argText(args, 'initial_comment') ?? '';
  // "If the initial_comment field is provided, the blocks field is ignored."
  const hasBlocks = text === '' && args['blocks'] !== undefined;
  const blocks = hasBlocks ? readContent(core, { blocks: args['blocks'] }).blocks : [];
  for (const [index, file] of files.entries()) {
    const title = textOf(wanted[index]?.['title']);
    if (title !== '') file.title = title;
    file.isCompleted = true;
  }
  shareLater(core, files, { channelIds, threadTs, text, blocks });
  scanLater(core, files);
  return { ok: true, files: files.map((file) => wireFile(file, core.workspace, core.url())) };
};

const info: Method['run'] = (args, core) => {
  const file = core.workspace.files.get(argText(args, 'file') ?? '');
  if (file?.isCompleted !== true) throw new ApiRefusal('file_not_found');
  const { response_metadata } = page([], args, { limit: 20, max: 100 });
  const wire = wireFile(file, core.workspace, core.url());
  return { ok: true, file: wire, comments: [], response_metadata };
};

export const fileMethods: Readonly<Record<string, Method>> = {
  'files.getUploadURLExternal': {
    token: 'bot',
    scopes: ['files:write'],
    perMinute: TIER.four,
    required: ['filename', 'length'],
    optional: ['alt_txt', 'alt_text', 'snippet_type'],
    run: getUploadUrl,
  },
  'files.completeUploadExternal': {
    token: 'bot',
    scopes: ['files:write'],
    perMinute: TIER.four,
    required: ['files'],
    optional: ['channel_id', 'channels', 'initial_comment', 'thread_ts', 'blocks'],
    run: complete,
  },
  'files.info': {
    token: 'bot',
    scopes: ['files:read'],
    perMinute: TIER.four,
    required: ['file'],
    optional: ['cursor', 'limit', 'page', 'count'],
    run: info,
  },
};
