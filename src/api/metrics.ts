import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { z } from 'zod';
import type { CheckerState } from '../adapters/checker/checker.ts';
import type { OpenWork } from '../adapters/postgres/open-work.ts';
import type { Observe } from './app.ts';
import type { BudgetMetricsParts } from './budget-metrics.ts';
import { budgetMetrics } from './budget-metrics.ts';
import { checkerMetrics } from './checker-metrics.ts';
import type { FeedMetricsParts } from './feed-metrics.ts';
import { feedMetrics } from './feed-metrics.ts';
import type { GateReason } from './ready.ts';
import type { Route } from './route.ts';
import { route } from './route.ts';
import type { UpstreamMetricsParts } from './upstream-metrics.ts';
import { upstreamMetrics } from './upstream-metrics.ts';

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export interface MetricsParts extends FeedMetricsParts, UpstreamMetricsParts {
  /** Why new calls are refused; null: they are not. Absent in a process that is no place for calls. */
  readonly gate?: () => GateReason | null;
  /** Undefined while nobody knows. */
  readonly openWork: () => OpenWork | undefined;
  /** Absent in a process that is no place for calls. */
  readonly budgets?: BudgetMetricsParts['budgets'];
  /** Undefined where no checker runs. */
  readonly checked?: (() => CheckerState | undefined) | undefined;
}

/** What Prometheus reads, and what feeds it. */
export function metrics(parts: MetricsParts): {
  readonly observe: Observe;
  readonly route: Route;
} {
  const { gate, openWork, budgets, checked = () => undefined } = parts;
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered',
    labelNames: ['method', 'path', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the head of a request to the end of its answer',
    labelNames: ['method', 'path'],
    buckets: seconds,
    registers,
  });
  if (gate) gaugeGate(registers, gate);
  gaugeOpenWork(registers, openWork);
  if (budgets) budgetMetrics(registry, { budgets });
  checkerMetrics(registry, checked);
  feedMetrics(registry, parts);
  upstreamMetrics(registry, parts);
  return {
    observe({ method, path, status, seconds: took }) {
      requests.inc({ method, path, status });
      durations.observe({ method, path }, took);
    },
    route: metricsRoute(registry),
  };
}

function gaugeGate(registers: Registry[], gate: () => GateReason | null): void {
  new Gauge({
    name: 'calls_accepted',
    help: '1 while new calls are taken',
    registers,
    collect() {
      this.set(gate() === null ? 1 : 0);
    },
  });
}

/** Without a value while nobody knows: a stale one would hide what is wrong. */
function gaugeOpenWork(registers: Registry[], openWork: MetricsParts['openWork']): void {
  new Gauge({
    name: 'open_holds',
    help: 'Holds that no event has resolved, by how old they are at most',
    labelNames: ['age'],
    registers,
    collect() {
      this.reset();
      for (const [age, holds] of Object.entries(openWork()?.holds ?? {})) this.set({ age }, holds);
    },
  });
  new Gauge({
    name: 'journal_rows',
    help: 'Calls of which the journal has a note',
    registers,
    collect() {
      this.set(openWork()?.journalRows ?? Number.NaN);
    },
  });
}

const metricsRoute = (registry: Registry) =>
  route({
    method: 'GET',
    path: '/metrics',
    who: 'anyone',
    summary: 'For Prometheus',
    reply: z.string(),
    produces: 'text/plain',
    handle: async () => ({ text: await registry.metrics(), type: registry.contentType }),
  });
