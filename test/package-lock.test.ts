import { readFile } from 'node:fs/promises';
import test from 'ava';
import { z } from 'zod';

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ optionalDependencies: z.record(z.string(), z.string()).optional() }),
  ),
});

// npm leaves out of the lock, without a word, what the registry does not have; then `npm ci` refuses the lock.
test('the lock has every platform package that a package may want', async (t) => {
  const { packages } = Lock.parse(JSON.parse(await readFile('package-lock.json', 'utf8')));
  const locked = Object.keys(packages);
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !locked.some((other) => other.endsWith(`node_modules/${name}`)))
      .map((name) => `${name} of ${path || 'package.json'}`),
  );
  t.deepEqual(missing, []);
});
