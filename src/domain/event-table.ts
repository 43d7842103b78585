import type { z } from 'zod';

/** One noun's events: type → schema of its data, at the version now written. */
export type EventTable = Readonly<Record<string, z.ZodType>>;

/** The union of a table's events, as deciders return and fold them. */
export type EventOf<Table extends EventTable> = {
  [Type in keyof Table & string]: { readonly type: Type; readonly data: z.infer<Table[Type]> };
}[keyof Table & string];

/** A version that is no longer written: its schema, and how its data is said in the next one. */
export interface OlderVersion {
  readonly schema: z.ZodType;
  upcast(data: unknown): unknown;
}

/** Declares one. The upcaster is pure; what it returns is checked by the next version's schema. */
export const olderVersion = <Schema extends z.ZodType>(
  schema: Schema,
  upcast: (data: z.output<Schema>) => unknown,
): OlderVersion => ({ schema, upcast: (data) => upcast(schema.parse(data)) });

/** Type → its versions before the one now written, from v1 on; a type that never changed has none. */
export type OlderVersions<Type extends string> = {
  readonly [Each in Type]?: readonly OlderVersion[];
};

/** Reads stored data of one version as data of the one now written; throws on what doesn't fit. */
type ReadData = (data: unknown) => unknown;

/** Every version of every type there is, and how each is read. */
export function eventVersions<Table extends EventTable>(
  table: Table,
  older: OlderVersions<keyof Table & string>,
) {
  const readers = new Map<string, readonly ReadData[]>(
    Object.entries(table).map(([type, schema]) => [type, readersOf(schema, older[type] ?? [])]),
  );
  return {
    /** The version in which a type is written. */
    currentOf: (type: keyof Table & string): number => 1 + (older[type]?.length ?? 0),
    /** Undefined for a type or a version that this release doesn't know. */
    reader: (type: string, version: number): ReadData | undefined =>
      readers.get(type)?.[version - 1],
  };
}

/** The first reads v1, the last what is written now, which costs one parse and nothing more. */
function readersOf(current: z.ZodType, older: readonly OlderVersion[]): readonly ReadData[] {
  let next: ReadData = (data) => current.parse(data);
  const readers = [next];
  for (const { upcast } of older.toReversed()) {
    const after = next;
    next = (data) => after(upcast(data));
    readers.unshift(next);
  }
  return readers;
}
