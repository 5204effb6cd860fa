import { expect, it } from 'vitest';
import { createHeaderParser } from '../../src/parsers/syslog-header.ts';
import { formOf } from '../../src/sources/line-form.ts';
import { createZone } from '../../src/zone.ts';

const parse = createHeaderParser({ zoneOf: () => createZone('UTC'), nearMs: Date.parse('2026-11-20T12:00:00Z') });

it.each([
  ['RFC 3164', 'Nov 20 10:00:00 mx1 postfix/smtpd[1]: connect'],
  ['RFC 3164', '<22>Nov 20 10:00:00 mx1 postfix/smtpd[1]: connect'],
  ['RFC 3339', '2026-11-20T10:00:00+01:00 mx1 postfix/smtpd[1]: connect'],
  ['RFC 3339', '<22>2026-11-20T10:00:00Z mx1 postfix/smtpd[1]: connect'],
  ['RFC 5424', '<22>1 2026-11-20T10:00:00Z mx1 postfix/smtpd 1 - - connect'],
  ['JSON', '{"timestamp":"2026-11-20T10:00:00Z","host":"mx1","message":"x"}'],
  ['Exim main log', '2026-11-20 10:00:00 1tDabc-000000001Xy-1abc <= ann@sender.example H=c [192.0.2.1]'],
])('is %s', (form, line) => {
  const header = parse(line);
  expect(header && formOf(line, header)).toBe(form);
});
