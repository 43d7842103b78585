import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { CheckerState } from '../adapters/checker/checker.ts';

/** What the last run of the checker found; nothing where no checker runs. */
export function checkerMetrics(registry: Registry, state: () => CheckerState | undefined): void {
  const registers = [registry];
  new Gauge({
    name: 'checker_differences',
    help: 'Differences found and not yet seen to be gone',
    labelNames: ['invariant'],
    registers,
    collect() {
      for (const [invariant, found] of Object.entries(state()?.differences ?? {})) {
        this.set({ invariant }, found);
      }
    },
  });
  const gauge = (name: string, help: string, value: (state: CheckerState) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const known = state();
        if (known?.ranAt) this.set(value(known));
      },
    });
  const secondsOf = (at: Date | null) => (at?.getTime() ?? 0) / 1_000;
  gauge('checker_last_run_timestamp_seconds', 'When the checker last ran', ({ ranAt }) =>
    secondsOf(ranAt),
  );
  gauge(
    'checker_last_full_pass_timestamp_seconds',
    'When all wallets had been checked from their first event; 0: not yet',
    ({ completeAt }) => secondsOf(completeAt),
  );
  gauge('checker_duration_seconds', 'How long its last run took', ({ tookMs }) => tookMs / 1_000);
  gauge('checker_wallets_checked', 'Wallets in its last run', ({ wallets }) => wallets);
}
