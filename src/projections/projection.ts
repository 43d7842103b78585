import type { EventType, Recorded } from '../domain/events.ts';
import { isEventType } from '../domain/events.ts';
import type { Instant } from '../domain/ids.ts';
import type { Amount } from '../domain/money.ts';

/** What a value of each column type is in a handler's row; `numeric` is `numeric(38,12)`. */
interface SqlValue {
  readonly uuid: string;
  readonly text: string;
  readonly numeric: Amount;
  readonly bigint: bigint | number;
  readonly integer: number;
  readonly boolean: boolean;
  readonly timestamptz: Instant;
  readonly date: string;
  readonly jsonb: unknown;
}
export type SqlType = keyof SqlValue;

/** How the values that one row gets from several events become one value. */
export type Merge = 'sum' | 'latest' | 'first';

export interface Column<Type extends SqlType = SqlType> {
  readonly type: Type;
  readonly merge: Merge;
  /** Left out where the column's name says it in every read model: `vocabulary.ts`. */
  readonly meaning: string | undefined;
}

/** Values add up, exactly; starts at 0. The only merge that several streams may feed. */
export const sum = <Type extends 'numeric' | 'bigint'>(
  type: Type,
  meaning?: string,
): Column<Type> => ({ type, merge: 'sum', meaning });
/** The newest value that isn't null; fed by events of one consistency unit only. */
export const latest = <Type extends SqlType>(type: Type, meaning?: string): Column<Type> => ({
  type,
  merge: 'latest',
  meaning,
});
/** The oldest value that isn't null; fed by events of one consistency unit only. */
export const first = <Type extends SqlType>(type: Type, meaning?: string): Column<Type> => ({
  type,
  merge: 'first',
  meaning,
});

type Keys = Readonly<Record<string, SqlType>>;
type Columns = Readonly<Record<string, Column>>;
type ValueIn<C> = C extends Column<infer Type> ? SqlValue[Type] | null : never;

/** What a handler returns: the whole key, and those columns that the event says something about. */
export type RowOf<Key extends Keys, Cols extends Columns> = {
  readonly [Name in keyof Key]: SqlValue[Key[Name]];
} & { readonly [Name in keyof Cols]?: ValueIn<Cols[Name]> };

type EventOfType<Type extends EventType> = Extract<Recorded, { type: Type }>;

export type HandlersByType<Row> = {
  readonly [Type in EventType]?: (event: EventOfType<Type>) => readonly Row[];
};

/** Handlers by event type, or one for every event there is. */
type Handlers<Row> = HandlersByType<Row> | ((event: Recorded) => readonly Row[]);

/** Read models that are fed, and stop, together: those of money, and all others. */
export type Group = 'finance' | 'analytics';

interface Declaration<Key extends Keys, Cols extends Columns> {
  /** One row a …: what a row stands for and what the table answers. */
  readonly meaning: string;
  readonly group: Group;
  /** Raised whenever the same events would give other rows; each version has tables of its own. */
  readonly version: number;
  readonly key: Key;
  readonly columns: Cols;
  /** Beside the key's, as SQL: `(member_id, at DESC)`. */
  readonly indexes?: readonly string[];
  /** A boolean column: rows in which it is false are deleted. */
  readonly keepWhile?: string & keyof Cols;
}

/** A row whose columns are no longer known to the type system. */
export type AnyRow = Readonly<Record<string, unknown>>;

/** One read model: its table, how it is fed, and nothing that touches a database. */
export interface Projection {
  /** Also its table's and its view's name. */
  readonly name: string;
  readonly meaning: string;
  readonly group: Group;
  readonly version: number;
  readonly key: Keys;
  readonly columns: Columns;
  readonly indexes: readonly string[];
  readonly keepWhile: string | undefined;
  /** The types of the events that feed it. */
  readonly fedBy: readonly EventType[] | 'every event';
  /** What one event says to this table; throws only on what no handler expected. */
  rowsOf(event: Recorded): readonly AnyRow[];
}

/** Declares a read model. */
export function projection<const Key extends Keys, const Cols extends Columns>(
  name: string,
  declaration: Declaration<Key, Cols>,
  handlers: Handlers<RowOf<Key, Cols>>,
): Projection {
  const { indexes = [], keepWhile, ...rest } = declaration;
  return { name, ...rest, indexes, keepWhile, fedBy: typesIn(handlers), rowsOf: rowsBy(handlers) };
}

const typesIn = (handlers: Handlers<AnyRow>): Projection['fedBy'] =>
  typeof handlers === 'function' ? 'every event' : Object.keys(handlers).filter(isEventType);

function rowsBy(handlers: Handlers<AnyRow>): (event: Recorded) => readonly AnyRow[] {
  if (typeof handlers === 'function') return handlers;
  const none: readonly AnyRow[] = [];
  return (event) => {
    // The handler under a type takes events of that type, which TypeScript can't follow through an index.
    const handle = handlers[event.type] as ((event: Recorded) => readonly AnyRow[]) | undefined;
    return handle ? handle(event) : none;
  };
}
