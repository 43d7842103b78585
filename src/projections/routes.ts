import { z } from 'zod';
import { Candidate } from '../domain/route/events.ts';
import { latest, projection } from './projection.ts';
import { query } from './query.ts';

export const routes = projection(
  'routes',
  {
    meaning: 'One row an alias: which upstream models answer for it now.',
    group: 'analytics',
    version: 1,
    key: { alias: 'text' },
    columns: {
      candidates: latest('jsonb', 'a list of upstream, its name of the model, and weight'),
    },
  },
  { RouteChanged: ({ data }) => [{ alias: data.alias, candidates: data.candidates }] },
);

export const IndexedRoute = z.object({ alias: z.string(), candidates: z.array(Candidate) });

/** Every route, as the model catalogue of a process starts from them. */
export const indexedRoutes = () =>
  query(IndexedRoute)`SELECT alias, candidates FROM read.routes ORDER BY alias`;
