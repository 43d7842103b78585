import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Alias } from '../price-list/events.ts';

/** One upstream model that may answer for an alias. */
export const Candidate = z.object({
  upstream: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
  model: z.string().min(1).max(200),
  weight: z.number().positive().max(1_000_000),
});
export type Candidate = z.infer<typeof Candidate>;

const RouteChanged = z.object({ alias: Alias, candidates: z.array(Candidate).min(1).max(32) });

export const routeEvents = { RouteChanged };
export type RouteEvent = EventOf<typeof routeEvents>;
