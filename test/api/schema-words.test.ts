import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import test from 'ava';
import { WrittenCallId } from '../../src/api/call-id.ts';
import { ApiError } from '../../src/api/errors.ts';
import { parse } from '../../src/api/parse.ts';
import { inChinese } from '../../src/api/schema-words.ts';
import { Asset } from '../../src/domain/accounts.ts';
import { BudgetId } from '../../src/domain/budget/events.ts';
import { WrittenAmount } from '../../src/domain/money.ts';
import { Scenario } from '../../src/domain/permits.ts';
import { Alias } from '../../src/domain/price-list/events.ts';
import { UpstreamName } from '../../src/domain/route/events.ts';

const sources = await Array.fromAsync(glob('src/{api,domain}/**/*.ts'));

/** What a schema says when its check fails: the last text that `regex`, `refine` and `union` are given. */
const said = [
  /z\.union\(\s*\[[^;]*?\],\s*'([^']+)',?\s*\)/g,
  /\.regex\(\s*(?:\/(?:\\.|\[(?:\\.|[^\]\n])+\]|[^/\n])+\/\w*|\w+),\s*'([^']+)'/g,
  /\.refine\((?:(?!\.\w+\(\{)[^;]){0,300}?(?:,\s*'([^']+)',?\s*\)|message: '([^']+)')/g,
];

test('everything that a schema says of its own has its Chinese, and nothing else has', (t) => {
  const found = sources.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return said.flatMap((pattern) =>
      [...text.matchAll(pattern)].map(([, first, second]) => first ?? second ?? ''),
    );
  });
  t.deepEqual([...new Set(found)].toSorted(), Object.keys(inChinese).toSorted());
});

for (const [what, schema, value] of [
  ['the name of a scenario', Scenario, 'no name!'],
  ['the name of an upstream', UpstreamName, 'No-Name'],
  ['the name of a budget', BudgetId, 'No Name'],
  ['an alias', Alias, 'no name!'],
  ['an asset', Asset, 'coins'],
  ['a call', WrittenCallId, 'req_1'],
] as const) {
  test(`a reader of Chinese learns how ${what} is written, and sees no pattern`, (t) => {
    const refused = t.throws(() => parse(schema, value, 'zh'), { instanceOf: ApiError });
    const message = refused?.details.fields?.[0]?.message ?? '';
    t.true(Object.values(inChinese).includes(message), message);
  });
}

test('a wrong field is told in the reader’s language', (t) => {
  const messageIn = (locale: 'en' | 'zh') => {
    const refused = t.throws(() => parse(WrittenAmount, '1e5', locale), { instanceOf: ApiError });
    return refused?.details.fields?.[0]?.message;
  };
  t.is(messageIn('en'), 'a decimal string with at most 26 digits and 12 decimals');
  t.is(messageIn('zh'), inChinese['a decimal string with at most 26 digits and 12 decimals']);
});
