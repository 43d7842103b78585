import { z } from 'zod';
import { UpstreamName } from '../domain/route/events.ts';
import { UpstreamTerms } from '../domain/upstream/events.ts';
import { latest, projection } from './projection.ts';
import { query } from './query.ts';

export const upstreams = projection(
  'upstreams',
  {
    meaning: 'One row an upstream that an administrator set up: where it is and how it is asked.',
    group: 'analytics',
    version: 2,
    key: { id: 'text' },
    columns: {
      kind: latest('text', 'whose protocol it speaks, and whose habits it has'),
      base_url: latest('text', 'where it is'),
      enabled: latest('boolean', 'false: it takes no new call'),
      capacity: latest('jsonb', 'calls at once as `{"most": 5}`; `{"most": null}`: nobody knows'),
      keys: latest(
        'jsonb',
        'a list of key id and fingerprint; the keys themselves are in the vault',
      ),
      changed_at: latest('timestamptz', 'when it was last changed'),
      is_set: latest('boolean', 'it has not been removed'),
    },
    keepWhile: 'is_set',
  },
  {
    UpstreamChanged: ({ data: { id, kind, baseUrl, capacity, enabled, keys }, meta }) => [
      {
        ...{ id, kind, base_url: baseUrl, enabled, keys },
        // A null of its own would say nothing, and what was there before would stand.
        capacity: { most: capacity },
        ...{ changed_at: meta.recordedAt, is_set: true },
      },
    ],
    UpstreamRemoved: ({ data: { id }, meta }) => [
      { id, changed_at: meta.recordedAt, is_set: false },
    ],
  },
);

export const IndexedUpstream = z
  .object({
    id: UpstreamName,
    kind: UpstreamTerms.shape.kind,
    base_url: UpstreamTerms.shape.baseUrl,
    enabled: z.boolean(),
    capacity: z.object({ most: UpstreamTerms.shape.capacity }),
    keys: UpstreamTerms.shape.keys,
  })
  .transform(({ id, kind, base_url, enabled, capacity, keys }) => ({
    id,
    terms: { kind, baseUrl: base_url, capacity: capacity.most, enabled, keys },
  }));

/** Every upstream, as the index of a process starts from them. */
export const indexedUpstreams = () =>
  query(IndexedUpstream)`
    SELECT id, kind, base_url, enabled, capacity, keys FROM read.upstreams ORDER BY id`;
