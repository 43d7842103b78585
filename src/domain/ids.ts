import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';

export const Uuid = z.uuid();

/** A moment, RFC 3339 in UTC with milliseconds, so that text order is time order. */
export const Instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
export type Instant = z.infer<typeof Instant>;

/** What an operator calls a thing; it may stand in the name of a stream. */
export const Name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    '1 to 64 letters, digits, `.`, `_` or `-`, a letter or digit first',
  );

const namespace = hexToBytes('8d0f3b1c6c1d5c0e9a3f0d6a1b7e4c52');

/** A UUIDv5 in this product's namespace: the same name always gives the same id. */
export function nameId(name: string): string {
  const text = utf8ToBytes(name);
  const input = new Uint8Array(namespace.length + text.length);
  input.set(namespace);
  input.set(text, namespace.length);
  const hash = sha1(input).subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytesToHex(hash);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The id of the n-th event that a command writes: a resent command writes the same ids. */
export const eventIdOf = (commandId: string, index: number): string =>
  nameId(`${commandId}/${index}`);

/** The later of two moments. */
export const later = (a: Instant, b: Instant): Instant => (a < b ? b : a);
