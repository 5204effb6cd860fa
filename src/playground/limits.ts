/** What Slack allows. Every number names its source: a docs.slack.dev page, or where it was observed. */

/** Acknowledge commands, actions, shortcuts and views: /tools/bolt-js/concepts/acknowledge. */
export const ACK_TIMEOUT_MS = 3_000;
/** A trigger opens one view, once: /surfaces/modals. */
export const TRIGGER_TTL_MS = 3_000;
/** /interactivity/implementing-slash-commands: five uses in thirty minutes. */
export const RESPONSE_URL_USES = 5;
export const RESPONSE_URL_TTL_MS = 30 * 60_000;
/** Events API retries: at once, after one minute, after five: /apis/events-api. */
export const EVENT_RETRY_DELAYS_MS: readonly number[] = [0, 60_000, 300_000];
/** /apis/events-api/using-socket-mode. */
export const MAX_SOCKETS = 10;
/** The ticket in the Socket Mode address. Slack names no number; 30 s is what its clients were seen to manage with. */
export const SOCKET_TICKET_TTL_MS = 30_000;

/** chat.postMessage cuts longer texts and answers ok: changelog 2018-04, truncating really long messages. */
export const POST_TEXT_MAX = 40_000;
/** chat.update refuses longer texts with `msg_too_long`: /reference/methods/chat.update. */
export const UPDATE_TEXT_MAX = 4_000;
/**
 * Observed, not documented (slackapi/bolt-js#2509): 13,297 characters in one block pass; a further divider costs 125.
 * Past it: `msg_blocks_too_long`.
 */
export const BLOCKS_TEXT_MAX = 13_422;
export const BLOCK_OVERHEAD = 125;
/** /reference/block-kit/blocks. */
export const MESSAGE_BLOCKS_MAX = 50;
export const VIEW_BLOCKS_MAX = 100;
/** A view as JSON; larger: `view_too_large`, /reference/methods/views.open. */
export const VIEW_BYTES_MAX = 250_000;
/** Three views, the root included: /surfaces/modals. */
export const VIEW_STACK_MAX = 3;

/** One message per second and channel, "short bursts allowed": /apis/web-api/rate-limits. The size of a burst is ours. */
export const POSTS_PER_SECOND = 1;
export const POST_BURST = 5;

/** Bounds of the double itself, so that a run of days stays small. The oldest goes first. */
export const KEPT_MESSAGES_PER_CHANNEL = 2_000;
export const KEPT_CALLS = 10_000;
export const KEPT_FILES = 500;
export const KEPT_REVISIONS = 50;
export const BODY_MAX_BYTES = 2_000_000;
export const UPLOAD_MAX_BYTES = 20_000_000;
