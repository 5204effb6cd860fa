/** Slack's Web API as a list of calls; refuses what a test tells it to. */
import { webApi } from '@slack/bolt';
import { createSlackCall, type SlackCall } from '../../src/slack/slack-call.ts';

export type FakeCall = Readonly<{ method: string; args: Readonly<Record<string, unknown>> }>;

export type FakeSlack = Readonly<{
  call: SlackCall;
  calls: FakeCall[];
  /** The next calls of the method get this error word. */
  refuse: (method: string, error: string, times?: number) => void;
  /** The answer of a method from now on. */
  answer: (method: string, answer: Readonly<Record<string, unknown>>) => void;
}>;

export const createFakeSlack = (): FakeSlack => {
  const calls: FakeCall[] = [];
  const refused = new Map<string, string[]>();
  const answers = new Map<string, Readonly<Record<string, unknown>>>();
  let count = 0;

  const builtIn = (method: string, args: Readonly<Record<string, unknown>>): Record<string, unknown> => {
    count += 1;
    switch (method) {
      case 'chat.postMessage':
        return { ok: true, channel: args['channel'], ts: `1700000000.${String(count).padStart(6, '0')}` };
      case 'conversations.open':
        return { ok: true, channel: { id: 'D01DIRECT' } };
      case 'files.getUploadURLExternal':
        return { ok: true, upload_url: `http://files.slack.example/upload/${count}`, file_id: `F${count}` };
      default:
        return { ok: true };
    }
  };

  const apiCall: webApi.WebClient['apiCall'] = async (method, options) => {
    const args = { ...options };
    calls.push({ method, args });
    const error = refused.get(method)?.shift();
    const refusal = { ok: false, error: error ?? '', needed: 'files:write' };
    if (error !== undefined) throw new webApi.WebAPIPlatformError(refusal);
    return { ok: true, ...(answers.get(method) ?? builtIn(method, args)) };
  };

  return {
    call: createSlackCall({ apiCall }),
    calls,
    refuse: (method, error, times = 1) => {
      refused.set(method, [...(refused.get(method) ?? []), ...Array<string>(times).fill(error)]);
    },
    answer: (method, answer) => {
      answers.set(method, answer);
    },
  };
};
