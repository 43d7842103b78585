import { earliest } from '../postgres/checkpoints.ts';

/**
 * Up to where a member of a group holds the events of its partitions, none of which stopped; undefined:
 * the group has given it none, so it can't be behind; null: before the first, or it has not joined yet.
 */
export function memberPosition(
  partitions: ReadonlySet<number> | undefined,
  positionIn: (partition: number) => bigint | null | undefined,
): bigint | null | undefined {
  if (partitions?.size === 0) return undefined;
  return earliest(
    [...(partitions ?? [])].flatMap((partition) => {
      const reached = positionIn(partition);
      return reached === undefined ? [] : [reached];
    }),
  );
}
