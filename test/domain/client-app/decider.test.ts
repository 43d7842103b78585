import test from 'ava';
import { clientApp } from '../../../src/domain/client-app/decider.ts';
import { given } from '../../support/given.ts';

const change = (scenario: string | null) => ({
  type: 'ChangeClientApp' as const,
  clientApp: 'shop',
  changes: { scenario },
});
const changed = (scenario: string | null) => ({
  type: 'ClientAppChanged' as const,
  data: { clientApp: 'shop', scenario },
});

test('there is a client app from the first that is said of it, even that it has no scenario', (t) => {
  given(clientApp)(t).when(change('chat')).yields(changed('chat'));
  given(clientApp)(t).when(change(null)).yields(changed(null));
});

test('a change is said once, and null takes the scenario away', (t) => {
  given(clientApp, changed('chat'))(t).when(change('chat')).yields();
  given(clientApp, changed('chat'))(t).when(change('code')).yields(changed('code'));
  given(clientApp, changed('chat'))(t).when(change(null)).yields(changed(null));
  given(clientApp, changed(null))(t).when(change(null)).yields();
});

test('what is left out stays', (t) => {
  given(
    clientApp,
    changed('chat'),
  )(t)
    .when({ ...change(null), changes: {} })
    .yields();
});
