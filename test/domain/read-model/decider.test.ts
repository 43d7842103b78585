import test from 'ava';
import { readModel } from '../../../src/domain/read-model/decider.ts';
import type { ReadModelEvent } from '../../../src/domain/read-model/events.ts';
import { given } from '../../support/given.ts';

const build = { projection: 'balance', schema: 'balance_v1' };
const skipped: ReadModelEvent = { type: 'EventSkipped', data: { ...build, position: '7' } };
const accepted: ReadModelEvent = { type: 'DifferenceAccepted', data: build };

test('an event is skipped once in each build', (t) => {
  const skip = { type: 'SkipEvent', ...build, position: 7n } as const;
  given(readModel)(t).when(skip).yields(skipped);
  given(readModel, skipped)(t).when(skip).yields();
  given(
    readModel,
    skipped,
  )(t)
    .when({ ...skip, schema: 'balance_v1_b2' })
    .yieldsTypes('EventSkipped');
  given(
    readModel,
    skipped,
  )(t)
    .when({ ...skip, position: 8n })
    .yieldsTypes('EventSkipped');
});

test('a difference is accepted once, and a rebuild may be asked for again and again', (t) => {
  const accept = { type: 'AcceptDifference', ...build } as const;
  given(readModel)(t).when(accept).yields(accepted);
  given(readModel, accepted)(t).when(accept).yields();
  const requested: ReadModelEvent = { type: 'RebuildRequested', data: { projection: 'balance' } };
  given(
    readModel,
    requested,
  )(t)
    .when({ type: 'RequestRebuild', projection: 'balance' })
    .yields(requested);
});
