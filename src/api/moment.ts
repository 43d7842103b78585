import { z } from 'zod';
import { Instant } from '../domain/ids.ts';

/**
 * A moment a caller may write: RFC 3339 with any offset; UTC with milliseconds afterwards. None of the
 * year 0, which Postgres doesn't have.
 */
export const WrittenMoment = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .refine(
    (text) => Instant.safeParse(text).success && text > '0001',
    'a moment of the years 1 to 9999',
  );
