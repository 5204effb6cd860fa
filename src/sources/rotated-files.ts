/** Names that log rotation gives: which files are older pieces of a log, and which of them is newer. */

/**
 * Place of a piece in its log's history. `live`: the file being written. `count`: `.1`, `.2`, …; newsyslog begins at `.0`.
 * `date`: digits of a date or an epoch, as written. Pieces compare only within a kind, and with `live`.
 */
export type Rotation = Readonly<{ kind: 'live' } | { kind: 'count'; count: number } | { kind: 'date'; digits: string }>;

export type RotatedName = Readonly<{ log: string; rotation: Rotation; isPacked: boolean }>;

const PACKED = /\.(?:gz|zst|xz|bz2|Z|lz4)$/;
/** logrotate and newsyslog: `.1`; logrotate dateext: `-20261121`, `-2026112107`, `-1795245862`; postlogd: `.20261121-072344`. */
const COUNT = /^\.(\d{1,3})$/;
const DATE = /^[-._]((?:19|20)\d\d-?\d\d-?\d\d(?:[-T_.]?\d{2,6})?(?:[-_.]\d{2}){0,2}|1\d{9})$/;
const SPLIT_END =
  /^(.+?)([-._](?:\d{1,3}|(?:19|20)\d\d-?\d\d-?\d\d(?:[-T_.]?\d{2,6})?(?:[-_.]\d{2}){0,2}|1\d{9})|\.old)$/;

const rotationOf = (mark: string): Rotation | null => {
  if (mark === '.old') return { kind: 'count', count: 1 };
  const count = COUNT.exec(mark)?.[1];
  if (count !== undefined) return { kind: 'count', count: Number(count) };
  const date = DATE.exec(mark)?.[1];
  return date === undefined ? null : { kind: 'date', digits: date.replace(/\D/g, '') };
};

/** KumoMTA's log segments have no name but the time of their first record, in nanoseconds (kumod/src/logging/files.rs). */
const KUMO_SEGMENT = /^\d{8}-\d{6}\.\d{1,9}$/;

export const isKumoSegment = (name: string): boolean => KUMO_SEGMENT.test(name);

/** Takes `mark` off the end of `name`. */
const splitEnd = (name: string): Readonly<{ stem: string; rotation: Rotation }> | null => {
  const match = SPLIT_END.exec(name);
  const rotation = match?.[2] === undefined ? null : rotationOf(match[2]);
  return rotation === null ? null : { stem: match![1]!, rotation };
};

/**
 * Reads a file name, without its folder.
 * @example readRotatedName('mail.log.2.gz') // { log: 'mail.log', rotation: { kind: 'count', count: 2 }, isPacked: true }
 * @example readRotatedName('mail-20261121.log') // logrotate's `extension`: { log: 'mail.log', … }
 */
export const readRotatedName = (name: string): RotatedName => {
  const isPacked = PACKED.test(name);
  const bare = unpackedName(name);
  if (isKumoSegment(bare)) {
    const [second = '', fraction = ''] = bare.replace('-', '').split('.');
    return { log: '', rotation: { kind: 'date', digits: second + fraction.padEnd(9, '0') }, isPacked };
  }
  const end = splitEnd(bare);
  if (end !== null) return { log: end.stem, rotation: end.rotation, isPacked };
  const dot = bare.lastIndexOf('.');
  const inner = dot > 0 ? splitEnd(bare.slice(0, dot)) : null;
  if (inner !== null) return { log: `${inner.stem}${bare.slice(dot)}`, rotation: inner.rotation, isPacked };
  // `mail.log.gz` is nobody's live file: it is what stood there before.
  return { log: bare, rotation: isPacked ? { kind: 'count', count: 0 } : { kind: 'live' }, isPacked };
};

/** The name without `.gz` and its like. */
export const unpackedName = (name: string): string => name.replace(PACKED, '');

/** True when `name` is an older piece of the file `live` in the same folder, or a packed copy of it. */
export const isPieceOf = (name: string, live: string): boolean => {
  if (name === live) return false;
  if (unpackedName(name) === live) return true;
  const piece = readRotatedName(name);
  return piece.rotation.kind !== 'live' && piece.log === live;
};

/** Negative when `a` is the newer piece, positive when `b` is, null when their names do not tell. */
export const compareAge = (a: Rotation, b: Rotation): number | null => {
  if (a.kind === 'live' || b.kind === 'live') return Number(a.kind !== 'live') - Number(b.kind !== 'live');
  if (a.kind === 'count' && b.kind === 'count') return a.count - b.count;
  if (a.kind !== 'date' || b.kind !== 'date' || a.digits.length !== b.digits.length) return null;
  return a.digits === b.digits ? 0 : a.digits > b.digits ? -1 : 1;
};
