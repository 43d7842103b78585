import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { UpstreamView } from './admin-upstreams.ts';

export interface UpstreamMetricsParts {
  /** Absent in a process that asks no upstream. */
  readonly upstreamView?: Pick<UpstreamView, 'known' | 'state'> | undefined;
}

/** How this process sees its upstreams, by the names that routes use. */
export function upstreamMetrics(registry: Registry, { upstreamView }: UpstreamMetricsParts): void {
  if (!upstreamView) return;
  const { known, state } = upstreamView;
  const registers = [registry];
  const labelNames = ['upstream'];
  new Gauge({
    ...{ name: 'upstream_calls_in_flight', help: 'Calls that wait for an upstream', labelNames },
    registers,
    collect() {
      this.reset();
      for (const { id } of known()) this.set({ upstream: id }, state(id).inFlight);
    },
  });
  new Gauge({
    ...{ name: 'upstream_up', labelNames, registers },
    help: '1 while calls are sent to it; 0 while it fails, is switched off, or can’t be opened',
    collect() {
      this.reset();
      for (const { id, isOpen } of known()) {
        this.set({ upstream: id }, isOpen && !state(id).fails ? 1 : 0);
      }
    },
  });
  new Gauge({
    ...{ name: 'upstream_keys_resting', labelNames, registers },
    help: 'Of its keys, those that are left alone because they are refused or asked too much',
    collect() {
      this.reset();
      for (const { id, resting } of known()) this.set({ upstream: id }, resting.length);
    },
  });
}
