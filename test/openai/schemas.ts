import { readFileSync } from 'node:fs';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { isJson } from '../../src/adapters/llm/json.ts';

/**
 * OpenAI's published schemas, as JSON Schema 2020-12. `openapi-trimmed.json` is a part of its API
 * description (MIT, see LICENSE beside it), made by `trim.ts`.
 */
const { components } = z
  .object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) })
  .parse(JSON.parse(readFileSync(new URL('openapi-trimmed.json', import.meta.url), 'utf8')));

const foreign = new Set(['nullable', 'discriminator', '$recursiveAnchor', '$recursiveRef']);

const ajv = new Ajv2020({ strict: false, allErrors: true, verbose: false });
ajv.addFormat('unixtime', { type: 'number', validate: Number.isInteger });
ajv.addFormat('uri', (text) => URL.canParse(text));
ajv.addFormat('date', /^\d{4}-\d\d-\d\d$/);
for (const open of ['double', 'float', 'int64', 'binary']) ajv.addFormat(open, true);
ajv.addSchema({
  $id: 'openai',
  components: {
    schemas: Object.fromEntries(
      Object.entries(components.schemas).map(([name, schema]) => [name, plain(schema, name)]),
    ),
  },
});

/** Says the same without the words that OpenAPI 3.0 has of its own, or an older draft of JSON Schema. */
function plain(schema: unknown, name: string, isNamed = false): unknown {
  if (Array.isArray(schema)) return schema.map((each) => plain(each, name));
  if (!isJson(schema)) return schema;
  const said = Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => isNamed || !foreign.has(key))
      .map(([key, value]) => [key, plain(value, name, !isNamed && key === 'properties')]),
  );
  if (isNamed) return said;
  const { $recursiveRef: again, nullable } = schema;
  const whole = again === '#' ? { ...said, $ref: `#/components/schemas/${name}` } : said;
  return nullable === true ? { anyOf: [whole, { type: 'null' }] } : whole;
}

const compiled = new Map<string, ValidateFunction>();

function validatorOf(name: string): ValidateFunction {
  const known = compiled.get(name);
  if (known) return known;
  const pointer = `openai#/components/schemas/${name}`;
  const made = ajv.getSchema(pointer) ?? ajv.compile({ $ref: pointer });
  compiled.set(name, made);
  return made;
}

/** What is wrong with a value by OpenAI's schema of that name, each as `path message`; empty: nothing. */
export function mismatches(name: string, value: unknown): readonly string[] {
  const validate = validatorOf(name);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** Throws with all that is wrong, and the value. */
export function assertMatches(name: string, value: unknown): void {
  const wrong = mismatches(name, value);
  if (wrong.length === 0) return;
  throw new Error(
    `Not a ${name}:\n${wrong.slice(0, 20).join('\n')}\n${JSON.stringify(value).slice(0, 4_000)}`,
  );
}

/** The properties that OpenAI's schema of that name knows, with what is combined in it. */
export function propertiesOf(name: string): Readonly<Record<string, unknown>> {
  return propertiesIn(components.schemas[name]);
}

const Combined = z.looseObject({
  $ref: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
});

function propertiesIn(schema: unknown): Readonly<Record<string, unknown>> {
  const { $ref: ref, properties = {}, allOf = [] } = Combined.parse(schema);
  const beside = ref === undefined ? [] : [components.schemas[ref.split('/').at(-1) ?? '']];
  return Object.assign({}, ...[...beside, ...allOf].map(propertiesIn), properties);
}
