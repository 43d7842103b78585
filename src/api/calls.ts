import { z } from 'zod';
import { calls } from '../projections/calls.ts';
import { CallRow, callsPage, listCalls, memberCall } from '../projections/calls-reads.ts';
import { MomentCursor } from '../projections/page.ts';
import { Lines, linesOf } from './call-explained.ts';
import { WrittenCallId } from './call-id.ts';
import { ApiError } from './errors.ts';
import type { Reads } from './reads.ts';
import { listOf, MinPosition, pageQuery, positionOf } from './reads.ts';
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

/** `GET /api/calls/:id`: what a call of mine cost, and why. */
export const explainMyCall = (reads: Reads) =>
  route({
    method: 'GET',
    path: '/api/calls/:id',
    who: 'session',
    summary: 'One of my calls, by its id or request id, with the lines of its charge',
    params: z.object({ id: WrittenCallId }),
    query: z.object({ min_position: MinPosition }),
    reply: CallRow.extend({ lines: Lines, as_of_position: z.string().nullable() }),
    async handle({ caller, params: { id }, query: { min_position: min } }) {
      const position = await positionOf(reads, [calls], min);
      const call = await reads.maybeOne(memberCall(caller.memberId, id));
      if (!call) throw new ApiError('call_not_found');
      return { body: { ...call, lines: linesOf(call), as_of_position: position } };
    },
  });
