import test from 'ava';
import { z } from 'zod';
import { eventsWithoutMeaning } from '../ops/catalogue/events.ts';
import { fieldsOf } from '../ops/catalogue/fields-of.ts';
import { table } from '../ops/catalogue/markdown.ts';
import { readModelsWithoutMeaning } from '../ops/catalogue/read-models.ts';
import { latest, projection, sum } from '../src/projections/projection.ts';

const Size = z.string().describe('how large');
const shared = (schema: z.core.$ZodType) =>
  schema._zod.def === Size._zod.def ? { name: 'Size', meaning: 'how large' } : undefined;
const lines = (schema: z.ZodType) =>
  fieldsOf(schema, shared).map(
    ({ path, type, presence, nullable, meaning }) =>
      `${path}: ${type}${nullable ? ' or null' : ''}, ${JSON.stringify(presence)}, ${meaning}`,
  );

test('a field is told with its type, whether it may be left out, and its own meaning', (t) => {
  const schema = z.object({
    plain: z.string(),
    said: z.int().describe('how many'),
    kind: z.enum(['a', 'b']).optional(),
    none: z.boolean().nullable().default(null).describe('whether'),
    size: Size,
    ours: Size.describe('of ours'),
    sizes: z.array(Size),
    pair: z.array(z.tuple([Size, z.number().nullable()])),
    body: z.json(),
  });
  t.deepEqual(lines(schema), [
    'plain: string, "required", undefined',
    'said: integer, "required", how many',
    'kind: `a` or `b`, "optional", undefined',
    'none: boolean or null, {"default":null}, whether',
    'size: Size, "required", undefined',
    'ours: Size, "required", of ours',
    'sizes: Size[], "required", undefined',
    'pair: [Size, number or null][], "required", undefined',
    'body: JSON, "required", undefined',
  ]);
});

test('what has no name of its own is told within the field that holds it', (t) => {
  const schema = z.object({
    who: z.object({ id: z.string() }),
    parts: z.array(z.object({ size: Size.nullable() })),
  });
  t.deepEqual(lines(schema), [
    'who: object, "required", undefined',
    'who.id: string, "required", undefined',
    'parts: object[], "required", undefined',
    'parts[].size: Size or null, "required", undefined',
  ]);
});

test('a table or a column that says nothing is found', (t) => {
  const silent = projection(
    'silent',
    {
      ...{ meaning: '', group: 'analytics', version: 1, key: { thing: 'text', asset: 'text' } },
      columns: { many: sum('bigint'), said: latest('text', 'what it says') },
    },
    {},
  );
  t.deepEqual(readModelsWithoutMeaning([silent]), ['silent', 'silent.thing', 'silent.many']);
});

test('every event, read model and column says what it means', (t) => {
  t.deepEqual([...eventsWithoutMeaning(), ...readModelsWithoutMeaning()], []);
});

test('a cell may hold what separates cells', (t) => {
  t.is(table(['a'], [['x|y']]), '| a    |\n| ---- |\n| x\\|y |');
});
