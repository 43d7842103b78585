import { z } from 'zod';
import { KeyPermits } from '../domain/api-key/events.ts';
import { ApiKeyRow, apiKeys, apiKeysPage, listApiKeys } from '../projections/api-keys.ts';
import { MomentCursor } from '../projections/page.ts';
import { shownPermits } from './key-permits.ts';
import type { Reads } from './reads.ts';
import { listOf, pageQuery, positionOf } from './reads.ts';
import { route } from './route.ts';
import { WrittenUuid } from './written-uuid.ts';

const PageQuery = pageQuery(MomentCursor);
const ShownKey = ApiKeyRow.omit({ permits: true }).extend(KeyPermits.shape);

export const listMyApiKeys = (reads: Reads) =>
  route({
    method: 'GET',
    path: '/api/api-keys',
    who: 'session',
    summary: 'My API keys, the newest first; revoked ones say when',
    query: PageQuery,
    reply: listOf(ShownKey),
    handle: async ({ caller, query: wanted }) => ({
      body: await keysOf(reads, caller.memberId, wanted),
    }),
  });

/** Their ids are what limits, routes' conditions and lists of calls name keys by. */
export const listMemberApiKeys = (reads: Reads) =>
  route({
    method: 'GET',
    path: '/api/admin/members/:id/api-keys',
    who: 'admin',
    summary: 'A member’s API keys, the newest first; revoked ones say when',
    params: z.object({ id: WrittenUuid }),
    query: PageQuery,
    reply: listOf(ShownKey),
    handle: async ({ params: { id }, query: wanted }) => ({
      body: await keysOf(reads, id, wanted),
    }),
  });

async function keysOf(
  reads: Reads,
  memberId: string,
  { limit, cursor: after, min_position: min }: z.output<typeof PageQuery>,
) {
  const wanted = { limit, after };
  const position = await positionOf(reads, [apiKeys], min);
  const rows = await reads.any(listApiKeys(memberId, wanted));
  const { data, next_cursor } = apiKeysPage(rows, wanted);
  const keys = data.map(({ permits, ...key }) => ({ ...key, ...shownPermits(permits) }));
  return { data: keys, next_cursor, as_of_position: position };
}
