import type { RecordedEvent } from './recorded-event.ts';
import { isMetastream, isSoftDeleted, metastreamLimits } from './stream-metadata.ts';
import type { StreamState } from './stream-states.ts';
import { revisionOf } from './stream-states.ts';

/** The `createdAfter` of a stream whose events never expire. */
export const anyAge = '0';

/** What readers of a stream see of it: the rest is hidden by its metadata, or the stream isn't there. */
export type VisibleRange =
  | { readonly type: 'deleted' }
  | { readonly type: 'not_found'; readonly last: number }
  | {
      readonly type: 'range';
      readonly first: number;
      readonly last: number;
      /** Ticks; older events have expired. */
      readonly createdAfter: string;
    };

export function visibleRange(state: StreamState, stream: string, nowMs: number): VisibleRange {
  if (state.tombstoned) return { type: 'deleted' };
  const last = revisionOf(state, stream);
  const limits = isMetastream(stream) ? metastreamLimits : state.limits;
  if (last < 0 || isSoftDeleted(limits)) return { type: 'not_found', last };
  const { truncateBefore = 0, maxCount = last + 1, maxAgeSeconds } = limits;
  return {
    type: 'range',
    first: Math.max(truncateBefore, last - maxCount + 1),
    last,
    createdAfter: maxAgeSeconds === undefined ? anyAge : ticks(nowMs - maxAgeSeconds * 1000),
  };
}

/** Whether a stream that shows this much of itself shows this event. */
export const shows = (range: VisibleRange, { revision, created }: RecordedEvent): boolean =>
  range.type === 'range' &&
  Number(revision) >= range.first &&
  Number(revision) <= range.last &&
  BigInt(created) >= BigInt(range.createdAfter);

const ticks = (ms: number): string => (ms > 0 ? `${ms}0000` : '0');
