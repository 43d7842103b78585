import test from 'ava';
import { decode } from '../../../src/domain/events.ts';
import { route } from '../../../src/domain/route/decider.ts';
import { given } from '../../support/given.ts';
import { stored } from '../../support/recorded.ts';
import { routeTo } from '../../support/routes.ts';

const candidates = [{ upstream: 'openai', model: 'gpt-4o', weight: 1 }];
const terms = routeTo(candidates);
const changed = { type: 'RouteChanged' as const, data: { alias: 'best', ...terms } };

test('a route says its candidates and how one is chosen', (t) => {
  given(route)(t)
    .when({ type: 'ChangeRoute', alias: 'best', ...terms })
    .yields(changed);
});

test('changing a route to what it is changes nothing', (t) => {
  given(
    route,
    changed,
  )(t)
    .when({ type: 'ChangeRoute', alias: 'best', ...terms })
    .yields();
});

for (const [what, other] of [
  ['weight', routeTo([{ upstream: 'openai', model: 'gpt-4o', weight: 2 }])],
  ['priority', routeTo([{ upstream: 'openai', model: 'gpt-4o', weight: 1, priority: 3 }])],
  ['strategy', { ...terms, strategy: 'cheapest' }],
  ['share of cost', { ...terms, scoring: { ...terms.scoring, cost: 9 } }],
  ['stickiness', { ...terms, sticky: true }],
  ['what a client that hangs up ends', { ...terms, hangUp: 'drain' }],
] as const) {
  test(`another ${what} is a change`, (t) => {
    given(
      route,
      changed,
    )(t)
      .when({ type: 'ChangeRoute', alias: 'best', ...other })
      .yieldsTypes('RouteChanged');
  });
}

test('a route is removed once, and one like it is set again', (t) => {
  const remove = { type: 'RemoveRoute', alias: 'best' } as const;
  const removed = { type: 'RouteRemoved' as const, data: { alias: 'best' } };
  given(route, changed)(t).when(remove).yields(removed);
  given(route, changed, removed)(t).when(remove).yields();
  given(route)(t).when(remove).yields();
  given(
    route,
    changed,
    removed,
  )(t)
    .when({ type: 'ChangeRoute', alias: 'best', ...terms })
    .yields(changed);
});

test('a route from before there were strategies is drawn by weight, as it was', (t) => {
  const { metadata, ...event } = stored(changed);
  const old = {
    ...event,
    metadata: { ...Object(metadata), v: 1 },
    data: { alias: 'best', candidates },
  };
  t.like(decode(old).data, { strategy: 'weighted', sticky: false, candidates });
});
