import { describe, expect, it } from 'vitest';
import {
  type Explanation,
  enhancedStatusEntries,
  explainCode,
  findEnhancedStatus,
  parseEnhancedStatus,
  replyCodeEntries,
} from '../../src/domain/status-code.ts';

/** IANA "SMTP Enhanced Status Codes", Enumerated Status Codes: how many details each subject has, counted from 0. */
const REGISTERED_DETAILS: Readonly<Record<number, number>> = { 0: 1, 1: 11, 2: 5, 3: 7, 4: 8, 5: 7, 6: 11, 7: 31 };

const registered = Object.entries(REGISTERED_DETAILS).flatMap(([subject, count]) =>
  Array.from({ length: count }, (_, detail) => `${subject}.${detail}`),
);

const explain = (code: string, response?: string): Explanation => {
  const explanation = explainCode(code, response);
  if (explanation === null) throw new Error(`${code} is not explained`);
  return explanation;
};

const allText = ({ title, meaning, cause, lookNext }: Explanation): string =>
  `${title} ${meaning} ${cause} ${lookNext}`;

describe('parseEnhancedStatus', () => {
  it.each([
    ['5.1.1', { class: 5, subject: 1, detail: 1 }],
    ['5.1.1 User unknown', { class: 5, subject: 1, detail: 1 }],
    ['2.0.0', { class: 2, subject: 0, detail: 0 }],
    ['4.7.999', { class: 4, subject: 7, detail: 999 }],
    ['5.1.10 null MX', { class: 5, subject: 1, detail: 10 }],
  ])('reads %s', (text, expected) => expect(parseEnhancedStatus(text)).toEqual(expected));

  it.each([
    '',
    ' 5.1.1',
    '1.1.1',
    '3.1.1',
    '6.1.1',
    '5.1',
    '5.01.1',
    '5.1.01',
    '5.1.1000',
    '5.1.1.1',
    '5..1',
    'x5.1.1',
  ])('finds none in %j', (text) => expect(parseEnhancedStatus(text)).toBeUndefined());
});

describe('findEnhancedStatus', () => {
  it.each([
    ['host mx.example[192.0.2.1] said: 550 5.1.1 <a@b.example>: User unknown', '5.1.1'],
    ['(550-5.7.1 blocked)', '5.7.1'],
    ['Postfix 3.4.13 says 4.4.1', '4.4.1'],
    ['smtp;550 5.2.2.', '5.2.2'],
  ])('finds it in %s', (text, expected) => {
    const status = findEnhancedStatus(text);
    expect(status && `${status.class}.${status.subject}.${status.detail}`).toBe(expected);
  });

  it.each(['250 Ok', 'connect to mx[5.1.1.1]:25', 'version 15.1.1', 'at 5.1.1.9 today'])('finds none in %s', (text) =>
    expect(findEnhancedStatus(text)).toBeUndefined(),
  );

  it('looks at a bounded part of the text', () =>
    expect(findEnhancedStatus(`${'x'.repeat(1_000_000)} 5.1.1`)).toBeUndefined());
});

describe('the registry', () => {
  it('has the 81 codes of the IANA registry and no other', () => {
    const ours = Object.keys(enhancedStatusEntries)
      .filter((key) => key.startsWith('X.'))
      .map((key) => key.slice(2));
    expect(registered).toHaveLength(81);
    expect(new Set(ours)).toEqual(new Set(registered));
  });

  it('has the reply codes of RFC 5321 and of the extensions', () => {
    const rfc5321 = '211 214 220 221 250 251 252 354 421 450 451 452 455 500 501 502 503 504 550 551 552 553 554 555';
    const extensions = '235 253 334 432 453 454 458 459 521 530 534 535 538 556';
    const registryOnly = '422 430 523 524 525 533';
    expect(Object.keys(replyCodeEntries).sort()).toEqual(`${rfc5321} ${extensions} ${registryOnly}`.split(' ').sort());
  });

  it.each([...Object.entries(enhancedStatusEntries), ...Object.entries(replyCodeEntries)])(
    '%s says something in every field',
    (key, { title, meaning, cause, lookNext, source }) => {
      expect(title.length).toBeGreaterThan(3);
      expect(title).not.toMatch(/[.:]$/);
      expect(meaning).toMatch(/^[A-Z`].{20,}\.$/);
      // One sentence: no full stop followed by a capital.
      expect(meaning).not.toMatch(/[a-z]\. [A-Z]/);
      expect(cause).toMatch(/[.)]$/);
      expect(cause.length).toBeGreaterThan(20);
      expect(lookNext).toMatch(/[.)]$/);
      expect(source).toMatch(/^(RFC \d{4}|IANA registry)/);
      for (const text of [title, meaning, cause, lookNext]) {
        expect(text.split('`').length % 2, `${key}: unpaired backtick in ${text}`).toBe(1);
        expect(text).not.toMatch(/ {2}|TODO|undefined\b(?! (status|mailbox|mail|network|protocol|media|security))/);
      }
    },
  );

  it.each(registered)('explains X.%s of class 4 and 5 as registered, each with its effect', (code) => {
    const transient = explain(`4.${code}`);
    const permanent = explain(`5.${code}`);
    expect([transient.isRegistered, permanent.isRegistered]).toEqual([true, true]);
    expect(transient.effect).toContain('tries again');
    expect(permanent.effect).toContain('gives up');
    expect(transient.source).toMatch(/^(RFC|IANA)/);
  });

  it.each(registered)('explains 2.%s as success', (code) => {
    const { effect, meaning } = explain(`2.${code}`);
    expect(effect).toContain('Success');
    expect(meaning).toMatch(/accept|deliver|passed|worked|success/i);
  });
});

describe('explainCode', () => {
  it.each([
    ['250', 'queue ID'],
    ['421', 'postscreen'],
    ['4.1.8', 'myorigin'],
    ['4.2.0', 'postgrey'],
    ['4.4.1', 'port 25'],
    ['454', 'mynetworks'],
    ['454/4.7.1', 'mynetworks'],
    ['454/4.7.1', 'SASL'],
    ['4.7.1', 'reylisting'],
    ['4.7.1', 'mynetworks'],
    ['5.1.1', 'postmap -q'],
    ['5.1.2', 'dig MX'],
    ['5.7.1', 'Relay access denied'],
    ['5.7.1', 'spam'],
    ['5.7.1', 'sender not permitted'],
    ['4.2.2', 'quota'],
    ['5.2.2', 'quota'],
    ['4.7.0', 'TLS not available'],
    ['5.4.6', 'hopcount_limit'],
    ['5.4.4', 'relayhost'],
    ['5.4.1', 'Access denied'],
    ['4.4.2', 'lost connection'],
    ['4.4.3', 'resolver'],
    ['5.3.4', 'message_size_limit'],
    ['5.2.3', 'MaxReceiveSize'],
    ['5.7.26', '_dmarc'],
    ['5.7.25', 'dig -x'],
    ['4.3.5', 'policy service'],
    ['5.4.7', 'maximal_queue_lifetime'],
  ])('%s speaks of %s', (code, words) => expect(allText(explain(code))).toContain(words));

  it.each([
    ['5.7.1', '<x@y.example>: Relay access denied', 'Relay access denied'],
    ['550 5.7.1', 'Unable to relay for x@y.example', 'Relay access denied'],
    [
      '554 5.7.1',
      'Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org',
      'Sending address on a blocklist',
    ],
    ['5.7.1', 'Message rejected as spam by content filter', 'Taken for spam'],
    ['550 5.7.1', '<ceo@y.example>: Sender address rejected: not owned by user kim', 'Sender not permitted'],
    ['5.7.1', 'SPF fail - not authorized', 'SPF check failed'],
    ['550', 'rejected by DMARC policy for y.example', 'DMARC check failed'],
    ['450 4.7.1', 'Client host rejected: cannot find your hostname, [192.0.2.9]', 'Reverse DNS missing'],
    ['450 4.7.1', '<x@y.example>: Recipient address rejected: Greylisted, see http://postgrey.example', 'Greylisted'],
    ['451 4.7.1', 'Service unavailable - try again later', 'Fault on the server that answered'],
    ['504 5.5.0', '<localhost>: Helo command rejected: need fully-qualified hostname', 'HELO name refused'],
    ['554 5.7.1', 'VIRUS (Eicar-Test-Signature) found', 'Virus or forbidden attachment'],
    ['550', 'Unrouteable address', 'No such recipient'],
    ['550 5.0.0', '<kim@y.example>... User unknown', 'No such recipient'],
    ['452', 'mailbox full', 'Mailbox full'],
    ['530 5.7.0', 'Must issue a STARTTLS command first', 'TLS problem'],
    ['530 5.7.0', 'Authentication Required', 'Login required'],
    ['535', 'Authentication failed: bad password', 'Login failed'],
    ['421 4.7.0', 'Too many connections from your host', 'Rate or connection limit'],
    ['421 4.7.28', 'Gmail has detected an unusual rate of unsolicited mail', 'Taken for spam'],
    ['550 5.7.27', 'Your email has been blocked because SPF did not pass', 'SPF check failed'],
    ['554', 'too many hops', 'Mail loop'],
    ['250 2.7.0', 'Ok, discarded, id=00334-03 - SPAM', 'Accepted and thrown away'],
    ['550 5.7.1', 'RESOLVER.RST.NotAuthorized; not authorized', 'Recipient takes no mail from this sender'],
    ['554 5.7.1', '<c.example[192.0.2.9]>: Client host rejected: Access denied', 'Refused by an access rule'],
  ])('tells %s apart by its text: %s', (code, response, title) => {
    expect(explain(code, response).title).toBe(title);
    expect(explain(`${code} ${response}`).title).toBe(title);
  });

  it.each([
    ['550 5.1.1', '<spam@y.example>: Recipient address rejected: User unknown', 'Bad destination mailbox address'],
    ['550', '<spam@y.example>: User unknown', 'No such recipient'],
    ['550', 'host spamfilter.example[192.0.2.1] said: 550 No such user here', 'No such recipient'],
    ['550', 'junk@y.example does not exist', 'No such recipient'],
    ['550 5.4.1', 'Recipient address rejected: Access denied', 'No answer from host'],
    ['5.2.2', 'spam folder quota exceeded', 'Mailbox full'],
  ])('is not misled by names in %s %s', (code, response, title) => expect(explain(code, response).title).toBe(title));

  it.each([
    ['550 5.1.1', '550 5.1.1'],
    ['550-5.1.1', '550 5.1.1'],
    ['550/5.1.1', '550 5.1.1'],
    [' 454 / 4.7.1 ', '454 4.7.1'],
    ['#5.1.1', '5.1.1'],
    ['5.1.1: unknown', '5.1.1'],
    ['550', '550'],
    ['550 hello', '550'],
  ])('reads %j as %s', (input, code) => expect(explain(input).code).toBe(code));

  it('explains an unregistered detail by its subject and class, and says so', () => {
    const explanation = explain('5.7.999');
    expect(explanation).toMatchObject({ isRegistered: false, code: '5.7.999' });
    expect(explanation.meaning).toContain('not registered');
    expect(explanation.meaning).toContain('Security or policy status');
    expect(explanation.effect).toContain('Permanent');
    expect(explain('4.2.77').meaning).toContain('Mailbox status');
    expect(explain('4.9.1').meaning).toContain('does not define its subject');
  });

  it('names the provider of a number that a provider uses', () => {
    expect(explain('550 5.7.606')).toMatchObject({ isRegistered: false, title: 'Sending address is banned' });
    expect(explain('5.7.606').meaning).toContain('Exchange Online');
    expect(explain('5.7.606').meaning).toContain('not registered');
  });

  it('explains an unregistered reply code by its digits, and says so', () => {
    expect(explain('571')).toMatchObject({ isRegistered: false, title: 'Unregistered reply code' });
    expect(explain('559').meaning).toContain('receiving mail system');
  });

  it('says when the two codes contradict each other, and goes by the reply code', () => {
    expect(explain('554 4.7.1').effect).toMatch(/^Permanent failure.*contradict/);
    expect(explain('450 5.1.1').effect).toMatch(/^Temporary failure.*contradict/);
    expect(explain('550 5.1.1').effect).not.toContain('contradict');
  });

  it.each([
    '',
    ' ',
    'hello',
    '99',
    '199',
    '600',
    '5501',
    '5.1',
    '5.01.1',
    '6.1.1',
    '5.1.1x',
    '5.1.1.1',
    '5.1.1000',
    'dsn=5.1.1',
    '550x',
    '-550',
    '٥٥٠',
  ])('refuses %j', (code) => expect(explainCode(code)).toBeNull());

  it('answers hostile text in time', () => {
    for (const unit of ['<', 'a@', 'user ', 'exceeds ', ' ', '\u0000', 'attachment ', 'account x']) {
      expect(explain('550', unit.repeat(100_000)).code).toBe('550');
    }
  }, 20_000);
});
