import { z } from 'zod';

/** The seeds that one thread runs. */
export const Task = z.object({
  from: z.int(),
  to: z.int(),
  step: z.int().positive(),
  /** The rule that is broken; null: none. */
  broken: z.string().nullable(),
  isTraced: z.boolean(),
});
export type Task = z.infer<typeof Task>;
