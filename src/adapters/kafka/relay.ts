import type { Logger } from 'pino';
import { backOff } from '../back-off.ts';
import type { Log } from '../eventstore/log.ts';
import { watchdog } from '../eventstore/watchdog.ts';
import { batches } from '../postgres/batches.ts';
import { takeSeat } from '../postgres/relay-seat.ts';
import { reasonOf } from '../reason-of.ts';
import type { KafkaSettings } from './client.ts';
import { oneAhead } from './one-ahead.ts';
import { relayedBatches } from './relayed-batches.ts';
import { topicOf } from './topic.ts';
import { topicProducer } from './topic-producer.ts';

export interface RelayParts {
  readonly kafka: KafkaSettings;
  readonly databaseUrl: string;
  readonly eventLog: Pick<Log, 'head' | 'subscribe'>;
  readonly log: Logger;
  /** So long it may stand still while the log goes on; then it begins anew. */
  readonly silentMs?: number;
}

export interface RelayState {
  /** Whether this process is the one that relays. */
  readonly active: boolean;
  /** The last event that the brokers have acknowledged to this process. */
  readonly position: bigint | null;
  /** Why nothing is relayed at the moment; null when all is well, or another process does it. */
  readonly failing: string | null;
}

export interface Relay {
  state(): RelayState;
  close(): Promise<void>;
}

const mostItems = 1_000;

/**
 * Copies the log to Kafka, event by event: at least once, in order in each partition, and with what
 * came before, so that readers see what is missing. One process does it; the others wait for its seat.
 */
export function relay({ kafka, databaseUrl, eventLog, log, silentMs = 30_000 }: RelayParts): Relay {
  const topic = topicOf(kafka.topicPrefix);
  const closing = new AbortController();
  const { signal } = closing;
  const state = { active: false, position: null as bigint | null, failing: null as string | null };

  async function run(): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        await relayOn(() => {
          failures = 0;
          state.failing = null;
        });
      } catch (err) {
        if (signal.aborted) return;
        failures += 1;
        interrupted(err);
      }
      state.active = false;
      await backOff(failures, { firstMs: 100, mostMs: 2_000, signal }).catch(() => undefined);
    }
  }

  function interrupted(err: unknown): void {
    const reason = reasonOf(err);
    // Another reason than before may be the one that a person must mend.
    if (reason !== state.failing) log.warn({ err }, 'the relay is interrupted');
    state.failing = reason;
  }

  async function relayOn(progressed: () => void): Promise<void> {
    const seat = await takeSeat(databaseUrl, topic, signal);
    // Aborts with whatever fails, because a log that is silent would be waited for.
    const round = new AbortController();
    const either = AbortSignal.any([signal, seat.lost, round.signal]);
    const producer = await topicProducer({ kafka, topic, log }, either).catch((error: unknown) => {
      seat.leave();
      throw error;
    });
    log.info({ topic, epoch: String(seat.epoch), position: String(seat.position) }, 'relaying');
    state.active = true;
    state.position = seat.position;
    watch(round, either);
    try {
      const open = (own: AbortSignal) => eventLog.subscribe({ after: seat.position, signal: own });
      const items = batches(open, { most: mostItems, signal: either });
      const relayed = oneAhead(relayedBatches(items, seat, { signal: either }));
      for await (const { place, byPartition } of relayed) {
        await producer
          .send(byPartition)
          .then(() => seat.save(place))
          .catch((error: unknown) => {
            round.abort(error);
            throw error;
          });
        state.position = place.position;
        progressed();
      }
      either.throwIfAborted();
    } finally {
      seat.leave();
      producer.close();
    }
  }

  /** Its watermarks come all the same, so nobody who reads the topic would notice. */
  function watch(round: AbortController, signal: AbortSignal): void {
    watchdog({
      ...{ head: eventLog.head, signal, silentMs },
      subscribe: (after, own) => eventLog.subscribe({ after, signal: own }),
      position: () => state.position,
      stalled: () => round.abort(stalledFor(silentMs)),
    });
  }

  const done = run();
  return {
    state: () => state,
    async close() {
      closing.abort();
      await done;
    },
  };
}

const stalledFor = (silentMs: number): Error =>
  new Error(`Nothing came for ${silentMs / 1_000} s, though the log has gone on.`);
