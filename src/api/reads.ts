import { setTimeout as sleep } from 'node:timers/promises';
import type { CommonQueryMethods } from 'slonik';
import { z } from 'zod';
import { asOf } from '../projections/as-of.ts';
import type { Projection } from '../projections/projection.ts';
import { ApiError } from './errors.ts';

/** Whatever runs a read model's queries. */
export type Reads = Pick<CommonQueryMethods, 'any' | 'maybeOne' | 'maybeOneFirst'>;

const patienceMs = 1_000;
const mostWaitedMs = 2_000;
const stepMs = 10;

/**
 * How far read models have come; null: not even the first event. When they are asked to have come to a
 * position, waits for that a moment; throws `read_models_behind` if they don't.
 */
export async function positionOf(
  reads: Reads,
  projections: readonly Projection[],
  min?: bigint,
): Promise<string | null> {
  const until = performance.now() + mostWaitedMs;
  for (;;) {
    const reached = await reads.maybeOneFirst(asOf(projections));
    if (min === undefined || (reached !== null && BigInt(reached) >= min)) return reached;
    if (performance.now() >= until) throw new ApiError('read_models_behind');
    await sleep(stepMs);
  }
}

/** What a query string may say of the position that its answer must hold. */
export const MinPosition = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(BigInt)
  .optional();

/** Waits a moment until read models have what was just written, so that its writer finds it there. */
export async function readable(
  reads: Reads,
  projections: readonly Projection[],
  position: bigint | null,
): Promise<void> {
  if (position === null) return;
  for (let waited = 0; waited < patienceMs; waited += stepMs) {
    const reached = await positionOf(reads, projections);
    if (reached !== null && BigInt(reached) >= position) return;
    await sleep(stepMs);
  }
}

/** The shape of every list. */
export const listOf = <Row extends z.ZodType>(row: Row) =>
  z.object({
    data: z.array(row),
    next_cursor: z.string().nullable(),
    as_of_position: z.string().nullable(),
  });

/** What every list's query string may say; `after` is the cursor's key. */
export const pageQuery = <Cursor extends z.ZodType>(cursor: Cursor) =>
  z.object({
    limit: z
      .string()
      .regex(/^\d{1,3}$/)
      .transform(Number)
      .pipe(z.int().min(1).max(100))
      .default(20),
    cursor: cursor.optional(),
    min_position: MinPosition,
  });

/** All that there is, as this process has it in memory: nothing comes after it, and no read model was asked. */
export const wholeList = <Row>(data: readonly Row[]) => ({
  data: [...data],
  ...{ next_cursor: null, as_of_position: null },
});
