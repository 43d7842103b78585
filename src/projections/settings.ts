import { z } from 'zod';
import { OperatorSettings } from '../domain/settings/events.ts';
import { latest, projection } from './projection.ts';
import { query } from './query.ts';

export const settings = projection(
  'settings',
  {
    meaning: 'What the operator has decided for the whole installation; at most one row.',
    group: 'analytics',
    version: 1,
    key: { decided_by: 'text' },
    columns: { terms: latest('jsonb', 'default aliases, and links for members') },
  },
  {
    SettingsChanged: ({ data }) => [{ decided_by: 'operator', terms: data }],
  },
);

export const IndexedSettings = z.object({ terms: OperatorSettings });

/** The settings there are, as the model catalogue of a process starts from them. */
export const indexedSettings = () => query(IndexedSettings)`SELECT terms FROM read.settings`;
