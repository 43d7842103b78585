import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';

/** The files of each walk that a README draws, walk by walk. */
const walksIn = (file: string): readonly (readonly string[])[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('- **') && line.includes(' → '))
    .map((line) => [...line.matchAll(/`([\w/-]+\.ts)`/g)].map(([, path = '']) => path));

test('the walks lead through files that are there, the same in both languages', (t) => {
  const walks = walksIn('README.md');
  t.deepEqual(walksIn('README.zh.md'), walks);
  for (const path of walks.flat()) t.true(existsSync(`src/${path}`), path);
});

for (const end of ['domain/wallet/resolve.ts', 'domain/wallet/statement.ts']) {
  test(`a walk leads from the edge to ${end} and never back to a file`, (t) => {
    const walk = walksIn('README.md').find((files) => files.includes(end)) ?? [];
    t.is(walk[0], 'api/app.ts');
    t.deepEqual(walk, [...new Set(walk)]);
  });
}
