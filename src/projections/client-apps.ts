import { z } from 'zod';
import { ClientAppTerms } from '../domain/client-app/events.ts';
import { latest, projection } from './projection.ts';
import { query } from './query.ts';

export const clientApps = projection(
  'client_apps',
  {
    meaning: 'One row a client app that an operator has said something of.',
    group: 'analytics',
    version: 1,
    key: { client_app: 'text' },
    columns: { terms: latest('jsonb', 'the scenario of calls for which nobody else names one') },
  },
  {
    ClientAppChanged: ({ data: { clientApp, ...terms } }) => [{ client_app: clientApp, terms }],
  },
);

export const IndexedClientApp = z.object({ client_app: z.string(), terms: ClientAppTerms });

/** Every such client app, as the model catalogue of a process starts from them. */
export const indexedClientApps = () =>
  query(IndexedClientApp)`SELECT client_app, terms FROM read.client_apps ORDER BY client_app`;
