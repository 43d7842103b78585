import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { RelayState } from '../adapters/kafka/relay.ts';
import type { ReadModelState } from '../adapters/postgres/read-model-state.ts';

/** Whoever follows the log in this process. */
export interface Consumer {
  readonly lagSeconds: number;
  /** Why it gets nowhere at the moment; null: it does. */
  readonly failing: string | null;
}

export interface FeedMetricsParts {
  /** By name. */
  readonly consumers: () => Readonly<Record<string, Consumer>>;
  /** Undefined while nobody knows. */
  readonly readModels: () => ReadonlyMap<string, ReadModelState> | undefined;
  /** Read model → the build of it that the last canary found to be another than the log says. */
  readonly canaries: () => ReadonlyMap<string, string>;
  /** Undefined in a process that relays nothing. */
  readonly relay: () => (Pick<RelayState, 'active'> & { readonly lagSeconds: number }) | undefined;
}

/** How those are who follow the log, the read models and the relay. Without a value while nobody knows. */
export function feedMetrics(
  registry: Registry,
  { consumers, readModels, canaries, relay }: FeedMetricsParts,
): void {
  const registers = [registry];
  new Gauge({
    name: 'feed_lag_seconds',
    help: 'How far a consumer is behind the end of the log',
    ...{ labelNames: ['consumer'], registers },
    collect() {
      for (const [consumer, { lagSeconds }] of Object.entries(consumers())) {
        this.set({ consumer }, lagSeconds);
      }
    },
  });
  new Gauge({
    name: 'feed_failing',
    help: '1 while a consumer of the log gets nowhere; /readyz says why',
    ...{ labelNames: ['consumer'], registers },
    collect() {
      for (const [consumer, { failing }] of Object.entries(consumers())) {
        this.set({ consumer }, failing === null ? 0 : 1);
      }
    },
  });
  const labelNames = ['projection'];
  const ofEach = (name: string, help: string, value: (state: ReadModelState) => number) =>
    new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        this.reset();
        for (const [projection, state] of readModels() ?? [])
          this.set({ projection }, value(state));
      },
    });
  ofEach(
    'projection_lag_seconds',
    'Since the first event was recorded that a read model does not hold',
    ({ lagSeconds }) => lagSeconds,
  );
  ofEach(
    'projection_stopped',
    'Partitions in which a read model waits at an event',
    ({ stopped }) => stopped,
  );
  new Gauge({
    name: 'projection_differences',
    help: '1: a canary or a rebuild found a read model to be another than the log says',
    ...{ labelNames, registers },
    collect() {
      this.reset();
      for (const [projection, { schema, differs }] of readModels() ?? []) {
        // Once another build is shown, what was found is over.
        const isFound = canaries().get(projection) === schema;
        this.set({ projection }, differs || isFound ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'relay_active',
    help: '1 in the process that relays the log to Kafka',
    registers,
    collect() {
      this.set(relay()?.active ? 1 : 0);
    },
  });
  new Gauge({
    name: 'relay_lag_seconds',
    help: 'How far the relay of this process is behind the end of the log',
    registers,
    collect() {
      const now = relay();
      this.set(now?.active ? now.lagSeconds : 0);
    },
  });
}
