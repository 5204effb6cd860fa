/** Moves log lines in time: every stamp in a line by the same amount, digits and offsets kept. Text in, text out. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

const two = (value: number): string => String(value).padStart(2, '0');

/** Fields of a wall clock. A shift is the same for the clock and for the instant, so no zone is needed. */
type Clock = Readonly<{
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  weekday: number;
}>;

const clockAt = (ms: number): Clock => {
  const at = new Date(ms);
  return {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth(),
    day: at.getUTCDate(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
    weekday: at.getUTCDay(),
  };
};

const dateOf = ({ year, month, day }: Clock, separator: string): string =>
  [year, two(month + 1), two(day)].join(separator);
const timeOf = ({ hour, minute, second }: Clock, separator: string): string =>
  [two(hour), two(minute), two(second)].join(separator);

/** `YYYY-MM-DDTHH:MM:SS` of rsyslog (RFC 3339), with a blank that of Exim, `YYYY/MM/DD-` that of Net::Server. */
const DIVIDED = /\b(\d{4})([-/])(\d{2})\2(\d{2})([T -])(\d{2}):(\d{2}):(\d{2})\b/g;
/** `amavis-YYYYMMDDTHHMMSS-PID`: the working directory of amavisd. */
const COMPACT = /\b(amavis-)(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(?=-)/g;
/** `YYYYMMDDHHMMSS.QUEUEID@`: message-ids of Postfix (cleanup_message.c, UTC); Sendmail's have no seconds. */
const IN_MESSAGE_ID = /(?<=[<=/])(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?=\.[0-9A-Za-z]{8,20}@)/g;
/** `Sat, 21 Nov 2026 07:23:20 +0000` (RFC 5322). */
const MAIL_DATE =
  /\b(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat), ( ?\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2})(?= [+-]\d{4})/g;
/** `Nov 21 07:23:48` (RFC 3164), inside the message: the year is that of the line. */
const YEARLESS = /\b([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2})\b/g;
/** `250 2.0.0 OK  1795245801 …`: seconds since the epoch in the replies of one big provider. */
const EPOCH = /(?<=\bOK {2})\d{10}(?= )/g;

const shiftYearless = (line: string, year: number, shiftMs: number): string =>
  line.replace(YEARLESS, (whole, name: string, day: string, hour: string, minute: string, second: string) => {
    const month = MONTHS.indexOf(name);
    if (month < 0) return whole;
    const moved = clockAt(Date.UTC(year, month, Number(day), Number(hour), Number(minute), Number(second)) + shiftMs);
    return `${MONTHS[moved.month]} ${String(moved.day).padStart(2)} ${timeOf(moved, ':')}`;
  });

const shiftMailDate = (line: string, shiftMs: number): string =>
  line.replace(MAIL_DATE, (whole, day: string, name: string, year: string, ...rest: string[]) => {
    const [hour, minute, second] = rest.slice(0, 3).map(Number);
    const month = MONTHS.indexOf(name);
    if (month < 0) return whole;
    const moved = clockAt(Date.UTC(Number(year), month, Number(day), hour, minute, second) + shiftMs);
    return `${DAYS[moved.weekday]}, ${two(moved.day)} ${MONTHS[moved.month]} ${moved.year} ${timeOf(moved, ':')}`;
  });

const utc = (year: string, month: string, day: string, hour: string, minute: string, second: string): number =>
  Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));

/**
 * Moves all stamps of one line. `shiftMs` is a whole number of minutes, so that stamps without seconds stay exact.
 * @example restampLine('2026-11-21T07:23:17.186767+00:00 gw …', 86_400_000) // '2026-11-22T07:23:17.186767+00:00 gw …'
 */
export const restampLine = (line: string, shiftMs: number): string => {
  const year = Number(/^\d{4}/.exec(line)?.[0] ?? Number.NaN);
  const divided = line.replace(
    DIVIDED,
    (_whole, y: string, mark: string, mo: string, d: string, between: string, h: string, mi: string, s: string) => {
      const moved = clockAt(utc(y, mo, d, h, mi, s) + shiftMs);
      return `${dateOf(moved, mark)}${between}${timeOf(moved, ':')}`;
    },
  );
  const compact = divided.replace(
    COMPACT,
    (_whole, prefix: string, y: string, mo: string, d: string, h: string, mi: string, s: string) => {
      const moved = clockAt(utc(y, mo, d, h, mi, s) + shiftMs);
      return `${prefix}${dateOf(moved, '')}T${timeOf(moved, '')}`;
    },
  );
  const named = compact.replace(
    IN_MESSAGE_ID,
    (_whole, y: string, mo: string, d: string, h: string, mi: string, s: string | undefined) => {
      const moved = clockAt(utc(y, mo, d, h, mi, s ?? '0') + shiftMs);
      return `${dateOf(moved, '')}${timeOf(moved, '').slice(0, s === undefined ? 4 : 6)}`;
    },
  );
  const counted = named.replace(EPOCH, (seconds) => String(Number(seconds) + shiftMs / 1000));
  const dated = shiftMailDate(counted, shiftMs);
  return Number.isNaN(year) ? dated : shiftYearless(dated, year, shiftMs);
};
