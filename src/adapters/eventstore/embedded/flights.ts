import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Outcome } from './batch.ts';
import type { RecordedEvent } from './recorded-event.ts';

const retryMs = 100;
const maxBatchEvents = 2048;
const maxBatchBytes = 4 * 1024 * 1024;
/**
 * Under load a transaction costs more than what is in it, so after one that several had waited for, the next
 * begins only when three times as long as that one took has passed since its beginning, at most so many ms.
 * Whoever comes alone is never kept.
 */
const mostGatherMs = 6;
const gatherTimes = 3;

/** The log could not make a write durable; whoever asked must ask again. */
export class LogUnavailable extends Error {}

/** A batch with those who wait for it. Nobody is answered before it is durable, not even with a refusal. */
export interface Flight {
  readonly batch: Batch;
  answer(settle: Answer): void;
}

export interface Answer {
  readonly outcome: Outcome;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

export interface FlightsParts {
  readonly batch: (number: number, firstPosition: number) => Batch;
  /** One transaction; resolves when it is durable. */
  readonly insert: (events: readonly RecordedEvent[]) => Promise<void>;
  readonly committed: (events: readonly RecordedEvent[]) => void;
  /** A transaction failed: everything in memory is void. */
  readonly failed: (cause: unknown) => void;
  /** The last position in the table, asked until it answers. */
  readonly lastPosition: () => Promise<number>;
  /** There is room for decisions again. */
  readonly landed: () => void;
}

/** Batches on their way to the disk: one under way, the next one filling meanwhile. */
export interface Flights {
  /** The batch that takes decisions now; undefined while it is full or a failure is being cleaned up. */
  boarding(): Flight | undefined;
  depart(): void;
  /** The newest durable batch. */
  durable(): number;
  /** Resolves when that batch is durable, rejects when it never will be. */
  landing(batch: number): Promise<void>;
}

interface OpenFlight extends Flight {
  readonly answers: Answer[];
  readonly done: PromiseWithResolvers<void>;
  departedAt: number;
}

export function flights(parts: FlightsParts, lastPosition: number): Flights {
  let count = 0;
  let durable = 0;
  let flying: OpenFlight | undefined;
  let next: OpenFlight | undefined = openFlight(lastPosition + 1);
  let isGathering = false;
  let gatherUntil = 0;

  function openFlight(firstPosition: number): OpenFlight {
    count += 1;
    const answers: Answer[] = [];
    const done = Promise.withResolvers<void>();
    done.promise.catch(() => undefined);
    const batch = parts.batch(count, firstPosition);
    return { batch, answers, done, departedAt: 0, answer: (settle) => answers.push(settle) };
  }

  function land(flight: OpenFlight) {
    durable = flight.batch.number;
    flying = undefined;
    if (flight.answers.length > 1) gatherUntil = flight.departedAt + gatherMsAfter(flight);
    if (flight.batch.events.length > 0) parts.committed(flight.batch.events);
    flight.done.resolve();
    for (const { resolve, outcome } of flight.answers) resolve(outcome);
    parts.landed();
  }

  async function crash(flight: OpenFlight, cause: unknown) {
    const lost = next === undefined ? [flight] : [flight, next];
    next = undefined;
    const error = new LogUnavailable('The log could not be written.', { cause });
    for (const { done, answers } of lost) {
      done.reject(error);
      for (const { reject } of answers) reject(error);
    }
    parts.failed(cause);
    next = openFlight((await untilItAnswers(parts.lastPosition)) + 1);
    flying = undefined;
    parts.landed();
  }

  async function fly(flight: OpenFlight) {
    try {
      if (flight.batch.events.length > 0) await parts.insert(flight.batch.events);
    } catch (cause) {
      return crash(flight, cause);
    }
    land(flight);
  }

  function depart() {
    if (flying !== undefined || next === undefined || next.answers.length === 0) return;
    const restMs = hasRoom(next.batch) ? gatherUntil - performance.now() : 0;
    if (restMs > 0) {
      if (!isGathering) setTimeout(gathered, restMs);
      isGathering = true;
      return;
    }
    flying = next;
    next = openFlight(flying.batch.firstPosition + flying.batch.events.length);
    flying.departedAt = performance.now();
    void fly(flying);
  }

  function gathered() {
    isGathering = false;
    depart();
  }

  return {
    boarding: () => (next !== undefined && hasRoom(next.batch) ? next : undefined),
    depart,
    durable: () => durable,
    landing(batch) {
      const flight = [flying, next].find((candidate) => candidate?.batch.number === batch);
      return flight?.done.promise ?? Promise.resolve();
    },
  };
}

const gatherMsAfter = ({ departedAt }: Pick<OpenFlight, 'departedAt'>): number =>
  Math.min(mostGatherMs, gatherTimes * (performance.now() - departedAt));

/** Should the connection itself be gone, the process ends soon and nobody waits for this any more. */
async function untilItAnswers(lastPosition: () => Promise<number>): Promise<number> {
  for (;;) {
    try {
      return await lastPosition();
    } catch {
      await sleep(retryMs);
    }
  }
}

const hasRoom = ({ events, bytes }: Batch): boolean =>
  events.length < maxBatchEvents && bytes() < maxBatchBytes;
