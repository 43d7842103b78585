import { randomUUID } from 'node:crypto';
import type { Outcome, WriteCommand } from './batch.ts';
import { newBatch } from './batch.ts';
import { countingDoor } from './counting-door.ts';
import type { Flight, Flights } from './flights.ts';
import { flights, LogUnavailable } from './flights.ts';
import type { LogReader } from './log-reader.ts';
import { recentIds } from './recent-ids.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { storedIds } from './stored-ids.ts';
import type { StreamState, StreamStates } from './stream-states.ts';
import { streamStates } from './stream-states.ts';

export interface GroupWriter {
  /** Resolves once the outcome, and every decision before it, is durable. */
  write(command: WriteCommand): Promise<Outcome>;
  /** A stream's state as of now, once it is durable. */
  stateOf(stream: string): Promise<StreamState>;
  /** Refuses new commands and resolves when all accepted ones are answered. */
  close(): Promise<void>;
}

export interface GroupWriterParts {
  readonly reader: Pick<LogReader, 'heads' | 'idsOf'>;
  /** One transaction; resolves when it is durable. */
  readonly insert: (events: readonly RecordedEvent[]) => Promise<void>;
  /** The last position in the table, asked again after a failed transaction. */
  readonly lastPosition: () => Promise<number>;
  /** Is told of all events that became durable, in order. */
  readonly committed: (events: readonly RecordedEvent[]) => void;
  readonly onFault: (message: string, cause: unknown) => void;
  readonly clock: () => number;
}

interface Waiting {
  readonly command: WriteCommand;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

/** So many commands at most have the states of their streams loaded together. */
const loadAhead = 2048;

/**
 * Group commit: commands are decided in memory in the order they came, and all that are decided while
 * one transaction is under way go into the next.
 */
export function groupWriter(parts: GroupWriterParts, lastPosition: number): GroupWriter {
  const { reader } = parts;
  const ids = recentIds();
  const states = streamStates(reader.heads, () => air.durable());
  const stored = storedIds(reader.idsOf, ids);
  const clock = neverBack(parts.clock);
  const queue: Waiting[] = [];
  const door = countingDoor();
  let deciding = false;

  const air = flights(
    {
      batch: (number, firstPosition) =>
        newBatch({ number, firstPosition, clock, ids, newId: randomUUID }),
      insert: parts.insert,
      committed: parts.committed,
      failed: (cause) => {
        states.clear();
        ids.clear();
        parts.onFault('A transaction of the log failed.', cause);
      },
      lastPosition: parts.lastPosition,
      landed: () => void decideAll(),
    },
    lastPosition,
  );

  const loadMissing = () => {
    const names = queue.slice(0, loadAhead).map(({ command }) => command.stream);
    const missing = names.filter((name) => states.get(name) === undefined);
    return missing.length === 0 ? undefined : states.load(missing);
  };

  /** Decides one command at once, or returns what has to be waited for before. */
  const decideNext = (flight: Flight, { command, resolve, reject }: Waiting) => {
    const state = states.get(command.stream);
    if (state === undefined) return states.load([command.stream]);
    const known = stored.of(command, state);
    if (known === undefined) return stored.load(command, state);
    queue.shift();
    flight.answer({ outcome: flight.batch.decide(command, state, known), resolve, reject });
    return undefined;
  };

  const decideWhilePossible = async () => {
    await loadMissing();
    for (;;) {
      const flight = air.boarding();
      const next = queue[0];
      if (flight === undefined || next === undefined) return;
      const pause = decideNext(flight, next);
      if (pause !== undefined) await pause;
    }
  };

  async function decideAll() {
    if (deciding || air.boarding() === undefined) return;
    deciding = true;
    try {
      await decideWhilePossible();
    } catch (cause) {
      parts.onFault('The state of a stream could not be read.', cause);
      const error = new LogUnavailable('The log could not be read.', { cause });
      for (const { reject } of queue.splice(0)) reject(error);
    } finally {
      deciding = false;
    }
    air.depart();
  }

  const write = (command: WriteCommand) =>
    new Promise<Outcome>((resolve, reject) => {
      queue.push({ command, resolve, reject });
      // What else came with the same packets joins the same transaction.
      if (queue.length === 1) setImmediate(() => void decideAll());
    });

  return {
    write: (command) => door.enter(() => write(command)),
    close: door.close,
    stateOf: (stream) => durableState(states, air, stream),
  };
}

async function durableState(states: StreamStates, air: Flights, stream: string) {
  for (;;) {
    const state = states.get(stream);
    if (state === undefined) {
      await states.load([stream]);
      continue;
    }
    const snapshot = { ...state };
    const isDurable = await air.landing(state.batch).then(
      () => true,
      () => false,
    );
    if (isDurable) return snapshot;
  }
}

function neverBack(clock: () => number): () => number {
  let last = 0;
  return () => {
    last = Math.max(last, clock());
    return last;
  };
}
