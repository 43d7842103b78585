import { z } from 'zod';
import { readOn } from '../checker/read-on.ts';
import type { Log } from './log.ts';

/** How much of the log comes after a position. */
export interface Behind {
  /** Counted up to a thousand. */
  readonly events: number;
  readonly isMore: boolean;
  /** Since the first of them was recorded; 0: there is none. */
  readonly seconds: number;
}

const mostCounted = 1_000;
const Recorded = z.object({ recordedAt: z.string() });

/** Positions say what is before what, not how much is between: that is counted. */
export async function behind(
  log: Pick<Log, 'head' | 'subscribe'>,
  { after, now }: { readonly after: bigint | null; readonly now: number },
): Promise<Behind> {
  let events = 0;
  let since: number | undefined;
  for await (const { metadata } of readOn(log, { after })) {
    const parsed = Recorded.safeParse(metadata);
    if (parsed.success) since ??= Date.parse(parsed.data.recordedAt);
    events += 1;
    if (events === mostCounted) break;
  }
  const seconds = since === undefined ? 0 : Math.max(0, (now - since) / 1_000);
  return { events, isMore: events === mostCounted, seconds };
}
