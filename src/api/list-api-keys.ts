import { KeyPermits } from '../domain/api-key/events.ts';
import { ApiKeyRow, apiKeys, apiKeysPage, listApiKeys } from '../projections/api-keys.ts';
import { MomentCursor } from '../projections/page.ts';
import { shownPermits } from './key-permits.ts';
import type { Reads } from './reads.ts';
import { listOf, pageQuery, positionOf } from './reads.ts';
import { route } from './route.ts';

const ShownKey = ApiKeyRow.omit({ permits: true }).extend(KeyPermits.shape);

export const listMyApiKeys = (reads: Reads) =>
  route({
    method: 'GET',
    path: '/api/api-keys',
    who: 'session',
    summary: 'My API keys, the newest first; revoked ones say when',
    query: pageQuery(MomentCursor),
    reply: listOf(ShownKey),
    handle: async ({ caller, query: { limit, cursor: after, min_position: min } }) => {
      const wanted = { limit, after };
      const position = await positionOf(reads, [apiKeys], min);
      const rows = await reads.any(listApiKeys(caller.memberId, wanted));
      const { data, next_cursor } = apiKeysPage(rows, wanted);
      const keys = data.map(({ permits, ...key }) => ({ ...key, ...shownPermits(permits) }));
      return { body: { data: keys, next_cursor, as_of_position: position } };
    },
  });
