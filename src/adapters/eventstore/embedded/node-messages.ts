import { z } from 'zod';

/** What the parent tells the event node, once. It comes by IPC because argv and environment can be seen by others. */
export const NodeStart = z.object({
  databaseUrl: z.string(),
  /** 0: a free one. */
  port: z.int().min(0).max(65_535),
  /** How long a predecessor's lock is waited for. */
  lockTimeoutMs: z.int().default(10_000),
});
export type NodeStart = z.infer<typeof NodeStart>;

/** What the event node tells its parent. */
export const NodeReport = z.union([
  z.object({ listening: z.string(), port: z.int() }),
  z.object({ failed: z.string() }),
  z.object({ fault: z.string() }),
]);
export type NodeReport = z.infer<typeof NodeReport>;
