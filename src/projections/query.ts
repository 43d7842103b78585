import { sql } from 'slonik';
import { z } from 'zod';

/** A read: SQL whose rows are checked against a schema. Whoever has the pool runs it. */
export const query = <Row extends z.ZodType>(row: Row) => sql.type(row);

/** SQL whose rows nobody reads. */
export const statement = query(z.object({}));

/** A part of either. */
export const { fragment } = sql;
