import { z } from 'zod';
import { RouteTerms } from '../domain/route/events.ts';
import { latest, projection } from './projection.ts';
import { query } from './query.ts';

export const routes = projection(
  'routes',
  {
    meaning: 'One row an alias: which upstream models answer for it now, and how one is chosen.',
    group: 'analytics',
    version: 4,
    key: { alias: 'text' },
    columns: {
      strategy: latest('text', 'how the candidates of a call are put in order'),
      candidates: latest(
        'jsonb',
        'a list of upstream, its name of the model, and weight; priority, cost and conditions if given',
      ),
      scoring: latest('jsonb', 'how much load, cost, latency and health count under `auto`'),
      sticky: latest('boolean', 'calls of one conversation go to the same candidate'),
      hang_up: latest(
        'text',
        '`cancel` or `drain`: what becomes of an answer whose client is gone',
      ),
      is_set: latest('boolean', 'it has not been removed'),
    },
    keepWhile: 'is_set',
  },
  {
    RouteChanged: ({ data: { alias, strategy, candidates, scoring, sticky, hangUp } }) => [
      {
        ...{ alias, strategy, candidates, scoring, sticky },
        ...{ hang_up: hangUp ?? 'cancel', is_set: true },
      },
    ],
    RouteRemoved: ({ data: { alias } }) => [{ alias, is_set: false }],
  },
);

export const IndexedRoute = z.object({ alias: z.string(), ...RouteTerms.shape });

/** Every route, as the model catalogue of a process starts from them. */
export const indexedRoutes = () =>
  query(
    IndexedRoute,
  )`SELECT alias, strategy, candidates, scoring, sticky, hang_up AS "hangUp" FROM read.routes ORDER BY alias`;
