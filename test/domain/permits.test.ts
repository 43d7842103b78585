import test from 'ava';
import { everything, forbiddenIn, permitsAlias } from '../../src/domain/permits.ts';

const wanted = { alias: 'demo', scenario: 'code', endpoint: '/v1/chat/completions' };

test('without lists everything is permitted', (t) => {
  t.is(forbiddenIn(everything, wanted), undefined);
  t.true(permitsAlias(everything, 'demo'));
});

test('what is not in a list is forbidden, and an empty list permits nothing', (t) => {
  t.is(forbiddenIn({ ...everything, aliases: ['small'] }, wanted), 'alias');
  t.is(forbiddenIn({ ...everything, aliases: [] }, wanted), 'alias');
  t.is(forbiddenIn({ ...everything, scenarios: ['chat'] }, wanted), 'scenario');
  t.is(forbiddenIn({ ...everything, endpoints: ['/v1/embeddings'] }, wanted), 'endpoint');
  t.false(permitsAlias({ ...everything, aliases: ['small'] }, 'demo'));
});

test('what is in its list is permitted', (t) => {
  const lists = { aliases: ['demo'], scenarios: ['code'], endpoints: ['/v1/chat/completions'] };
  t.is(forbiddenIn(lists, wanted), undefined);
});

test('a call that names no scenario needs none', (t) => {
  t.is(
    forbiddenIn({ ...everything, scenarios: [] }, { ...wanted, scenario: undefined }),
    undefined,
  );
});
