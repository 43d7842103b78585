import { leaseMs } from '../../src/adapters/postgres/lease-state.ts';

/** A time in which a process had no lease. */
export interface Lapse {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The leases as Postgres has them, and as it had them before. */
export interface LeaseTable {
  renew(processId: string): void;
  expiresAtMs(processId: string): number | undefined;
  lapses(processId: string): readonly Lapse[];
}

export function leaseTable(nowMs: () => number): LeaseTable {
  const expiries = new Map<string, number>();
  const past = new Map<string, Lapse[]>();

  return {
    renew(processId) {
      const expiresAt = expiries.get(processId) ?? 0;
      if (expiresAt < nowMs()) {
        const lapses = past.get(processId) ?? [];
        past.set(processId, [...lapses, { fromMs: expiresAt, toMs: nowMs() }]);
      }
      expiries.set(processId, nowMs() + leaseMs);
    },
    expiresAtMs: (processId) => expiries.get(processId),
    lapses(processId) {
      const fromMs = expiries.get(processId) ?? 0;
      return [...(past.get(processId) ?? []), { fromMs, toMs: Number.POSITIVE_INFINITY }];
    },
  };
}
