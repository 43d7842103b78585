import { z } from 'zod';
import { Instant } from '../domain/ids.ts';

/** A moment a caller may write: RFC 3339 with any offset; UTC with milliseconds afterwards. */
export const WrittenMoment = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .refine((text) => Instant.safeParse(text).success, 'a moment of the years 0 to 9999');
