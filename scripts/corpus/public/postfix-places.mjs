// @ts-nocheck Events of the built package in, plain values out.
// Where our model keeps what a Postfix line says: the fields of postfix-grok-patterns by kind of event, and why others have no place.

const STAGES = { EHLO: 'HELO', 'END-OF-MESSAGE': 'DATA', BDAT: 'DATA' };
/** CONTRACT §2 has its own words: mail that discard(8) took is `discarded`; a refusal after the content has stage DATA. */
const stageWord = (word) => STAGES[word] ?? word;
const whole = (text, part) => (typeof text === 'string' && text.includes(part) ? part : text);

const seconds = (ms) => (ms === null ? null : ms / 1000);
const nameOf = (client) => client?.name ?? 'unknown';
const clientText = (client) => `${nameOf(client)}[${client?.ip ?? 'unknown'}]`;

const CLIENT = {
  postfix_client_hostname: ({ client }) => nameOf(client),
  postfix_client_ip: ({ client }) => client?.ip,
  postfix_client_ip_unknown: ({ client }) => (client?.ip === null ? 'unknown' : client?.ip),
};
const QUEUE_ID = { postfix_queueid: ({ queueId }) => queueId ?? 'NOQUEUE' };
const ENVELOPE = { from: ({ sender }) => sender, to: ({ recipient }) => recipient };

/** Kind of event → field → what it says, as the corpus writes it. `pairs`: the fields inside `postfix_keyvalue_data`. */
export const PLACES = {
  reject: {
    ...CLIENT,
    ...QUEUE_ID,
    postfix_action: (_, word) => (word === 'milter-reject' ? word : 'reject'),
    postfix_smtp_stage: ({ stage }, word) => (stage === stageWord(word) ? word : stage),
    postfix_status_code: ({ replyCode }) => replyCode,
    postfix_status_code_enhanced: ({ dsn }) => dsn,
    postfix_status_data: ({ text }, part) => whole(text, part),
    postfix_status_message: ({ text }, part) => whole(text, part),
    postfix_message: ({ text }, part) => whole(text, part),
    postfix_postscreen_toobusy_data: ({ text }) => text,
    postfix_proxy_result: () => 'reject',
    postfix_proxy_smtp_stage: ({ stage }, word) => (stage === stageWord(word) ? word : stage),
    postfix_proxy_message: ({ text }) => text,
    postfix_proxy_status_code: ({ replyCode }) => replyCode,
    postfix_proxy_status_code_enhanced: ({ dsn }) => dsn,
    postfix_milter_result: () => 'reject',
    postfix_milter_message: ({ client, text, stage }) =>
      `${stage === 'DATA' ? 'END-OF-MESSAGE' : stage} from ${clientText(client)}: ${text}`,
    pairs: ENVELOPE,
  },
  arrival: {
    ...QUEUE_ID,
    pairs: { client: ({ client }) => clientText(client), from: ({ sender }) => sender },
  },
  'message-id': { ...QUEUE_ID, 'postfix_message-id': ({ messageId }) => messageId ?? '' },
  queued: {
    ...QUEUE_ID,
    pairs: {
      from: ({ sender }) => sender,
      size: ({ sizeBytes }) => String(sizeBytes),
      nrcpt: ({ recipientCount }) => String(recipientCount),
    },
  },
  expired: { ...QUEUE_ID, postfix_from: ({ sender }) => sender, postfix_status: () => 'expired' },
  delivery: {
    ...QUEUE_ID,
    postfix_status: ({ status, relay, agent }) =>
      status === 'discarded' && relay === null && agent === null ? 'sent' : status,
    postfix_smtp_response: ({ response }) => response,
    postfix_local_response: ({ response }) => response,
    postfix_pipe_response: ({ response }) => response,
    postfix_error_response: ({ response }) => response,
    postfix_delay_before_qmgr: ({ delaysMs }) => seconds(delaysMs?.[0]),
    postfix_delay_in_qmgr: ({ delaysMs }) => seconds(delaysMs?.[1]),
    postfix_delay_conn_setup: ({ delaysMs }) => seconds(delaysMs?.[2]),
    postfix_delay_transmission: ({ delaysMs }) => seconds(delaysMs?.[3]),
    postfix_relay_hostname: ({ relay }) => relay?.host,
    pairs: {
      to: ({ recipient }) => recipient,
      orig_to: ({ originalRecipient }) => originalRecipient,
      relay: ({ relay, agent }, text) => relayText(relay, agent, text),
      delay: ({ delayMs }, text) => (seconds(delayMs) === Number(text) ? text : String(seconds(delayMs))),
      delays: ({ delaysMs }, text) => delaysText(delaysMs, text),
      dsn: ({ dsn }) => dsn,
    },
  },
  notice: {
    ...QUEUE_ID,
    postfix_bounce_queueid: ({ noticeQueueId }) => noticeQueueId,
    postfix_bounce_recipient: ({ notice }) => (notice === 'postmaster' ? 'postmaster' : 'sender'),
    postfix_bounce_reason: ({ notice }) =>
      ({ failure: 'non-delivery', delay: 'delay', success: 'delivery status' })[notice],
  },
  removed: { ...QUEUE_ID, postfix_message: () => 'removed', postfix_postsuper_action: () => 'removed' },
  requeued: { ...QUEUE_ID, postfix_postsuper_action: () => 'requeued' },
  held: { ...QUEUE_ID, postfix_postsuper_action: () => 'placed on hold' },
  released: { ...QUEUE_ID, postfix_postsuper_action: () => 'released from hold' },
  aborted: { ...QUEUE_ID, postfix_message: ({ text }) => text },
  probe: { ...QUEUE_ID },
  'session-action': {
    ...CLIENT,
    postfix_queueid: () => 'NOQUEUE',
    postfix_action: ({ action }) => action,
    postfix_status_data: ({ reason }, part) => whole(reason, part),
    postfix_status_message: ({ reason }, part) => whole(reason, part),
    pairs: ENVELOPE,
  },
  session: {
    ...CLIENT,
    postfix_smtp_stage: ({ detail }) => detail,
    postfix_command_counter_data: ({ detail }) => detail,
    postfix_tls_version: ({ detail }) => detail?.split(' with cipher ')[0],
    postfix_tls_cipher: ({ detail }) => detail?.split(' with cipher ')[1],
  },
};

/** A relay's socket is no address: `H[private/dovecot-lmtp]` keeps its name. */
const relayText = (relay, agent, text) => {
  if (relay === null) return agent ?? 'none';
  const address = relay.ip ?? /\[([^\]]*\/[^\]]*)\]$/.exec(text)?.[1] ?? '';
  return `${relay.host ?? ''}[${address}]${relay.port === null ? '' : `:${relay.port}`}`;
};

const delaysText = (delaysMs, text) => {
  const same = text.split('/').every((part, index) => seconds(delaysMs?.[index] ?? null) === Number(part));
  return same ? text : JSON.stringify(delaysMs);
};

/** Both notices to the postmaster are of one kind, whatever they are about. */
export const isLeftOut = (event, field) => field === 'postfix_bounce_reason' && event.notice === 'postmaster';

const TLS = 'how a connection was secured: protocol and cipher of the arriving session are kept, nothing else';
const NOTE = "a note beside the client's address; it decides nothing about a message";

const PROBE = 'a verify probe is no mail: only its queue ID is kept, so that it is left out';

/** Why a field of an event has no place in the model. A field that is in neither table is a miss. */
export const NO_PLACE = {
  postfix_client_port: 'clients are told by their address; a port says nothing a week later',
  postfix_bounce_reason: 'what a notice to the postmaster is about: that it is one is kept',
  postfix_message_level: 'the severity of a line; what it means is its event',
  postfix_smtpd_lostconn_data:
    'in which words a session was lost (`timeout`, `lost connection`); that and where it was lost is kept',
  postfix_tls_trustlevel: TLS,
  postfix_tls_cipher_size: TLS,
  postfix_tls_key_exchange: TLS,
  postfix_tls_server_signature: TLS,
  postfix_tls_server_signature_size: TLS,
  postfix_tls_server_signature_curve: TLS,
  postfix_tls_server_digest: TLS,
  postfix_status: PROBE,
  postfix_error_response: PROBE,
  postfix_smtp_stage: 'the command at which a session was told to hold or discard: it becomes the state of the message',
};

/** The same for the pairs inside `postfix_keyvalue_data`. */
export const NO_PLACE_PAIR = {
  proto: NOTE,
  helo: NOTE,
  uid: 'the local user of a submission; its sender is kept',
  conn_use: 'how often a connection was used again',
  tls: 'TLS policy of an outgoing connection (Postfix 3.11)',
  to: PROBE,
  relay: PROBE,
  delay: PROBE,
  delays: PROBE,
  dsn: PROBE,
};

const STATISTICS = 'statistics of a daemon';
const LIFE = "a daemon or an administrator's command: starting, stopping, tables, caches";
const SCREEN = 'postscreen looking at a client before any mail; what it refuses is a reject line of its own';
const STEP =
  "what the SMTP client met on its way to an attempt; the attempt's own line names recipient, relay, status and reply";

/** Lines that are understood and make no event: they say nothing about what becomes of a message. The first that fits. */
export const UNDERSTOOD = [
  [/^statistics: /, STATISTICS],
  [
    /^(?:daemon started|reload|terminating|cache |fatal: |(?:Deleted|Requeued|Placed on hold|Released from hold): )/,
    LIFE,
  ],
  [/^addr \S+ listed by domain /, SCREEN],
  [
    /^(?:CONNECT|DISCONNECT|PASS|WHITELIST|WHITELISTED|ALLOWLIST|ALLOWLISTED|BLACKLISTED|DENYLISTED|PREGREET|DNSBL|HANGUP|COMMAND|NON-SMTP|BARE|DATA without|BDAT without) ?/,
    SCREEN,
  ],
  [/^warning: (?:\S+: )?hostname \S+ does not resolve/, NOTE],
  [/^warning: non-SMTP command from /, NOTE],
  [/^warning: /, LIFE],
  [/^error: /, LIFE],
  [/^(?:Untrusted|Trusted|Verified|Anonymous) TLS connection established to /, STEP],
  [/^(?:connect to |certificate verification failed |SSL_connect error )/, STEP],
  [
    /^[0-9A-Za-z]{6,28}: (?:host |lost connection with |conversation with |enabling PIX |SASL authentication failed; server )/,
    STEP,
  ],
  [
    /^[0-9A-Za-z]{6,28}: (?:warning|info|prepend): (?:header|body) /,
    'a header or body check that only notes or adds something',
  ],
  [/^[0-9A-Za-z]{6,28}: replace: (?:header|body) /, 'a header or body check that only notes or adds something'],
  [/^[0-9A-Za-z]{6,28}: (?:milter-header-)?redirect: /, 'a redirection: the delivery lines bear the new recipient'],
  [/^[0-9A-Za-z]{6,28}: skipped, still being delivered/, 'the queue manager passing over a message'],
  [
    /^(?:NOQUEUE|[0-9A-Za-z]{6,28}): (?:filter|reject_warning): /,
    'a rule that refuses nothing: which filter to use, what would have been refused',
  ],
  [
    /^proxy-accept: /,
    'what a filter in front of the queue accepted: the transaction that it names has lines of its own',
  ],
  [/^improper command pipelining /, 'a session that goes on'],
  [/^discarding EHLO keywords: /, 'a session that goes on'],
];

/** @returns {string | undefined} why such a line makes no event */
export const reasonOf = (text) => UNDERSTOOD.find(([pattern]) => pattern.test(text))?.[1];
