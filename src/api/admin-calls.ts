import { z } from 'zod';
import { calls } from '../projections/calls.ts';
import {
  AdminCallRow,
  CallStatus,
  callsPage,
  costOfCall,
  listAllCalls,
} from '../projections/calls-reads.ts';
import { MomentCursor } from '../projections/page.ts';
import { CostLines, costLinesOf, Lines, linesOf } from './call-explained.ts';
import { WrittenCallId } from './call-id.ts';
import { ApiError } from './errors.ts';
import { WrittenMoment } from './moment.ts';
import type { Reads } from './reads.ts';
import { listOf, MinPosition, pageQuery, positionOf } from './reads.ts';
import { ClientRequestId } from './request-scope.ts';
import { route } from './route.ts';
import { WrittenUuid } from './written-uuid.ts';

const Name = z.string().min(1).max(200);

/** Any of these narrows the list. */
const Filter = {
  member_id: WrittenUuid.optional(),
  api_key_id: WrittenUuid.optional(),
  /** The same as `model`. */
  alias: Name.optional(),
  model: Name.optional(),
  upstream: Name.optional(),
  status: CallStatus.optional(),
  request_id: WrittenCallId.optional(),
  /** The caller's own; within `from` and `to` where there are many calls. */
  client_request_id: ClientRequestId.optional(),
  from: WrittenMoment.optional(),
  to: WrittenMoment.optional(),
};

export const listEveryCall = (reads: Reads) =>
  route({
    method: 'GET',
    path: '/api/admin/calls',
    who: 'admin',
    summary: 'Everybody’s calls with who answered them, the newest first',
    query: pageQuery(MomentCursor).extend(Filter),
    reply: listOf(AdminCallRow),
    async handle({ query }) {
      const { limit, cursor: after, min_position: min, member_id, api_key_id } = query;
      const { request_id, client_request_id, alias, model, upstream, status, from, to } = query;
      const wanted = { limit, after };
      const position = await positionOf(reads, [calls], min);
      const ids = { id: request_id, clientRequestId: client_request_id };
      const whose = { memberId: member_id, apiKeyId: api_key_id };
      const filter = { ...ids, ...whose, alias, model, upstream, status, from, to };
      const rows = await reads.any(listAllCalls(filter, wanted));
      const { data, next_cursor } = callsPage(rows, wanted);
      return { body: { data: [...data], next_cursor, as_of_position: position } };
    },
  });

/** `GET /api/admin/calls/:id`: whose it was, who answered, and what its charge is made of. */
export const explainEveryCall = (reads: Reads) =>
  route({
    method: 'GET',
    path: '/api/admin/calls/:id',
    who: 'admin',
    summary: 'One call, by its id or request id, with the lines of its charge',
    params: z.object({ id: WrittenCallId }),
    query: z.object({ min_position: MinPosition }),
    reply: AdminCallRow.extend({
      ...{ lines: Lines, cost_lines: CostLines },
      as_of_position: z.string().nullable(),
    }),
    async handle({ params: { id }, query: { min_position: min } }) {
      const position = await positionOf(reads, [calls], min);
      const [call] = await reads.any(listAllCalls({ id }, { limit: 1 }));
      if (!call) throw new ApiError('call_not_found');
      const cost = await reads.maybeOne(costOfCall(id));
      const lines = { lines: linesOf(call), cost_lines: costLinesOf(cost?.rated ?? []) };
      return { body: { ...call, ...lines, as_of_position: position } };
    },
  });
