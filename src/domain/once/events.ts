import { z } from 'zod';
import type { EventOf } from '../event-table.ts';

const CommandClaimed = z
  .object({
    bodyHash: z.string().describe('hash of the request: the same key with another one is refused'),
    stream: z.string().describe('where the command will write'),
    revision: z
      .string()
      .regex(/^-1$|^\d+$/)
      .describe(`that stream's revision when it was claimed; -1: none yet`),
  })
  .describe('A command that may happen once is about to run.');

const CommandDone = z
  .object({ reply: z.object({ status: z.int(), body: z.json() }) })
  .describe('The claimed command has run; whoever asks again gets this reply.');

export const onceEvents = { CommandClaimed, CommandDone };
export type OnceEvent = EventOf<typeof onceEvents>;
