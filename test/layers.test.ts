import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import test from 'ava';

type Layer = 'main' | 'api' | 'adapters' | 'projections' | 'domain';

/** Which layers a layer may import. */
const allowed: Readonly<Record<Layer, readonly Layer[]>> = {
  main: ['main', 'api', 'adapters', 'projections', 'domain'],
  api: ['api', 'adapters', 'projections', 'domain'],
  adapters: ['adapters', 'projections', 'domain'],
  projections: ['projections', 'domain'],
  domain: ['domain'],
};
const domainPackages = ['zod', 'decimal.js', '@noble/hashes'];

const layerOf = (path: string): Layer => {
  const [, layer] = relative(resolve('.'), path).split('/');
  return layer === 'api' || layer === 'adapters' || layer === 'projections' || layer === 'domain'
    ? layer
    : 'main';
};

const files = await Array.fromAsync(glob('src/**/*.ts'));
const imports = files.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from|import) '([^']+)'/g)].map(([, to = '']) => ({
    file: resolve(file),
    to,
  })),
);

test('a layer imports only what lies below it', (t) => {
  t.true(imports.length > 100);
  for (const { file, to } of imports) {
    if (!to.startsWith('.')) continue;
    const target = layerOf(resolve(dirname(file), to));
    t.true(allowed[layerOf(file)].includes(target), `${relative('.', file)} imports ${to}`);
  }
});

test('the API takes from adapters only types, and the faults it translates', (t) => {
  const taken = /^import \{([^}]+)\} from '[^']*\/adapters\//gm;
  const names = files
    .filter((file) => layerOf(file) === 'api')
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(taken)])
    .flatMap(([, list = '']) => list.split(',').map((name) => name.trim()))
    .filter((name) => name !== '');
  const faults = ['CallFault', 'KeyErased', 'MailFault', 'OutcomeUnknown', 'isPassingFault'];
  t.deepEqual([...new Set(names)].sort(), faults);
});

test('the domain knows no package but the few that compute', (t) => {
  for (const { file, to } of imports) {
    if (to.startsWith('.') || layerOf(file) !== 'domain') continue;
    const known = domainPackages.some((each) => to === each || to.startsWith(`${each}/`));
    t.true(known, `${relative('.', file)} imports ${to}`);
  }
});

test('the domain has no clock, no randomness and does not wait', (t) => {
  for (const file of files.filter((each) => each.startsWith('src/domain/'))) {
    const text = readFileSync(file, 'utf8');
    t.notRegex(text, /Date\.now|new Date\(\)|Math\.random|randomUUID|\bawait\b|process\./, file);
  }
});
