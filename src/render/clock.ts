/** Times of one table, as short as they are clear: date only where there are several, offset only where it changes. */
import { formatOffset, formatWall, wallFields, type Zone } from '../zone.js';

const two = (value: number): string => String(value).padStart(2, '0');

/** Formats an instant for a table that holds all of `times` (epoch milliseconds). */
export const tableClock = (zone: Zone, times: readonly number[]): ((ms: number) => string) => {
  const days = new Set(times.map((ms) => Math.floor(zone.wallAt(ms) / 86_400_000)));
  const offsets = new Set(times.map((ms) => zone.offsetMsAt(ms)));
  return (ms) => {
    const wallMs = zone.wallAt(ms);
    const { month, day, hour, minute, second } = wallFields(wallMs);
    const date = days.size > 1 ? `${two(month)}-${two(day)} ` : '';
    const time = `${two(hour)}:${two(minute)}:${two(second)}`;
    const offset = offsets.size > 1 ? ` ${zone.abbreviationAt(ms) ?? formatOffset(zone.offsetMsAt(ms))}` : '';
    return `${date}${time}${offset}`;
  };
};

/** One instant with its day, `2026-11-20 10:00:02`: where the zone stands nearby. */
export const formatInstant = (ms: number, zone: Zone): string => {
  const { hour, minute, second } = wallFields(zone.wallAt(ms));
  return `${formatWall(zone.wallAt(ms)).slice(0, 10)} ${two(hour)}:${two(minute)}:${two(second)}`;
};

/** From the first to the last instant, with the zone: `2026-11-20 10:00:02 to 10:11:05 (Europe/Berlin, UTC+01:00)`. */
export const formatSpan = (fromMs: number, toMs: number, zone: Zone): string => {
  const [from, to] = [fromMs, toMs].map((ms) => {
    const { hour, minute, second } = wallFields(zone.wallAt(ms));
    return { date: formatWall(zone.wallAt(ms)).slice(0, 10), time: `${two(hour)}:${two(minute)}:${two(second)}` };
  });
  const offsets = [...new Set([fromMs, toMs].map((ms) => formatOffset(zone.offsetMsAt(ms))))].join(' to ');
  const names = offsets === zone.name ? zone.name : `${zone.name}, ${offsets}`;
  const end = from?.date === to?.date ? to?.time : `${to?.date} ${to?.time}`;
  const isOne = from?.date === to?.date && from?.time === to?.time;
  return `${from?.date} ${from?.time}${isOne ? '' : ` to ${end}`} (${names})`;
};
