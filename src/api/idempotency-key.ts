import { createHash } from 'node:crypto';
import { ApiError } from './errors.ts';

const usable = /^[\x21-\x7e]{1,255}$/;

/** The caller's `Idempotency-Key`, or throws when it is missing or unusable. */
export function idempotencyKeyOf(header: string | undefined): string {
  const key = header?.trim();
  if (!key || !usable.test(key)) throw new ApiError('idempotency_key_required');
  return key;
}

/** Names what was asked: the same meaning has the same hash, however it was written. */
export const bodyHashOf = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');
