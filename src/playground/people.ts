/** What a person does in the workspace: types commands, writes, presses buttons, fills in views. */
import { answerInAck, answerSubmission } from './answers.js';
import { type ActedOn, chosen, findElement, ImpossibleAct, type Input } from './controls.js';
import type { Core } from './core.js';
import type { Delivery } from './delivery/delivery.js';
import type { PostOffice } from './delivery/post-office.js';
import { encodeTyped } from './encode-typed.js';
import { type JsonObject, objectsOf, textOf } from './json.js';
import { homeKey } from './web-api/views.js';
import { wireMessage, wireView } from './wire-format.js';
import { type Conversation, canSee, isVisibleTo, type Message, newId, type View } from './workspace.js';
import type { PlaygroundUser, SlashCommand } from './world.js';

export class Person {
  readonly user: PlaygroundUser;
  readonly #core: Core;
  readonly #post: PostOffice;

  constructor(user: PlaygroundUser, core: Core, post: PostOffice) {
    this.user = user;
    this.#core = core;
    this.#post = post;
  }

  #conversation(channelId: string): Conversation {
    const conversation = this.#core.workspace.conversations.get(channelId);
    if (conversation !== undefined && canSee(conversation, this.user.id)) return conversation;
    throw new ImpossibleAct(`${this.user.name} sees no channel ${channelId}.`);
  }

  #message(channelId: string, ts: string): Message {
    const message = this.#core.workspace.find(channelId, ts);
    if (message !== undefined && isVisibleTo(this.#core.workspace, message, this.user.id)) return message;
    throw new ImpossibleAct(`${this.user.name} sees no message ${ts} in ${channelId}.`);
  }

  /** What this person sees in a channel, threads included, oldest first. */
  messages(channelId: string): readonly Message[] {
    return this.#core.workspace
      .messages(channelId)
      .filter((message) => isVisibleTo(this.#core.workspace, message, this.user.id));
  }

  /** The direct conversation with the bot. */
  directChannel(): string {
    return this.#core.workspace.openDirect([this.user.id, this.#core.workspace.world.botUserId]).id;
  }

  #answerUrl(place: Readonly<{ channelId: string; messageTs: string | null; threadTs: string | null }>): string {
    const id = this.#core.tickets.issueAddress({ ...place, userId: this.user.id });
    return `${this.#core.url()}/respond/${id}`;
  }

  #everyPayload(): JsonObject {
    const { teamId, domain, appId } = this.#core.workspace.world;
    return {
      token: 'playground-verification-token',
      team: { id: teamId, domain },
      user: { id: this.user.id, username: this.user.name, name: this.user.name, team_id: teamId },
      api_app_id: appId,
      enterprise: null,
      is_enterprise_install: false,
      trigger_id: this.#core.tickets.issueTrigger(this.user.id),
    };
  }

  /** Types a line that begins with a slash. Slack's own words come back as whispers when it fails. */
  async command(channelId: string, line: string): Promise<Delivery | null> {
    const conversation = this.#conversation(channelId);
    const [name = '', ...rest] = line.trim().split(/ +/);
    if (name === '/invite') return this.#invite(conversation, rest);
    const command = this.#core.workspace.world.slashCommands.find((known) => known.command === name);
    if (command === undefined) {
      this.#core.workspace.whisper(channelId, this.user.id, `\`${name}\` is not a valid command.`);
      return null;
    }
    const text = line.trim().slice(name.length).trim();
    const delivery = await this.#post.deliver('slash_commands', this.#commandPayload(conversation, command, text));
    if (delivery.kind === 'acked') {
      const place = { userId: this.user.id, channelId, messageTs: null, threadTs: null };
      answerInAck(this.#core, place, delivery.payload);
    } else {
      const error = delivery.kind === 'timeout' ? 'operation_timeout' : 'dispatch_failed';
      this.#core.workspace.whisper(channelId, this.user.id, `${name} failed with the error "${error}"`);
    }
    return delivery;
  }

  #commandPayload(conversation: Conversation, { command, shouldEscape }: SlashCommand, text: string): JsonObject {
    const { workspace } = this.#core;
    const { teamId, domain, appId } = workspace.world;
    const names = { public: conversation.name, private: 'privategroup', im: 'directmessage', mpim: 'privategroup' };
    return {
      token: 'playground-verification-token',
      team_id: teamId,
      team_domain: domain,
      channel_id: conversation.id,
      channel_name: names[conversation.kind],
      user_id: this.user.id,
      user_name: this.user.name,
      command,
      text: shouldEscape ? encodeTyped(text, workspace) : text,
      api_app_id: appId,
      is_enterprise_install: 'false',
      response_url: this.#answerUrl({ channelId: conversation.id, messageTs: null, threadTs: null }),
      trigger_id: this.#core.tickets.issueTrigger(this.user.id),
    };
  }

  /** `/invite @mailtrace` brings the bot into the channel. */
  #invite(conversation: Conversation, names: readonly string[]): null {
    const { workspace } = this.#core;
    const { botName, botUserId } = workspace.world;
    if (names[0]?.replace(/^@/, '') !== botName || conversation.kind === 'im') {
      workspace.whisper(conversation.id, this.user.id, `Only \`/invite @${botName}\` in a channel works here.`);
      return null;
    }
    if (conversation.members.has(botUserId)) {
      workspace.whisper(conversation.id, this.user.id, `${botName} is already in this channel.`);
      return null;
    }
    workspace.join(conversation, botUserId);
    workspace.post({
      channelId: conversation.id,
      userId: botUserId,
      subtype: 'channel_join',
      text: 'joined the channel',
    });
    return null;
  }

  /** Writes a message. The app hears of it when it is mentioned or in a direct conversation. */
  async say(channelId: string, text: string, threadTs: string | null = null): Promise<Message> {
    const { workspace } = this.#core;
    const { botUserId } = workspace.world;
    const conversation = this.#conversation(channelId);
    const parent = threadTs === null ? null : this.#message(channelId, threadTs);
    const typed = encodeTyped(text, workspace);
    const message = workspace.post({
      channelId,
      userId: this.user.id,
      text: typed,
      threadTs: parent === null ? null : (parent.threadTs ?? parent.ts),
    });
    if (!conversation.members.has(botUserId)) return message;
    const event = { ...wireMessage(message, workspace, this.#core.url()), channel: channelId, event_ts: message.ts };
    if (conversation.kind === 'im') await this.event({ ...event, channel_type: 'im' });
    else if (typed.includes(`<@${botUserId}>`)) await this.event({ ...event, type: 'app_mention' });
    return message;
  }

  /** Any event of the Events API, caused by this person. */
  async event(event: JsonObject): Promise<Delivery> {
    const { teamId, appId, botUserId } = this.#core.workspace.world;
    return this.#post.deliverEvent({
      token: 'playground-verification-token',
      team_id: teamId,
      api_app_id: appId,
      type: 'event_callback',
      event_id: newId('Ev'),
      event_time: Math.floor(this.#core.now() / 1000),
      event_context: newId('EC'),
      is_ext_shared_channel: false,
      authorizations: [
        { enterprise_id: null, team_id: teamId, user_id: botUserId, is_bot: true, is_enterprise_install: false },
      ],
      event: { user: this.user.id, event_ts: this.#core.workspace.nextStamp(), ...event },
    });
  }

  /** Presses a button, or uses another control, of a message. */
  async click(message: Readonly<Pick<Message, 'channelId' | 'ts'>>, acted: ActedOn): Promise<Delivery> {
    const { workspace } = this.#core;
    const shown = this.#message(message.channelId, message.ts);
    const conversation = this.#conversation(message.channelId);
    const element = findElement(shown.blocks, acted);
    const isEphemeral = shown.ephemeralTo !== null;
    return this.#post.deliver('interactive', {
      ...this.#everyPayload(),
      type: 'block_actions',
      container: {
        type: 'message',
        message_ts: shown.ts,
        channel_id: shown.channelId,
        is_ephemeral: isEphemeral,
        ...(shown.threadTs === null ? {} : { thread_ts: shown.threadTs }),
      },
      channel: { id: conversation.id, name: conversation.name },
      // Slack sends no message for a whisper.
      ...(isEphemeral ? {} : { message: wireMessage(shown, workspace, this.#core.url()) }),
      state: { values: {} },
      response_url: this.#answerUrl({ channelId: shown.channelId, messageTs: shown.ts, threadTs: shown.threadTs }),
      actions: [this.#action(element, acted)],
    });
  }

  #action(element: JsonObject, { input }: ActedOn): JsonObject {
    return {
      type: element['type'],
      action_id: element['action_id'],
      block_id: element['block_id'],
      ...(element['text'] === undefined ? {} : { text: element['text'] }),
      ...(element['style'] === undefined ? {} : { style: element['style'] }),
      ...chosen(element, input ?? {}),
      action_ts: this.#core.workspace.nextStamp(),
    };
  }

  /** The modal on top; null when none is open. */
  openView(): View | null {
    return this.#core.workspace.views(this.user.id).at(-1) ?? null;
  }

  /** The published home tab; null when there is none. */
  homeView(): View | null {
    return this.#core.workspace.views(homeKey(this.user.id))[0] ?? null;
  }

  #view(viewId: string): View {
    const view = this.#core.workspace.findView(viewId);
    if (view !== undefined && view.userId === this.user.id) return view;
    throw new ImpossibleAct(`${this.user.name} has no view ${viewId}.`);
  }

  /** Uses a control of a view that acts at once. */
  async clickInView(viewId: string, acted: ActedOn): Promise<Delivery> {
    const view = this.#view(viewId);
    const element = findElement(objectsOf(view.body['blocks']), acted);
    return this.#post.deliver('interactive', {
      ...this.#everyPayload(),
      type: 'block_actions',
      container: { type: 'view', view_id: view.id },
      view: wireView(view, this.#core.workspace),
      actions: [this.#action(element, acted)],
    });
  }

  /** Submits a view. @returns the delivery and the app's errors by block id, empty when the input was taken. */
  async submit(
    viewId: string,
    inputs: Readonly<Record<string, Input>>,
  ): Promise<Readonly<{ delivery: Delivery; errors: JsonObject }>> {
    const view = this.#view(viewId);
    view.values = this.#values(view, inputs);
    const delivery = await this.#post.deliver('interactive', {
      ...this.#everyPayload(),
      type: 'view_submission',
      view: wireView(view, this.#core.workspace),
      response_urls: [],
    });
    if (delivery.kind !== 'acked') return { delivery, errors: {} };
    return { delivery, errors: answerSubmission(this.#core, view, delivery.payload) };
  }

  /** `inputs` by action id. */
  #values(view: View, inputs: Readonly<Record<string, Input>>): JsonObject {
    const values: Record<string, JsonObject> = {};
    for (const block of objectsOf(view.body['blocks'])) {
      for (const element of objectsOf([block['element'], block['accessory'], ...objectsOf(block['elements'])])) {
        const actionId = textOf(element['action_id']);
        if (actionId === '' || element['type'] === 'button') continue;
        const blockId = textOf(block['block_id']);
        const entry = { type: element['type'], ...chosen(element, inputs[actionId] ?? {}) };
        values[blockId] = { ...values[blockId], [actionId]: entry };
      }
    }
    return values;
  }

  /** Closes the modal on top; the app hears of it if it asked to. */
  async closeView(viewId: string): Promise<void> {
    const view = this.#view(viewId);
    const stack = this.#core.workspace.views(this.user.id);
    this.#core.workspace.setViews(this.user.id, stack.slice(0, Math.max(stack.indexOf(view), 0)));
    if (view.body['notify_on_close'] !== true) return;
    const wire = wireView(view, this.#core.workspace);
    await this.#post.deliver('interactive', {
      ...this.#everyPayload(),
      type: 'view_closed',
      view: wire,
      is_cleared: false,
    });
  }

  /** Picks a message shortcut from the menu of a message. */
  async shortcut(callbackId: string, message: Readonly<Pick<Message, 'channelId' | 'ts'>>): Promise<Delivery> {
    const shown = this.#message(message.channelId, message.ts);
    const { id, name } = this.#conversation(message.channelId);
    return this.#post.deliver('interactive', {
      ...this.#everyPayload(),
      type: 'message_action',
      callback_id: callbackId,
      action_ts: this.#core.workspace.nextStamp(),
      message_ts: shown.ts,
      message: wireMessage(shown, this.#core.workspace, this.#core.url()),
      channel: { id, name },
      response_url: this.#answerUrl({ channelId: id, messageTs: null, threadTs: shown.threadTs }),
    });
  }

  /** Picks a global shortcut. */
  async globalShortcut(callbackId: string): Promise<Delivery> {
    const payload = { ...this.#everyPayload(), type: 'shortcut', callback_id: callbackId };
    return this.#post.deliver('interactive', { ...payload, action_ts: this.#core.workspace.nextStamp() });
  }
}
