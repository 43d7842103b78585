import type { Decider } from '../decider.ts';
import type { ReadModelEvent } from './events.ts';

export type ReadModelCommand =
  | {
      readonly type: 'SkipEvent';
      readonly projection: string;
      readonly schema: string;
      readonly position: bigint;
    }
  | { readonly type: 'RequestRebuild'; readonly projection: string }
  | { readonly type: 'AcceptDifference'; readonly projection: string; readonly schema: string };

/** Nothing decides what may be ordered: a build's name comes back for another one once it was dropped. */
type ReadModel = Readonly<Record<string, never>>;

/** What people decide about a read model; its rows are no business of this. Every order is recorded. */
export const readModel: Decider<ReadModelCommand, ReadModelEvent, ReadModel> = {
  initialState: {},
  decide(command) {
    switch (command.type) {
      case 'SkipEvent': {
        const { projection, schema, position } = command;
        const data = { projection, schema, position: position.toString() };
        return [{ type: 'EventSkipped', data }];
      }
      case 'RequestRebuild':
        return [{ type: 'RebuildRequested', data: { projection: command.projection } }];
      case 'AcceptDifference': {
        const { projection, schema } = command;
        return [{ type: 'DifferenceAccepted', data: { projection, schema } }];
      }
    }
  },
  evolve: (state) => state,
};
