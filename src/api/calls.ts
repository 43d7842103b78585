import { calls } from '../projections/calls.ts';
import { CallRow, callsPage, listCalls } from '../projections/calls-reads.ts';
import { MomentCursor } from '../projections/page.ts';
import type { Reads } from './reads.ts';
import { listOf, pageQuery, positionOf } from './reads.ts';
import { route } from './route.ts';

export const listMyCalls = (reads: Reads) =>
  route({
    method: 'GET',
    path: '/api/calls',
    who: 'session',
    summary: 'My calls and what each cost, the newest first',
    query: pageQuery(MomentCursor),
    reply: listOf(CallRow),
    handle: async ({ caller, query: { limit, cursor: after, min_position: min } }) => {
      const wanted = { limit, after };
      const position = await positionOf(reads, [calls], min);
      const rows = await reads.any(listCalls(caller.memberId, wanted));
      const { data, next_cursor } = callsPage(rows, wanted);
      return { body: { data: [...data], next_cursor, as_of_position: position } };
    },
  });
