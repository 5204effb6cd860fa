import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDiscardReply, parseReply } from '../../src/parsers/smtp-reply.ts';

describe('the next queue ID in a reply', () => {
  it.each([
    ['Postfix', '250 2.0.0 Ok: queued as 2D6F4546A3F', ['2D6F4546A3F']],
    ['Postfix, long ID', '250 2.0.0 Ok: queued as 4jWkFk143lznk7d', ['4jWkFk143lznk7d']],
    ['Postfix, BDAT', '250 2.0.0 Ok: 440 bytes queued as 4jWkFk143lznk7d', ['4jWkFk143lznk7d']],
    ['Postfix before 2.3', '250 Ok: queued as 9FFCB76', ['9FFCB76']],
    [
      'amavis, after the filter',
      '250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4jWkG05QZSzngwZ',
      ['4jWkG05QZSzngwZ'],
    ],
    [
      'amavis, with its own id',
      '250 2.6.0 Ok, id=00334-03, from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 5C1A3546A77',
      ['5C1A3546A77'],
    ],
    [
      'amavis that split the mail',
      '250 2.6.0 Ok, id=1-1, from MTA(smtp:[::1]:10025): 250 2.0.0 Ok: queued as 5C1A3546A77, from MTA(smtp:[::1]:10025): 250 2.0.0 Ok: queued as 5C1A3546A78',
      ['5C1A3546A77', '5C1A3546A78'],
    ],
    ['Exim before 4.97', '250 OK id=1xUfSb-000013-1T', ['1xUfSb-000013-1T']],
    ['Exim since 4.97', '250 OK id=1xUfSb-00000000013-1TzA', ['1xUfSb-00000000013-1TzA']],
    ['Sendmail', '250 2.0.0 6AL7NKfP000100 Message accepted for delivery', ['6AL7NKfP000100']],
    ['OpenSMTPD', '250 2.0.0 0a5b2c3d Message accepted for delivery', ['0a5b2c3d']],
    ['OpenSMTPD, old', '250 2.0.0: 0a5b2c3d Message accepted for delivery', ['0a5b2c3d']],
    ['Proofpoint', '250 2.0.0 2qzabc1def-1 Message accepted for delivery', ['2qzabc1def-1']],
    [
      'KumoMTA',
      '250 OK ids=d7ef132b5d7711eea8c8000c29c33806,e2b1132b5d7711eea8c8000c29c33806',
      ['d7ef132b5d7711eea8c8000c29c33806', 'e2b1132b5d7711eea8c8000c29c33806'],
    ],
    ['Dovecot LMTP', '250 2.0.0 <carol@mail.campus.example> r2Y3BpZkH2kBAAAA5Dfk8Q Saved', ['r2Y3BpZkH2kBAAAA5Dfk8Q']],
    [
      'Dovecot LMTP, second recipient',
      '250 2.0.0 <carol@mail.campus.example> r2Y3BpZkH2kBAAAA5Dfk8Q:2 Saved',
      ['r2Y3BpZkH2kBAAAA5Dfk8Q'],
    ],
    [
      'Dovecot LMTP since 2.3, second recipient of the third message',
      '250 2.0.0 <carol@mail.campus.example> bFeAAelGAWudAAAAkCKbmg:T3:R2 Saved',
      ['bFeAAelGAWudAAAAkCKbmg:T3'],
    ],
    ['Proxmox Mail Gateway', '250 2.5.0 OK (4A1B2C5F3E0D1A2B3C)', ['4A1B2C5F3E0D1A2B3C']],
    [
      'Haraka',
      '250 Message Queued (8D2C4F36-1B2C-4D3E-8F90-A1B2C3D4E5F6.1)',
      ['8D2C4F36-1B2C-4D3E-8F90-A1B2C3D4E5F6.1'],
    ],
    ['Halon', '250 Ok: queued as 6f2c1d8e-0b1a-11ee-b0c4-0242ac120002', ['6f2c1d8e-0b1a-11ee-b0c4-0242ac120002']],
    ['Zimbra', '250 2.0.0 Ok: queued as 7B2E11C0A4D', ['7B2E11C0A4D']],
    ['Stalwart', '250 2.0.0 Message queued with id 2f1c9b7a4e60001', ['2f1c9b7a4e60001']],
    ['Stalwart, as a number', '250 2.0.0 OK id=217700302698266624', ['217700302698266624']],
    ['Barracuda', '250 Ok: queued as 1700000000-1a2b3c4d5e', ['1700000000-1a2b3c4d5e']],
    ['Cisco Secure Email', '250 ok:  Message 123456 accepted', ['123456']],
    ['several lines put together', '250-2.0.0 hello 250 2.0.0 Ok: queued as 2D6F4546A3F', ['2D6F4546A3F']],
    ['a full stop at the end', '250 2.0.0 Ok: queued as 2D6F4546A3F.', ['2D6F4546A3F']],
  ])('%s', (_, reply, expected) => {
    expect(parseReply(reply).nextQueueIds).toEqual(expected);
  });

  it.each([
    [
      'Exchange',
      '250 2.6.0 <a1@x.example> [InternalId=109951162, Hostname=EX1.campus.example] 9091 bytes in 0.049, 21.7 KB/sec Queued mail for delivery',
    ],
    ['Gmail', '250 2.0.0 OK  1349246383 j9si1676296paw.328 - gsmtp'],
    ['qmail names its process', '250 ok 1715608800 qp 12345'],
    ['SES', '250 Ok 0102018c1d2e3f40-1a2b3c4d-0000-4e5f-8a9b-000000'],
    ['MDaemon', '250 Ok, message saved <Message-ID: MDAEMON-F201@x.example>'],
    ['hMailServer', '250 Queued (0.017 seconds)'],
    ['Yahoo', '250 ok dirdel'],
    ['Domino', '250 Message accepted for delivery'],
    ['a word where the ID stands', '250 2.0.0 Requested Message accepted for delivery'],
    ['a plain word behind "queued as"', '250 2.0.0 mail queued as spam'],
    ['Cyrus LMTP names a session', '250 2.1.5 Ok SESSIONID=<mailbox1-12-1700000000-1-123>'],
    ['amavis that kept the mail', '250 2.7.0 Ok, discarded, id=00334-03 - BANNED: .exe'],
    ['a message-id that says "queued as"', '250 2.0.0 <queued as DEADBEEF01> Ok'],
    [
      'a refusal',
      'host mx.example[192.0.2.1] said: 450 4.2.0 still queued as 2D6F4546A3F (in reply to end of DATA command)',
    ],
    ['no reply', 'delivered to mailbox'],
    ['nothing', ''],
  ])('is not %s', (_, reply) => {
    expect(parseReply(reply).nextQueueIds).toEqual([]);
  });
});

describe('the codes of a reply', () => {
  it.each([
    ['250 2.0.0 Ok: queued as 2D6F4546A3F', 250, '2.0.0'],
    ['250 Ok', 250, null],
    ['250', 250, null],
    ['451-4.7.1 Greylisted 451 4.7.1 try later', 451, '4.7.1'],
    [
      'host mx.example[192.0.2.1] said: 550 5.1.1 <a@b.example>: User unknown (in reply to RCPT TO command)',
      550,
      '5.1.1',
    ],
    ["host mailbox1[private/dovecot-lmtp] said: 550 5.1.1 <a@b.example> User doesn't exist", 550, '5.1.1'],
    ['host mx.example[2001:db8::1] refused to talk to me: 421 4.3.2 busy', 421, '4.3.2'],
    ['host mx.example[192.0.2.1] said: 554-mx.example 554 nope (in reply to MAIL FROM command)', 554, null],
    ['550 5.1.1.2 no code has four numbers', 550, null],
    ['connect to mx.example[192.0.2.1]:25: Connection refused', null, null],
    ['lost connection with mx.example[192.0.2.1] while sending 250 bytes', null, null],
    ['25 2.0.0', null, null],
    ['2500 Ok', null, null],
    ['', null, null],
  ])('%s', (reply, replyCode, dsn) => {
    const parsed = parseReply(reply);
    expect([parsed.replyCode, parsed.dsn]).toEqual([replyCode, dsn]);
  });
});

it.each([
  ['250 2.7.0 Ok, discarded, id=00334-03 - BANNED: .exe', true],
  ['250 2.7.1 Ok, discarded, UBE, id=00334-03', true],
  ['250 Ok, discarded, id=1-1', true],
  ['250 discarded', true],
  ['250 2.0.0 Ok: queued as 2D6F4546A3F', false],
  ['250 2.0.0 Ok, your old mail was discarded', false],
  ['550 5.7.1 discarded', false],
])('isDiscardReply(%j) is %s', (reply, expected) => {
  expect(isDiscardReply(reply)).toBe(expected);
});

it('reads any reply without an exception, and names only IDs that stand in it', () => {
  const pieces = fc.constantFrom(
    '250 ',
    '2.0.0 ',
    'Ok: queued as ',
    'OK id=',
    'OK ids=',
    '<',
    '>',
    ' Saved',
    ' Message accepted for delivery',
    'A1B2C3D4E5',
    ',',
    'host x[1] said: ',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(pieces).map((list) => list.join('')),
      ),
      (text) => {
        for (const id of parseReply(text).nextQueueIds) expect(text.replace(/<[^<>]*>/g, '')).toContain(id);
      },
    ),
  );
});
