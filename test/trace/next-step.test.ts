/** Where to look next: the machine, and the commands of its MTA. */
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/domain/chain.ts';
import type { Mta } from '../../src/domain/event.ts';
import type { DeliveryAttempt } from '../../src/domain/transaction.ts';
import { nextStepOf } from '../../src/trace/next-step.ts';
import { attempt, recipient, relay, transaction } from '../support/chains.ts';

const OUT = 'out.campus.example';

const step = (
  verdict: Verdict,
  facts: Partial<DeliveryAttempt>,
  mta: Mta = 'postfix',
  address = 'bob@partner.example',
): string | null => {
  const to = recipient(address, [attempt({ dsn: null, replyCode: null, ...facts })]);
  const t = transaction({ host: OUT, queueId: 'A1A1A1A1', mta, recipients: [to] });
  const outcome = { transaction: t, recipient: to, status: to.status, takenBy: null, gap: null };
  return nextStepOf({
    verdict,
    outcomes: [outcome],
    ownName: (name) => (name.endsWith('.campus.example') ? name : null),
  });
};

const TIMED_OUT = {
  status: 'deferred',
  dsn: '4.4.1',
  response: 'connect to mx.partner.example[198.51.100.1]:2525: Connection timed out',
} as const;

describe('a message that waits', () => {
  it.each<readonly [Mta, readonly string[]]>([
    [
      'postfix',
      ['postqueue -p shows A1A1A1A1', 'postqueue -i A1A1A1A1 forces one', '`nc -vz mx.partner.example 2525`'],
    ],
    ['exim', ['exim -bp shows A1A1A1A1', 'exim -Mvl A1A1A1A1 tells its tries', 'exim -M A1A1A1A1 forces one']],
    ['sendmail', ['mailq -v shows A1A1A1A1', 'sendmail -v -qIA1A1A1A1 forces one']],
    ['opensmtpd', ['smtpctl show queue shows A1A1A1A1', 'smtpctl schedule A1A1A1A1 forces one']],
    ['kumomta', ['kcli queue-summary shows A1A1A1A1']],
    ['newmta', ['mailq shows A1A1A1A1', 'sendmail -q forces one']],
  ])('%s', (mta, texts) => {
    const said = step('deferred', TIMED_OUT, mta);
    for (const text of texts) expect(said).toContain(text);
    if (mta !== 'postfix') expect(said).not.toMatch(/postqueue|postsuper|postcat|qshape|smtp_address_preference/);
  });
});

describe('a message that is held', () => {
  it.each<readonly [Mta, string]>([
    [
      'postfix',
      `On ${OUT}: postcat -q A1A1A1A1 shows the message, postsuper -H A1A1A1A1 releases it, postsuper -d A1A1A1A1 deletes it.`,
    ],
    [
      'exim',
      `On ${OUT}: exim -Mvl A1A1A1A1 shows the message, exim -Mt A1A1A1A1 releases it, exim -Mrm A1A1A1A1 deletes it.`,
    ],
    ['sendmail', `On ${OUT}: mailq -v lists the message, sendmail -qQIA1A1A1A1 releases it.`],
  ])('%s', (mta, text) => {
    expect(step('held', { status: 'held' }, mta)).toBe(text);
  });
});

describe('a message that was refused', () => {
  const refused = (host: string) =>
    step('bounced', {
      status: 'bounced',
      replyCode: 550,
      dsn: '5.1.1',
      relay: relay(host, '192.0.2.40'),
      response: '550 5.1.1 User unknown',
    });

  it('by a machine of ours: there', () => {
    expect(refused('mailbox.campus.example')).toMatch(
      /^On mailbox\.campus\.example, which refused it: .*`postmap -q bob@partner\.example`/,
    );
  });
  it('by the machine itself', () => {
    expect(refused(OUT)).toMatch(/^On out\.campus\.example: Check the address/);
  });
  it('by somebody else: nothing of ours is to be looked at', () => {
    expect(refused('mx.partner.example')).toBe(
      'mx.partner.example is not one of your machines. Check the address letter by letter. On a foreign server only its postmaster can help; tell the sender.',
    );
  });
  it('by nobody: no answer came', () => {
    const said = step('expired', { ...TIMED_OUT, relay: relay('mx.partner.example', '198.51.100.1') });
    expect(said).toMatch(/^On out\.campus\.example: `nc -vz mx\.partner\.example 25`/);
    // It has left the queue.
    expect(said).not.toContain('postqueue -i');
  });
  it('by TLS, size and DNS: with the parameters', () => {
    expect(
      step('bounced', {
        status: 'bounced',
        replyCode: 530,
        dsn: '5.7.0',
        response: '530 5.7.0 Must issue a STARTTLS command first',
        relay: relay('mx.partner.example', null),
      }),
    ).toContain('smtp_tls_security_level');
    expect(
      step('bounced', {
        status: 'bounced',
        replyCode: 552,
        dsn: '5.3.4',
        response: '552 5.3.4 Message size exceeds fixed limit',
        relay: relay('mx.partner.example', null),
      }),
    ).toContain('message_size_limit');
    expect(step('bounced', { status: 'bounced', dsn: '5.4.4', response: 'Host or domain name not found' })).toContain(
      '`dig MX partner.example`',
    );
  });
  it('by Exim, which logs no code', () => {
    expect(step('expired', { status: 'expired', response: 'Connection timed out' }, 'exim')).toMatch(/nc -vz/);
    expect(step('expired', { status: 'expired', response: 'odd' }, 'exim')).toBe(
      `On ${OUT}: exigrep A1A1A1A1 on the main log shows all of it.`,
    );
  });
});

it('puts nothing into a command that a shell could take for more than a word', () => {
  for (const address of ['$(reboot)@x.example', '`id`@x.example', '-x@x.example', "a'b@x.example", 'a b@x.example']) {
    const said = step('bounced', { status: 'bounced', dsn: '5.1.1', response: 'User unknown' }, 'postfix', address);
    expect(said).toContain('`postmap -q ADDRESS`');
    expect(said).not.toContain(address);
  }
});
