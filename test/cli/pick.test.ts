import { describe, expect, it } from 'vitest';
import { parseChoice, pickMessages } from '../../src/cli/pick.ts';
import { bouncedChains, deferredThenSentChain, deliveredChain, reject, report } from '../support/chains.ts';
import { fakeIo } from '../support/fake-io.ts';

describe('parseChoice', () => {
  it.each([
    ['2', { kind: 'some', numbers: [2] }],
    [' 1, 3 ', { kind: 'some', numbers: [1, 3] }],
    ['3 1 1', { kind: 'some', numbers: [1, 3] }],
    ['2-4', { kind: 'some', numbers: [2, 3, 4] }],
    ['', { kind: 'all' }],
    ['A', { kind: 'all' }],
    ['all', { kind: 'all' }],
    ['q', { kind: 'none' }],
    ['none', { kind: 'none' }],
    ['0', null],
    ['5', null],
    ['4-2', null],
    ['1-9999', null],
    ['one', null],
    ['1;2', null],
    ['-1', null],
  ])('%j', (text, choice) => expect(parseChoice(text, 4)).toEqual(choice));
});

describe('pickMessages', () => {
  const [bounced, notice] = bouncedChains();
  const found = report({ chains: [deliveredChain(), bounced, notice, deferredThenSentChain()], rejects: [reject()] });

  it('lists the matching messages on stderr, numbered, and nothing on stdout', async () => {
    const io = fakeIo({ terminal: true, columns: 200 });
    io.type('1\r');
    await pickMessages(found, io);
    expect(io.out()).toBe('');
    expect(io.err()).toContain(
      '3 messages match, 2026-11-20 09:00 CET to 2026-11-20 11:00 CET (Europe/Berlin, UTC+01:00):',
    );
    expect(io.err()).toContain(
      '1  10:00:00  delivered  ann@sender.example → bob@campus.example  delivered@sender.example\n',
    );
    expect(io.err()).toContain(
      '2  10:00:30  bounced    erin@campus.example → dave@partner.example  bounced@campus.example\n',
    );
    expect(io.err()).toContain('Also refused before acceptance: 1');
    expect(io.err()).toContain('Which ones? [1-3');
  });

  it('keeps the list within the terminal, who wrote to whom first', async () => {
    const io = fakeIo({ terminal: true, columns: 64 });
    io.type('q\r');
    await pickMessages(found, io);
    expect(io.err()).toContain('1  10:00:00  delivered  ann@sender.example → bob@campus.example\n');
    expect(io.err()).not.toContain('delivered@sender');
  });

  it('shows the chosen one, with the notices that belong to it', async () => {
    const io = fakeIo({ terminal: true });
    io.type('2\r');
    const picked = await pickMessages(found, io);
    expect(picked?.chains.map(({ id }) => id)).toEqual([bounced.id, notice.id]);
    expect(picked?.rejects).toEqual([]);
  });

  it('asks again after an answer that is none, and takes Enter for all', async () => {
    const io = fakeIo({ terminal: true });
    io.type('seven\r\r');
    expect(await pickMessages(found, io)).toBe(found);
    expect(io.err()).toContain('Type a number from 1 to 3');
  });

  it('takes q and the end of input for none', async () => {
    const quitting = fakeIo({ terminal: true });
    quitting.type('q\r');
    expect(await pickMessages(found, quitting)).toBeNull();
    const ended = fakeIo({ terminal: true });
    ended.endInput();
    expect(await pickMessages(found, ended)).toBeNull();
  });

  it('gives up after five wrong answers', async () => {
    const io = fakeIo({ terminal: true });
    io.type('x\r'.repeat(9));
    expect(await pickMessages(found, io)).toBeNull();
  });

  it('asks nothing for a single message', async () => {
    const io = fakeIo({ terminal: true });
    const one = report({ chains: [bounced, notice] });
    expect(await pickMessages(one, io)).toBe(one);
    expect(io.err()).toBe('');
  });

  it.each([
    ['Ctrl-C at the prompt', (io: ReturnType<typeof fakeIo>) => io.type('\u0003')],
    ['a signal', (io: ReturnType<typeof fakeIo>) => io.interrupt()],
  ])('is interrupted by %s', async (_, stop) => {
    const io = fakeIo({ terminal: true });
    const picked = pickMessages(found, io);
    stop(io);
    await expect(picked).rejects.toMatchObject({ code: 'interrupted' });
  });
});
