/** How long a lease lasts from its renewal on, and how often it is renewed. */
export const leaseMs = 10_000;
export const renewEveryMs = 2_000;
/** Renewals further apart than this don't count as unbroken: other processes may have missed theirs too. */
const longestGapMs = 5_000;

/** What a process knows about its own lease, by a clock that never goes back. */
export function leaseState(now: () => number) {
  let confirmed: number | undefined;
  let steadySince: number | undefined;
  return {
    /** Postgres confirmed a renewal; it counts from when it was asked for, so we never claim too much. */
    renewed(askedAt: number): void {
      if (confirmed === undefined || askedAt - confirmed > longestGapMs) steadySince = undefined;
      steadySince ??= askedAt;
      confirmed = askedAt;
    },
    /** A renewal failed, or the connection broke. */
    broke(): void {
      steadySince = undefined;
    },
    /** Nothing has failed since the last renewal. */
    unbroken: (): boolean => steadySince !== undefined,
    held: (): boolean => confirmed !== undefined && now() - confirmed < leaseMs,
    /** The time over which renewals are known to have followed one another without a break. */
    steadyForMs(): number {
      if (confirmed === undefined || steadySince === undefined) return 0;
      return now() - confirmed > longestGapMs ? 0 : confirmed - steadySince;
    },
  };
}
