import test from 'ava';
import { alias } from '../../../src/domain/alias/decider.ts';
import { plainAlias } from '../../../src/domain/alias/events.ts';
import { given } from '../../support/given.ts';

const limits = { requestsPerMinute: 5, tokensPerMinute: null, concurrent: 2 };
const change = (changes: Parameters<typeof alias.decide>[0]['changes']) => ({
  type: 'ChangeAlias' as const,
  alias: 'demo',
  changes,
});
const changed = (terms: Partial<typeof plainAlias>) => ({
  type: 'AliasChanged' as const,
  data: { alias: 'demo', ...plainAlias, ...terms },
});

test('an alias has no terms until somebody says some', (t) => {
  given(alias)(t).when(change({})).yields();
  given(alias)(t).when(change(plainAlias)).yields();
  given(alias)(t).when(change({ limits })).yields(changed({ limits }));
});

test('what a change leaves out stays, and null takes away', (t) => {
  const before = changed({ systemPrompt: 'Be short.', limits, sampling: { temperature: 0 } });
  given(
    alias,
    before,
  )(t)
    .when(change({ description: 'Fast' }))
    .yields(changed({ ...before.data, description: 'Fast' }));
  given(
    alias,
    before,
  )(t)
    .when(change({ systemPrompt: null, sampling: {} }))
    .yields(changed({ limits }));
});

test('the same terms in another order change nothing', (t) => {
  const sampling = { temperature: 0, top_p: 0.5 };
  given(
    alias,
    changed({ sampling }),
  )(t)
    .when(change({ sampling: { top_p: 0.5, temperature: 0 } }))
    .yields();
});

test('how much is read at most is said, stays, and is taken away', (t) => {
  const said = changed({ maxInputTokens: 200_000 });
  given(alias)(t)
    .when(change({ maxInputTokens: 200_000 }))
    .yields(said);
  given(alias)(t)
    .when(change({ maxInputTokens: undefined }))
    .yields();
  given(
    alias,
    said,
  )(t)
    .when(change({ limits }))
    .yields(changed({ ...said.data, limits }));
  given(
    alias,
    said,
  )(t)
    .when(change({ maxInputTokens: undefined }))
    .yields(changed({ maxInputTokens: undefined }));
});
