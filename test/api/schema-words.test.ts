import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import test from 'ava';
import { ApiError } from '../../src/api/errors.ts';
import { parse } from '../../src/api/parse.ts';
import { inChinese } from '../../src/api/schema-words.ts';
import { WrittenAmount } from '../../src/domain/money.ts';

const sources = await Array.fromAsync(glob('src/{api,domain}/**/*.ts'));

/** What a schema says when its check fails: the last text that `regex` and `refine` are given. */
const said = [
  /\.regex\(\s*(?:\/(?:\\.|[^/\n])+\/\w*|\w+),\s*'([^']+)'/g,
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

test('a wrong field is told in the reader’s language', (t) => {
  const messageIn = (locale: 'en' | 'zh') => {
    const refused = t.throws(() => parse(WrittenAmount, '1e5', locale), { instanceOf: ApiError });
    return refused?.details.fields?.[0]?.message;
  };
  t.is(messageIn('en'), 'a decimal string with at most 26 digits and 12 decimals');
  t.is(messageIn('zh'), inChinese['a decimal string with at most 26 digits and 12 decimals']);
});
