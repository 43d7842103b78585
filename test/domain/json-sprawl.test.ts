import { Buffer } from 'node:buffer';
import test from 'ava';
import { mostLevels, mostParts, sprawlOf } from '../../src/domain/json-sprawl.ts';

const of = (text: string) => sprawlOf(Buffer.from(text));
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

test('a JSON text may be so deep and have so many parts, and no more', (t) => {
  t.is(of(nested(mostLevels)), undefined);
  t.is(of(nested(mostLevels + 1)), 'nested_too_deeply');
  t.is(of(`[${'{},'.repeat(mostParts - 1)}0]`), undefined);
  t.is(of(`[${'{},'.repeat(mostParts)}0]`), 'too_many_parts');
  t.is(of(`{${'"":0,'.repeat(mostParts - 1)}`), undefined);
  t.is(of(`{${'"":0,'.repeat(mostParts)}`), 'too_many_parts');
});

test('only what stands outside of texts counts', (t) => {
  const brackets = '[:'.repeat(mostParts);
  t.is(of(JSON.stringify({ [brackets]: [brackets, `"\\${brackets}\\\\`] })), undefined);
  t.is(of(`["\\\\",${brackets}`), 'nested_too_deeply');
});
