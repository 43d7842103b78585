import test from 'ava';
import { readModel } from '../../../src/domain/read-model/decider.ts';
import type { ReadModelEvent } from '../../../src/domain/read-model/events.ts';
import { given } from '../../support/given.ts';

const build = { projection: 'balance', schema: 'balance_v1' };
const skipped: ReadModelEvent = { type: 'EventSkipped', data: { ...build, position: '7' } };
const accepted: ReadModelEvent = { type: 'DifferenceAccepted', data: build };

test('whatever is ordered is recorded, also what was ordered before of a build of the same name', (t) => {
  const skip = { type: 'SkipEvent', ...build, position: 7n } as const;
  given(readModel)(t).when(skip).yields(skipped);
  given(readModel, skipped)(t).when(skip).yields(skipped);
  const accept = { type: 'AcceptDifference', ...build } as const;
  given(readModel)(t).when(accept).yields(accepted);
  given(readModel, accepted)(t).when(accept).yields(accepted);
  const requested: ReadModelEvent = { type: 'RebuildRequested', data: { projection: 'balance' } };
  given(
    readModel,
    requested,
  )(t)
    .when({ type: 'RequestRebuild', projection: 'balance' })
    .yields(requested);
});
