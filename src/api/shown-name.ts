import { z } from 'zod';

/** A name that a person gives to themselves or to a thing of theirs, without control characters. */
export const ShownName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}+$/u);
