import { expect, it } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.ts';
import { explainCommand } from '../../src/cli/explain.ts';
import { fakeIo } from '../support/fake-io.ts';

const explain = async (...argv: string[]) => {
  const io = fakeIo();
  const code = await dispatch({ explain: { summary: '', load: async () => explainCommand } }, '1')(
    ['explain', ...argv],
    io,
  );
  return { code, out: io.out(), err: io.err() };
};

it.each([
  [['250'], '250  Requested mail action okay'],
  [['4.4.1'], '4.4.1  No answer from host'],
  [['550', '5.1.1'], '550 5.1.1  Bad destination mailbox address'],
  [['454/4.7.1'], '454 4.7.1  Relay access denied, for now'],
  [['554 5.7.1 <x@y.example>: Relay access denied'], '554 5.7.1  Relay access denied'],
  [['554', '5.7.1', 'Relay', 'access', 'denied'], '554 5.7.1  Relay access denied'],
  [
    ['451', '4.7.1', 'Service', 'unavailable', '-', 'try', 'again', 'later'],
    '451 4.7.1  Fault on the server that answered',
  ],
  [['5.7.999'], '5.7.999  Unregistered detail'],
])('explains %j', async (argv, heading) => {
  const { code, out, err } = await explain(...argv);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.startsWith(heading)).toBe(true);
  expect(out).toContain('look next');
});

it('prints JSON for programs', async () => {
  const { code, out } = await explain('--json', '5.1.1');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ code: '5.1.1', source: 'RFC 3463 §3.2', isRegistered: true });
});

it.each([[[]], [['hello']], [['6.1.1']], [['5.1']], [['999']]])('refuses %j with examples', async (argv) => {
  const { code, out, err } = await explain(...argv);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('mailtrace explain 5.1.1');
});

it('refuses an unknown flag', async () => {
  expect(await explain('--jsn', '550')).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining('--json') as string,
  });
});

it('keeps what it repeats of the input harmless', async () => {
  expect((await explain('\u001b[2Jx')).err).not.toContain('\u001b');
});
