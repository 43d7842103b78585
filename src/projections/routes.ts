import { z } from 'zod';
import { Candidate } from '../domain/route/events.ts';
import { latest, projection } from './projection.ts';
import { query } from './query.ts';

/** Which upstream models stand behind each alias now. */
export const routes = projection(
  'routes',
  { version: 1, key: { alias: 'text' }, columns: { candidates: latest('jsonb') } },
  { RouteChanged: ({ data }) => [{ alias: data.alias, candidates: data.candidates }] },
);

export const IndexedRoute = z.object({ alias: z.string(), candidates: z.array(Candidate) });

/** Every route, as the model catalogue of a process starts from them. */
export const indexedRoutes = () =>
  query(IndexedRoute)`SELECT alias, candidates FROM read.routes ORDER BY alias`;
