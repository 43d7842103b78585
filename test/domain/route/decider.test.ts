import test from 'ava';
import { route } from '../../../src/domain/route/decider.ts';
import { given } from '../../support/given.ts';

const candidates = [{ upstream: 'openai', model: 'gpt-4o', weight: 1 }];
const changed = { type: 'RouteChanged' as const, data: { alias: 'best', candidates } };

test('a route names its candidates', (t) => {
  given(route)(t).when({ type: 'ChangeRoute', alias: 'best', candidates }).yields(changed);
});

test('changing a route to what it is changes nothing', (t) => {
  given(route, changed)(t).when({ type: 'ChangeRoute', alias: 'best', candidates }).yields();
});

test('another weight is a change', (t) => {
  const heavier = candidates.map((each) => ({ ...each, weight: 2 }));
  given(
    route,
    changed,
  )(t)
    .when({ type: 'ChangeRoute', alias: 'best', candidates: heavier })
    .yieldsTypes('RouteChanged');
});
