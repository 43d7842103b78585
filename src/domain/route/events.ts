import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Alias } from '../price-list/events.ts';

export const Candidate = z
  .object({
    upstream: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
    model: z.string().min(1).max(200).describe(`the upstream's own name of the model`),
    weight: z
      .number()
      .positive()
      .max(1_000_000)
      .describe('its share of the calls, beside the others'),
  })
  .describe('one upstream model that may answer for an alias');
export type Candidate = z.infer<typeof Candidate>;

const RouteChanged = z
  .object({ alias: Alias, candidates: z.array(Candidate).min(1).max(32) })
  .describe('Which upstream models answer for an alias, from now on.');

export const routeEvents = { RouteChanged };
export type RouteEvent = EventOf<typeof routeEvents>;
