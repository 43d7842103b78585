import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Recorded, StoredEvent } from '../../src/domain/events.ts';

/** Stored events of one type and version, and what each was read as by the release that recorded that. */
const Golden = z.array(
  z.object({
    event: z.object({
      id: z.string(),
      stream: z.string(),
      revision: z.string(),
      position: z.string(),
      type: z.string(),
      data: z.unknown(),
      metadata: z.looseObject({ v: z.int() }),
    }),
    /** By the version that was current. */
    decoded: z.record(z.string(), z.object({ data: z.unknown(), meta: z.unknown() })),
  }),
);
export type Golden = z.infer<typeof Golden>;

export const folder = new URL('events/', import.meta.url);

/** By file name: `CreditGranted.v1.json`. */
export const corpus = (): ReadonlyMap<string, Golden> =>
  new Map(
    readdirSync(folder)
      .sort()
      .map((file) => [file, Golden.parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8')))]),
  );

export const fileOf = (type: string, version: number): string => `${type}.v${version}.json`;

export const storedAs = ({ event }: Golden[number]): StoredEvent => ({
  ...event,
  revision: BigInt(event.revision),
  position: BigInt(event.position),
});

export const readAs = ({ data, meta }: Recorded) => ({ data, meta });
