import { z } from 'zod';
import { AliasTerms } from '../domain/alias/events.ts';
import { latest, projection } from './projection.ts';
import { query } from './query.ts';

export const aliases = projection(
  'aliases',
  {
    meaning: 'One row an alias that an operator has said something of beside its price and route.',
    group: 'analytics',
    version: 1,
    key: { alias: 'text' },
    columns: {
      terms: latest(
        'jsonb',
        'description, sampling, system prompt, scenario, limits and the most input',
      ),
    },
  },
  {
    AliasChanged: ({ data: { alias, ...terms } }) => [{ alias, terms }],
  },
);

export const IndexedAlias = z.object({ alias: z.string(), terms: AliasTerms });

/** Every such alias, as the model catalogue of a process starts from them. */
export const indexedAliases = () =>
  query(IndexedAlias)`SELECT alias, terms FROM read.aliases ORDER BY alias`;
