import { z } from 'zod';

/** One field of an event, or of a type that events share. */
export interface Field {
  /** `legs`, `owner.id`, `denials[].code`. */
  readonly path: string;
  /** In the words of the catalogue: `Amount`, `string`, `LotPart[]`. */
  readonly type: string;
  readonly presence: 'required' | 'optional' | { readonly default: unknown };
  readonly nullable: boolean;
  /** Undefined where the name and the type say it. */
  readonly meaning: string | undefined;
}

/** A schema that several events share, which is described once; undefined for one that is written out. */
export type SharedOf = (
  schema: z.core.$ZodType,
) => { readonly name: string; readonly meaning: string | undefined } | undefined;

/** An object's fields, those of objects without a name after the field that holds them. */
export function fieldsOf(
  schema: z.core.$ZodType,
  sharedOf: SharedOf,
  prefix = '',
): readonly Field[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, each]: [string, z.core.$ZodType]) => {
    const path = `${prefix}${name}`;
    const { inner, presence, nullable } = unwrapped(each);
    const said = meaningOf(each) ?? meaningOf(inner);
    const meaning = said === sharedOf(inner)?.meaning ? undefined : said;
    const field = { path, type: typeOf(inner, sharedOf), presence, nullable, meaning };
    return [field, ...within(inner, sharedOf, path)];
  });
}

export const meaningOf = (schema: z.core.$ZodType): string | undefined =>
  z.globalRegistry.get(schema)?.description;

function within(schema: z.core.$ZodType, sharedOf: SharedOf, path: string): readonly Field[] {
  if (sharedOf(schema)) return [];
  if (schema instanceof z.ZodArray) return within(schema.element, sharedOf, `${path}[]`);
  return fieldsOf(schema, sharedOf, `${path}.`);
}

function unwrapped(schema: z.core.$ZodType) {
  let inner = schema;
  let presence: Field['presence'] = 'required';
  let nullable = false;
  for (;;) {
    if (inner instanceof z.ZodOptional) presence = 'optional';
    else if (inner instanceof z.ZodDefault) presence = { default: inner.def.defaultValue };
    else if (inner instanceof z.ZodNullable) nullable = true;
    else return { inner, presence, nullable };
    inner = inner.def.innerType;
  }
}

function typeOf(schema: z.core.$ZodType, sharedOf: SharedOf): string {
  const shared = sharedOf(schema);
  if (shared) return shared.name;
  const { inner, presence, nullable } = unwrapped(schema);
  const within = (part: z.core.$ZodType) => typeOf(part, sharedOf);
  if (inner !== schema) {
    return `${within(inner)}${nullable ? ' or null' : ''}${presence === 'required' ? '' : ' or nothing'}`;
  }
  if (inner instanceof z.ZodArray) return listOf(within(inner.element));
  if (inner instanceof z.ZodTuple) return `[${inner.def.items.map(within).join(', ')}]`;
  if (inner instanceof z.ZodUnion) return inner.options.map(within).join(' or ');
  return leafTypeOf(inner);
}

function leafTypeOf(schema: z.core.$ZodType): string {
  if (schema instanceof z.ZodEnum) return schema.options.map(quoted).join(' or ');
  if (schema instanceof z.ZodLiteral) return [...schema.values].map(quoted).join(' or ');
  if (schema instanceof z.ZodNumber) return schema.format === 'safeint' ? 'integer' : 'number';
  return schema instanceof z.ZodLazy ? 'JSON' : schema._zod.def.type;
}

const listOf = (type: string): string =>
  type.includes(' or ') && !type.startsWith('[') ? `(${type})[]` : `${type}[]`;
const quoted = (value: unknown): string => `\`${String(value)}\``;
