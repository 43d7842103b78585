import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { BuildOrders } from '../adapters/postgres/build-orders.ts';
import type { ReadModelCommand, readModel } from '../domain/read-model/decider.ts';
import { streamOf } from '../domain/streams.ts';
import { builds, stops } from '../projections/installation.ts';
import type { Projection } from '../projections/projection.ts';
import type { SessionCaller } from './caller.ts';
import { commandContext } from './command-context.ts';
import { ApiError } from './errors.ts';
import type { Reads } from './reads.ts';
import type { RequestFacts } from './route.ts';
import { route } from './route.ts';
import { Reason } from './wallet-orders.ts';

export interface RebuildOrderParts {
  readonly run: RunnerOf<typeof readModel>['run'];
  readonly orders: BuildOrders;
  readonly reads: Reads;
  readonly projections: readonly Projection[];
  readonly clock: () => Date;
}

const params = z.object({ name: z.string() });

/** Who orders it, why, and what of: the event that says so comes first, and then it is done. */
interface Order {
  readonly caller: SessionCaller;
  readonly request: RequestFacts;
  readonly reason: string;
}

const recorder =
  ({ run, clock }: RebuildOrderParts) =>
  async (command: ReadModelCommand, { reason, ...by }: Order) => {
    const context = { ...commandContext(by, clock, command.type), reason };
    return await run(streamOf.readModel(command.projection), () => command, context);
  };

function named(projections: readonly Projection[], name: string): Projection {
  const found = projections.find((each) => each.name === name);
  if (!found) throw new ApiError('projection_not_found');
  return found;
}

/** Has a read model filled anew, or shows a build that differs and was found to be the better one. */
export const rebuildProjection = (parts: RebuildOrderParts) =>
  route({
    method: 'POST',
    path: '/api/admin/projections/:name/rebuild',
    who: 'admin',
    summary:
      'Fill a read model anew from the log, beside the one that is read; or accept how it differs',
    params,
    body: z.strictObject({
      reason: Reason,
      /** Shows the build whose comparison found a difference. */
      accept: z.boolean().default(false),
    }),
    status: 202,
    reply: z.object({ projection: z.string(), schema: z.string() }),
    handle: async ({ params: { name }, body: { reason, accept }, caller, request }) => {
      const projection = named(parts.projections, name);
      const record = recorder(parts);
      const by = { caller, request, reason };
      if (!accept) {
        const { position } = await record({ type: 'RequestRebuild', projection: name }, by);
        const schema = await parts.orders.rebuild(projection);
        return { body: { projection: name, schema }, position };
      }
      const schema = await differing(parts, projection);
      const { position } = await record({ type: 'AcceptDifference', projection: name, schema }, by);
      await parts.orders.accept(schema, reason);
      return { body: { projection: name, schema }, position };
    },
  });

/** Only other code may give other rows: what the same code gives otherwise is a fault. */
async function differing({ reads }: RebuildOrderParts, projection: Projection): Promise<string> {
  const known = (await reads.any(builds())).filter((each) => each.projection === projection.name);
  const shown = known.find(({ state }) => state === 'shown');
  const found = known.find((each) => each.state === 'filling' && each.report !== null);
  if (!found || found.version === shown?.version) throw new ApiError('projection_not_found');
  return found.schema;
}

/** Lets the builds of a read model go on past an event that they wait at. */
export const skipEvent = (parts: RebuildOrderParts) =>
  route({
    method: 'POST',
    path: '/api/admin/projections/:name/skips',
    who: 'admin',
    summary: 'Let a read model leave out the event that it waits at',
    params,
    body: z.strictObject({ position: z.string().regex(/^\d{1,18}$/), reason: Reason }),
    status: 201,
    reply: z.object({ projection: z.string(), position: z.string(), schemas: z.array(z.string()) }),
    handle: async ({ params: { name }, body: { position, reason }, caller, request }) => {
      const projection = named(parts.projections, name);
      const known = await parts.reads.any(builds());
      const mine = new Set(
        known.filter((each) => each.projection === projection.name).map(({ schema }) => schema),
      );
      const schemas = (await parts.reads.any(stops()))
        .filter((stop) => mine.has(stop.schema) && stop.position === position)
        .map(({ schema }) => schema);
      if (schemas.length === 0) throw new ApiError('projection_not_found');
      const record = recorder(parts);
      let written: bigint | null = null;
      for (const schema of schemas) {
        const skip = {
          type: 'SkipEvent',
          projection: name,
          schema,
          position: BigInt(position),
        } as const;
        written = (await record(skip, { caller, request, reason })).position ?? written;
        await parts.orders.skip(schema, BigInt(position));
      }
      return { body: { projection: name, position, schemas }, position: written };
    },
  });
