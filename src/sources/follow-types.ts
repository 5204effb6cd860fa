/** Followed logs and their files, as the parts of a follower hand them to each other. */
import type { HostName } from '../domain/ids.js';
import type { Zone } from '../zone.js';
import type { Place } from './follow-position.js';
import type { Piece } from './log-catalog.js';

/**
 * `isGone`: deleted, but still open here. `version`: changes when the file does, as far as its size and time show; null: it may
 * be changing just now.
 */
export type FollowedPiece = Piece & Readonly<{ isGone: boolean; version: string | null }>;

export type FollowedLog = Readonly<{
  /** Names the log among those of its source. */
  partition: string;
  /** What the configuration says that led to it: keys of positions too. */
  origins: readonly string[];
  owners: readonly HostName[];
  pieces: readonly FollowedPiece[];
  /** The machine that a header's host means in this log. */
  hostOf: (name: string | null) => HostName;
  zoneOf: (host: HostName) => Zone;
}>;

/** A place with the file it is in. */
export type Held = Readonly<{ place: Place; piece: FollowedPiece }>;

export type PieceFacts = Readonly<{
  /** The first bytes, unpacked; as many as `HEAD_BYTES`, fewer in a short file. */
  head: (piece: FollowedPiece) => Promise<Buffer>;
  /** Stamp of its first line; null when there is none. */
  firstMs: (piece: FollowedPiece) => Promise<number | null>;
  /** True when it has not changed since its first bytes were last compared. */
  isKnown: (piece: FollowedPiece) => boolean;
}>;
