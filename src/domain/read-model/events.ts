import { z } from 'zod';
import type { EventOf } from '../event-table.ts';

const Build = {
  projection: z.string().describe('the read model'),
  schema: z.string().describe('the build: where its tables are'),
};

const EventSkipped = z
  .object({ ...Build, position: z.string().describe('of the event that is left out') })
  .describe('A build of a read model goes on past an event that it can’t take.');

const RebuildRequested = z
  .object({ projection: Build.projection })
  .describe('A read model is to be filled anew from the log.');

const DifferenceAccepted = z
  .object(Build)
  .describe('A build of a read model is to be shown although it holds something else.');

export const readModelEvents = { EventSkipped, RebuildRequested, DifferenceAccepted };
export type ReadModelEvent = EventOf<typeof readModelEvents>;
