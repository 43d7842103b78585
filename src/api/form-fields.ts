import { z } from 'zod';

/** A whole number, as a form writes it. */
export const Count = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().min(least).max(most))
    .optional();

/** Yes or no, as a form writes it. */
export const Flag = z
  .enum(['true', 'false'])
  .transform((word) => word === 'true')
  .optional();
