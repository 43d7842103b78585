import { sql } from 'slonik';
import type { z } from 'zod';

/** A read: SQL whose rows are checked against a schema. Whoever has the pool runs it. */
export const query = <Row extends z.ZodType>(row: Row) => sql.type(row);

/** For statements whose rows nobody reads. */
export const { fragment } = sql;
