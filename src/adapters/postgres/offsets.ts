import type pg from 'pg';

/** Where a consumer group goes on in a partition of a topic. */
export interface StoredOffset {
  readonly next: bigint;
  /** The highest that was seen there. */
  readonly epoch: bigint;
}

/** Another member of the group has this partition now. */
export class PartitionTaken extends Error {
  override readonly name = 'PartitionTaken';
}

export async function readOffsets(
  client: pg.ClientBase,
  { group, topic }: { readonly group: string; readonly topic: string },
): Promise<ReadonlyMap<number, StoredOffset>> {
  const { rows } = await client.query<{ partition: number; next: string; epoch: string }>(
    `SELECT partition, next_offset::text AS next, epoch::text AS epoch FROM feed.offsets
     WHERE consumer_group = $1 AND topic = $2`,
    [group, topic],
  );
  return new Map(
    rows.map(({ partition, next, epoch }) => [
      partition,
      { next: BigInt(next), epoch: BigInt(epoch) },
    ]),
  );
}

/** Notes where a new owner of partitions begins. */
export async function startOffsets(
  client: pg.ClientBase,
  { group, topic }: { readonly group: string; readonly topic: string },
  offsets: ReadonlyMap<number, StoredOffset>,
): Promise<void> {
  await client.query(
    `INSERT INTO feed.offsets (consumer_group, topic, partition, next_offset, epoch)
     SELECT $1, $2, * FROM unnest($3::int[], $4::bigint[], $5::bigint[])
     ON CONFLICT (consumer_group, topic, partition)
     DO UPDATE SET next_offset = EXCLUDED.next_offset, epoch = EXCLUDED.epoch`,
    [
      group,
      topic,
      [...offsets.keys()],
      [...offsets.values()].map(({ next }) => next.toString()),
      [...offsets.values()].map(({ epoch }) => epoch.toString()),
    ],
  );
}

export interface OffsetMove {
  readonly partition: number;
  /** As this process believes it to be. */
  readonly from: StoredOffset;
  readonly to: StoredOffset;
}

/** Compare-and-set, in the transaction of the rows; throws `PartitionTaken` when one stands elsewhere. */
export async function moveOffsets(
  client: pg.ClientBase,
  { group, topic }: { readonly group: string; readonly topic: string },
  moves: readonly OffsetMove[],
): Promise<void> {
  const { rowCount } = await client.query({
    name: 'move-offsets',
    text: `UPDATE feed.offsets AS o SET next_offset = n.next, epoch = n.epoch
      FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::bigint[])
        AS n(partition, next, epoch, last)
      WHERE o.consumer_group = $1 AND o.topic = $2 AND o.partition = n.partition
        AND o.next_offset = n.last`,
    values: [
      group,
      topic,
      moves.map(({ partition }) => partition),
      moves.map(({ to }) => to.next.toString()),
      moves.map(({ to }) => to.epoch.toString()),
      moves.map(({ from }) => from.next.toString()),
    ],
  });
  if (rowCount !== moves.length) {
    throw new PartitionTaken(`Another member of ${group} reads a partition of ${topic} now.`);
  }
}
