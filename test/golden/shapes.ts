import type { z } from 'zod';
import type { Field } from '../../ops/catalogue/fields-of.ts';
import { fieldsOf } from '../../ops/catalogue/fields-of.ts';

const fieldsIn = (schema: z.ZodType): readonly Field[] => fieldsOf(schema, () => undefined);
const mayLack = ({ presence }: Field): boolean => presence !== 'required';

/** Every way in which an event of this schema may look: each field left out or there, null or not. */
export const shapesOf = (schema: z.ZodType): readonly string[] =>
  fieldsIn(schema).flatMap((field) => [
    ...(mayLack(field) ? [`${field.path} is left out`, `${field.path} is there`] : []),
    ...(field.nullable ? [`${field.path} is null`, `${field.path} is not null`] : []),
  ]);

/** Those of them that some data has, and what it says where there are few things to say. */
export function shapesIn(schema: z.ZodType, data: unknown): readonly string[] {
  return fieldsIn(schema).flatMap((field) =>
    holdersOf(field.path, data).flatMap(({ holder, name }) => {
      if (!Object.hasOwn(holder, name)) return [`${field.path} is left out`];
      const value = holder[name];
      const shapes = ['there', value === null ? 'null' : 'not null', ...fewIn(field, value)];
      return shapes.map((shape) => `${field.path} is ${shape}`);
    }),
  );
}

function fewIn({ type }: Field, value: unknown): readonly string[] {
  if (Array.isArray(value)) return [value.length === 0 ? 'empty' : 'not empty', ...longIn(value)];
  const isOneOfFew =
    typeof value === 'boolean' || (typeof value === 'string' && type.includes('`'));
  return isOneOfFew ? [String(value)] : [];
}

/** How long the tuples of a list are: their last members may be left out. */
const longIn = (list: readonly unknown[]): readonly string[] => {
  const lengths = new Set(list.filter(Array.isArray).map(({ length }) => length));
  return [...lengths].map((length) => `there with ${length} in one`);
};

/** The same data as it was written before the fields were there that may be left out. */
export function bare(schema: z.ZodType, data: unknown): unknown {
  const copy = structuredClone(data);
  for (const { path } of fieldsIn(schema).filter(mayLack)) {
    for (const { holder, name } of holdersOf(path, copy)) delete holder[name];
  }
  return copy;
}

type Json = Record<string, unknown>;

/** The objects that have, or lack, the field at the end of `a.b[].c`. */
function holdersOf(path: string, data: unknown): readonly { holder: Json; name: string }[] {
  const steps = path.split('.');
  const name = steps.pop() ?? '';
  let holders: readonly unknown[] = [data];
  for (const step of steps) holders = holders.flatMap((holder) => valuesAt(holder, step));
  return holders.filter(isJson).map((holder) => ({ holder, name }));
}

function valuesAt(holder: unknown, step: string): readonly unknown[] {
  if (!isJson(holder)) return [];
  const value = holder[step.replace('[]', '')];
  return step.endsWith('[]') && Array.isArray(value) ? value : [value];
}

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
