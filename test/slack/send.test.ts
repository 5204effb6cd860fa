import { describe, expect, it } from 'vitest';
import { createPacer } from '../../src/slack/pace.ts';
import { footnote, own, paragraph, type Reply, reply } from '../../src/slack/replies/blocks.ts';
import { createPutFile, createSender, fitReply, type Upload } from '../../src/slack/send.ts';
import { findFaults } from './block-rules.ts';
import { createFakeSlack } from './fake-slack.ts';
import { createFakeTime } from './fake-time.ts';

const hello = reply(['Hello'], [paragraph([own('Hello')])]);
const place = { channel: 'C1', threadTs: null };

const setUp = () => {
  const time = createFakeTime(0);
  const slack = createFakeSlack();
  const put: string[] = [];
  const putFile = async (url: string, { name }: Upload) => {
    put.push(`${name} to ${url}`);
  };
  return {
    time,
    slack,
    put,
    sender: createSender({ call: slack.call, pacer: createPacer({ sleep: time.sleep }), putFile }),
  };
};

describe('createSender', () => {
  it('posts so that nothing is parsed, linked or shown as a preview', async () => {
    const { slack, sender } = setUp();
    const sent = await sender.post({ channel: 'C1', threadTs: '1.2' }, hello);
    expect(sent).toEqual({ channel: 'C1', ts: '1700000000.000001' });
    expect(slack.calls).toEqual([
      {
        method: 'chat.postMessage',
        args: {
          channel: 'C1',
          thread_ts: '1.2',
          ...hello,
          parse: 'none',
          link_names: false,
          mrkdwn: false,
          unfurl_links: false,
          unfurl_media: false,
        },
      },
    ]);
  });

  it('uploads in Slack’s three steps, with the alternative text where Slack reads it', async () => {
    const { slack, put, sender } = setUp();
    const bytes = new Uint8Array([1, 2, 3]);
    await sender.upload(
      { channel: 'C1', threadTs: '1.2' },
      { name: 'a.png', title: 'Path', bytes, altText: 'x'.repeat(3000) },
    );
    expect(slack.calls[0]).toEqual({
      method: 'files.getUploadURLExternal',
      args: { filename: 'a.png', length: 3, alt_txt: `${'x'.repeat(999)}…` },
    });
    expect(put).toEqual(['a.png to http://files.slack.example/upload/1']);
    expect(slack.calls[1]).toEqual({
      method: 'files.completeUploadExternal',
      args: { files: [{ id: 'F1', title: 'Path' }], channel_id: 'C1', thread_ts: '1.2' },
    });
  });

  it('counts a file as a message of its channel: one a second', async () => {
    const { time, slack, sender } = setUp();
    const upload = { name: 'a.csv', title: 'Rows', bytes: new Uint8Array([1]), altText: null };
    void sender.post(place, hello);
    void sender.upload(place, upload);
    await time.pass(500);
    expect(slack.calls.map(({ method }) => method).sort()).toEqual(['chat.postMessage', 'files.getUploadURLExternal']);
    await time.pass(600);
    expect(slack.calls.at(-1)?.method).toBe('files.completeUploadExternal');
  });

  it('names the missing scope and what to do', async () => {
    const { slack, sender } = setUp();
    slack.refuse('files.getUploadURLExternal', 'missing_scope');
    const upload = { name: 'a.png', title: 'Path', bytes: new Uint8Array([1]), altText: null };
    await expect(sender.upload(place, upload)).rejects.toMatchObject({
      code: 'slack',
      message: 'Slack refused files.getUploadURLExternal: missing_scope.',
      hint: expect.stringContaining('Add the scope files:write'),
    });
  });

  it.each([
    ['not_in_channel', '/invite @mailtrace'],
    ['invalid_auth', 'SLACK_BOT_TOKEN'],
    ['is_archived', 'archived'],
    ['something_new', 'documentation'],
  ])('says what to do about %s', async (error, hint) => {
    const { slack, sender } = setUp();
    slack.refuse('chat.postMessage', error);
    await expect(sender.post(place, hello)).rejects.toMatchObject({
      slackError: error,
      hint: expect.stringContaining(hint),
    });
  });

  it('says so when what answers is not Slack', async () => {
    const { slack, sender } = setUp();
    slack.answer('chat.postMessage', { hello: 'world' });
    await expect(sender.post(place, hello)).rejects.toMatchObject({ slackError: 'unexpected_answer' });
  });
});

describe('fitReply', () => {
  const long = (blocks: number, chars: number): Reply => ({
    text: 'x'.repeat(10_000),
    blocks: Array.from({ length: blocks }, () => footnote('y'.repeat(chars))),
  });

  it.each([
    ['too many blocks', long(80, 10)],
    ['too many characters', long(20, 1900)],
  ])('leaves out the rest of a reply with %s, and says so', (_name, tooLong) => {
    const fit = fitReply(tooLong);
    expect(findFaults(fit)).toEqual([]);
    expect(JSON.stringify(fit.blocks.at(-1))).toContain('Shortened');
    expect(fit.blocks.length).toBeGreaterThan(5);
  });

  it('does not touch what fits', () => {
    expect(fitReply(hello)).toEqual(hello);
  });
});

describe('createPutFile', () => {
  const file = { name: 'a.png', title: 'Path', bytes: new Uint8Array([137, 80, 78, 71]), altText: null };

  const setUpPut = (answers: readonly (number | Error)[]) => {
    const time = createFakeTime(0);
    const bodies: FormData[] = [];
    const left = [...answers];
    const put = createPutFile({
      sleep: time.sleep,
      fetch: async (_url, { body }) => {
        bodies.push(body);
        const answer = left.shift() ?? 200;
        if (answer instanceof Error) throw answer;
        return { status: answer };
      },
    });
    return { time, bodies, put };
  };

  it('sends the bytes under the name of the file', async () => {
    const { bodies, put } = setUpPut([200]);
    await put('http://files.example/1', file);
    const sent = bodies[0]!.get('file');
    expect(sent).toBeInstanceOf(File);
    expect((sent as File).name).toBe('a.png');
    expect(new Uint8Array(await (sent as File).arrayBuffer())).toEqual(file.bytes);
  });

  it('tries again after a fault', async () => {
    const { time, bodies, put } = setUpPut([503, new Error('reset'), 200]);
    const done = put('http://files.example/1', file);
    await time.pass(10_000);
    await done;
    expect(bodies).toHaveLength(3);
  });

  it('gives up after three tries', async () => {
    const { time, put } = setUpPut([503, 503, 503, 503]);
    const refused = expect(put('http://files.example/1', file)).rejects.toMatchObject({ slackError: 'http_503' });
    await time.pass(10_000);
    await refused;
  });
});
