import { z } from 'zod';
import {
  ConfigChange,
  ConfigCursor,
  ConfigNoun,
  changesPage,
  configChanges,
  listChanges,
} from '../projections/config-changes.ts';
import type { Reads } from './reads.ts';
import { listOf, pageQuery, positionOf } from './reads.ts';
import { route } from './route.ts';
import { snakeCased } from './snake-cased.ts';

const ShownChange = ConfigChange.omit({ actor_type: true, actor_id: true }).extend({
  actor: z.object({ type: z.string(), id: z.string() }),
});

export const listConfigChanges = (reads: Reads) =>
  route({
    method: 'GET',
    path: '/api/admin/changes',
    who: 'admin',
    summary:
      'Who changed which alias, model, route, client app, setting, upstream or budget, and what held before',
    query: pageQuery(ConfigCursor).extend({
      noun: ConfigNoun.optional(),
      id: z.string().min(1).max(200).optional(),
    }),
    reply: listOf(ShownChange),
    async handle({ query }) {
      const { limit, cursor: after, min_position: min, noun, id } = query;
      const wanted = { limit, after };
      const position = await positionOf(reads, [configChanges], min);
      const rows = await reads.any(listChanges({ noun, id }, wanted));
      const { data, next_cursor } = changesPage(rows, wanted);
      return { body: { data: data.map(shown), next_cursor, as_of_position: position } };
    },
  });

const shown = ({ actor_type, actor_id, before, after, ...row }: ConfigChange) => ({
  ...row,
  actor: { type: actor_type, id: actor_id },
  before: before && snakeCased(before),
  after: snakeCased(after),
});
