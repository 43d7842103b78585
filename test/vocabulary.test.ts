import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import test from 'ava';
import { errorTable } from '../src/api/error-table.ts';
import { eventTable } from '../src/domain/events.ts';

// What records an event of every type tests none of them.
const files = (await Array.fromAsync(glob('test/**/*.ts'))).filter(
  (file) => !file.endsWith('vocabulary.test.ts') && !file.startsWith('test/golden/'),
);
const quoted = new Set(
  files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/'(\w+)'/g)].map(([, word = '']) => word),
  ),
);

test('every error code occurs in a test', (t) => {
  t.deepEqual(
    Object.keys(errorTable).filter((code) => !quoted.has(code)),
    [],
  );
});

test('every event type occurs in a test', (t) => {
  t.deepEqual(
    Object.keys(eventTable).filter((type) => !quoted.has(type)),
    [],
  );
});
