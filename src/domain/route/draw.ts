import { sha1 } from '@noble/hashes/legacy.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Candidate } from './events.ts';

/** A number in [0, 1) for a candidate. */
export type Draw = (candidate: Candidate) => number;

/**
 * Rendezvous hashing: one session always draws the same numbers, and a candidate that comes or goes
 * moves only its own sessions.
 */
export function sessionDraw(session: string): Draw {
  return ({ upstream, model }) => {
    const bytes = sha1(utf8ToBytes(JSON.stringify([session, upstream, model])));
    return bytes.subarray(0, 6).reduce((number, byte) => number * 256 + byte, 0) / 2 ** 48;
  };
}

/**
 * The place of a candidate among its equals, lowest first: in order of these each place is drawn
 * from those left, by weight (Efraimidis and Spirakis, 2006).
 */
export const placeOf = (candidate: Candidate, draw: Draw): number =>
  -Math.log1p(-draw(candidate)) / candidate.weight;
