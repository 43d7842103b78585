import { z } from 'zod';
import type { EventOf } from '../event-table.ts';

const CommandClaimed = z.object({
  bodyHash: z.string(),
  /** Where the command will write, and that stream's revision when it was claimed (−1: none yet). */
  stream: z.string(),
  revision: z.string().regex(/^-1$|^\d+$/),
});

const CommandDone = z.object({
  reply: z.object({ status: z.int(), body: z.json() }),
});

export const onceEvents = { CommandClaimed, CommandDone };
export type OnceEvent = EventOf<typeof onceEvents>;
