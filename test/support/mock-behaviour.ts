import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

/**
 * How a mock answers, written behind the model's name: `gpt-4o?chunks=3&hang=mid`. So a route decides
 * it, and one server serves every case at once. Each tongue adds what it alone can say.
 */
export const Behaviour = z.object({
  /** Pieces of a stream with content; each is one `text`. */
  chunks: z.coerce.number().default(4),
  text: z.string().default(' word'),
  input: z.coerce.number().default(10),
  output: z.coerce.number().optional(),
  cached: z.coerce.number().default(0),
  /** Milliseconds before the headers, and between pieces, each up to `jitter` more. */
  latency: z.coerce.number().default(0),
  delay: z.coerce.number().default(0),
  jitter: z.coerce.number().default(0),
  status: z.coerce.number().default(200),
  /** Only the first so many requests for this model fail. */
  fails: z.coerce.number().default(Number.POSITIVE_INFINITY),
  /** What `Retry-After` says beside a failure. */
  after: z.string().optional(),
  message: z.string().default('Told to fail.'),
  /** Falls silent: without headers, right after them, or half-way. */
  hang: z.enum(['no', 'headers', 'first', 'mid']).default('no'),
  /** Breaks off half-way: the connection, or the answer in good order without its end. `late`: behind the last word. */
  cut: z.enum(['no', 'socket', 'early', 'error', 'late']).default('no'),
  rubbish: z.enum(['no', 'first', 'mid']).default('no'),
  /** Writes so many bytes at a time; 0: whole events. */
  split: z.coerce.number().default(0),
});
export type Behaviour = z.infer<typeof Behaviour>;

/** At least so many milliseconds. */
export async function waits(ms: number, { jitter }: Behaviour): Promise<void> {
  const all = ms + Math.random() * jitter;
  if (all > 0) await pause(all);
}
