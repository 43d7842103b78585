import { calls } from '../projections/calls.ts';
import { AdminCallRow, callsPage, listAllCalls } from '../projections/calls-reads.ts';
import { MomentCursor } from '../projections/page.ts';
import type { Reads } from './reads.ts';
import { listOf, pageQuery, positionOf } from './reads.ts';
import { route } from './route.ts';

export const listEveryCall = (reads: Reads) =>
  route({
    method: 'GET',
    path: '/api/admin/calls',
    who: 'admin',
    summary: 'Everybody’s calls with who answered them, the newest first',
    query: pageQuery(MomentCursor),
    reply: listOf(AdminCallRow),
    handle: async ({ query: { limit, cursor: after, min_position: min } }) => {
      const wanted = { limit, after };
      const position = await positionOf(reads, [calls], min);
      const rows = await reads.any(listAllCalls(wanted));
      const { data, next_cursor } = callsPage(rows, wanted);
      return { body: { data: [...data], next_cursor, as_of_position: position } };
    },
  });
