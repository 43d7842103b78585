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

/** Builds and positions that something was decided about, as `schema/position` and `schema`. */
interface ReadModel {
  readonly decided: ReadonlySet<string>;
}

/** What people decide about a read model; its rows are no business of this. */
export const readModel: Decider<ReadModelCommand, ReadModelEvent, ReadModel> = {
  initialState: { decided: new Set() },
  decide(command, { decided }) {
    switch (command.type) {
      case 'SkipEvent': {
        const { projection, schema } = command;
        const position = command.position.toString();
        if (decided.has(`${schema}/${position}`)) return [];
        return [{ type: 'EventSkipped', data: { projection, schema, position } }];
      }
      case 'RequestRebuild':
        return [{ type: 'RebuildRequested', data: { projection: command.projection } }];
      case 'AcceptDifference': {
        const { projection, schema } = command;
        if (decided.has(schema)) return [];
        return [{ type: 'DifferenceAccepted', data: { projection, schema } }];
      }
    }
  },
  evolve({ decided }, { type, data }) {
    switch (type) {
      case 'EventSkipped':
        return { decided: new Set([...decided, `${data.schema}/${data.position}`]) };
      case 'RebuildRequested':
        return { decided };
      case 'DifferenceAccepted':
        return { decided: new Set([...decided, data.schema]) };
    }
  },
};
