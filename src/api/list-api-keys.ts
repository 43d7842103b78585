import { ApiKeyRow, apiKeys, apiKeysPage, listApiKeys } from '../projections/api-keys.ts';
import { MomentCursor } from '../projections/page.ts';
import type { Reads } from './reads.ts';
import { listOf, pageQuery, positionOf } from './reads.ts';
import { route } from './route.ts';

export const listMyApiKeys = (reads: Reads) =>
  route({
    method: 'GET',
    path: '/api/api-keys',
    who: 'session',
    summary: 'My API keys, the newest first; revoked ones say when',
    query: pageQuery(MomentCursor),
    reply: listOf(ApiKeyRow),
    handle: async ({ caller, query: { limit, cursor: after, min_position: min } }) => {
      const wanted = { limit, after };
      const position = await positionOf(reads, [apiKeys], min);
      const rows = await reads.any(listApiKeys(caller.memberId, wanted));
      const { data, next_cursor } = apiKeysPage(rows, wanted);
      return { body: { data: [...data], next_cursor, as_of_position: position } };
    },
  });
