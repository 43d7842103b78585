import type { AllStreamResolvedEvent, StreamingRead } from '@eventstore/db-client';
import type { StoredEvent } from '../../domain/events.ts';
import { backOff } from '../back-off.ts';
import { reasonOf } from '../reason-of.ts';
import { LogUnavailable } from './log.ts';
import type { LogHealth } from './log-health.ts';
import { storedEvent } from './stored-event.ts';

/** One read of the whole log, as far as it comes. */
export async function* readOnce(
  open: () => StreamingRead<AllStreamResolvedEvent>,
): AsyncGenerator<StoredEvent, void, undefined> {
  const reading = open();
  // A connection may fail when nobody iterates any more.
  reading.on('error', () => undefined);
  try {
    for await (const resolved of reading) {
      const event = storedEvent(resolved);
      if (event) yield event;
    }
  } finally {
    // Leaving the loop doesn't tell the server.
    if (!reading.readableEnded) reading.cancel().catch(() => undefined);
  }
}

export interface Patience {
  readonly health: LogHealth;
  readonly signal: AbortSignal;
  /** How long a read goes on trying without getting anything. */
  readonly patienceMs: number;
}

/** What to do after each fault of a read: wait, or throw `LogUnavailable` when patience has ended. */
export function patience({ health, signal, patienceMs }: Patience) {
  const start = performance.now();
  let failures = 0;
  return async (error: unknown): Promise<void> => {
    const reason = reasonOf(error);
    if (!signal.aborted) health.failed(reason);
    if (signal.aborted || performance.now() - start > patienceMs) {
      throw new LogUnavailable(`The log could not be read: ${reason}`, { cause: error });
    }
    await backOff(failures, { firstMs: 20, mostMs: 1_000, signal }).catch(() => undefined);
    failures += 1;
  };
}

/** Does it until it succeeds or patience ends. */
export async function patiently<T>(parts: Patience, read: () => Promise<T>): Promise<T> {
  for (const tryAgain = patience(parts); ; ) {
    try {
      const result = await read();
      parts.health.succeeded();
      return result;
    } catch (error) {
      await tryAgain(error);
    }
  }
}
