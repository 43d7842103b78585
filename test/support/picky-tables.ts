import { latest, projection } from '../../src/projections/projection.ts';

export const about = { meaning: 'One row a test.', group: 'analytics' } as const;

/** Throws on a granted role. */
export const picky = projection(
  'picky',
  { ...about, version: 1, key: { alias: 'text' }, columns: { at: latest('timestamptz') } },
  {
    RoleGranted: () => {
      throw new Error('no roles here');
    },
    RouteChanged: ({ data }) => [{ alias: data.alias, at: '2026-01-01T00:00:00.000Z' }],
  },
);
/** Its table refuses a route of two candidates. */
export const strict = projection(
  'strict',
  { ...about, version: 1, key: { alias: 'text' }, columns: { n: latest('integer') } },
  {
    RouteChanged: ({ data }) => [{ alias: data.alias, n: data.candidates.length * 2_000_000_000 }],
  },
);
/** Takes everything. */
export const calm = projection(
  'calm',
  { ...about, version: 1, key: { type: 'text', id: 'uuid' }, columns: {} },
  ({ type, id }) => [{ type, id }],
);
