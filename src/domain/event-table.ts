import type { z } from 'zod';

/** One noun's events: type → schema of its data, at the version now written. */
export type EventTable = Readonly<Record<string, z.ZodType>>;

/** The union of a table's events, as deciders return and fold them. */
export type EventOf<Table extends EventTable> = {
  [Type in keyof Table & string]: { readonly type: Type; readonly data: z.infer<Table[Type]> };
}[keyof Table & string];
