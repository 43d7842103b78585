import type { DomainEvent } from '../../domain/events.ts';
import type { ExecuteContext, Outcome, Runner } from './execute.ts';
import { Busy, OutcomeUnknown } from './execute.ts';
import type { Noun } from './fold.ts';
import type { Log } from './log.ts';
import type { StreamDesk } from './stream-desk.ts';
import { streamDesk } from './stream-desk.ts';
import { streamWriter } from './stream-writer.ts';
import type { Waiting } from './waiting.ts';

export interface SingleWriterParts {
  readonly log: Pick<Log, 'append' | 'read'>;
  readonly clock: () => Date;
  /** After so long a waiter gets `OutcomeUnknown`; its append goes on. */
  readonly patienceMs?: number;
  /** Commands that may wait for one stream before the next one gets `Busy`. */
  readonly mostWaiting?: number;
  /** Streams whose folds are kept between commands. */
  readonly mostResident?: number;
}

/**
 * Runs a noun's commands: one writer a stream, which decides what is waiting on the fold it holds and
 * appends all of it at once. The expected revision makes it correct next to writers of other processes.
 */
export function singleWriter<Command, Event extends DomainEvent, State>(
  noun: Noun<Command, Event, State>,
  parts: SingleWriterParts,
): Runner<Command, Event, State> {
  const { log, clock, patienceMs = 10_000, mostWaiting = 2_000, mostResident = 10_000 } = parts;
  const now = () => clock().toISOString();
  const desks = new Map<string, StreamDesk<Command, Event, State>>();

  /** Used last is last in the map. */
  const deskOf = (stream: string) => {
    const desk = desks.get(stream) ?? streamDesk(streamWriter({ stream, noun, log, now }));
    desks.delete(stream);
    desks.set(stream, desk);
    if (desks.size > mostResident) forgetOldest(desks);
    return desk;
  };

  return {
    run: (stream, command, context) =>
      new Promise<Outcome<Event, State>>((resolve, reject) => {
        const desk = deskOf(stream);
        if (desk.waiting >= mostWaiting) throw new Busy(stream);
        desk.submit(patient({ command, context, resolve, reject }, stream, patienceMs));
      }),
    load: (stream) => deskOf(stream).load(),
  };
}

type Asked<Command, Event extends DomainEvent, State> = Pick<
  Waiting<Command, Event, State>,
  'command' | 'resolve' | 'reject'
> & { readonly context: ExecuteContext };

/** A waiter that gives up when its patience ends. */
function patient<Command, Event extends DomainEvent, State>(
  asked: Asked<Command, Event, State>,
  stream: string,
  patienceMs: number,
): Waiting<Command, Event, State> {
  const timer = setTimeout(() => {
    waiting.gaveUp = true;
    asked.reject(new OutcomeUnknown(stream));
  }, patienceMs);
  const waiting: Waiting<Command, Event, State> = {
    ...asked,
    resolve(outcome) {
      clearTimeout(timer);
      asked.resolve(outcome);
    },
    reject(error) {
      clearTimeout(timer);
      asked.reject(error);
    },
    gaveUp: false,
    confirmed: false,
    searchedTo: null,
  };
  return waiting;
}

function forgetOldest(desks: Map<string, { readonly idle: boolean }>): void {
  for (const [stream, { idle }] of desks) {
    if (!idle) continue;
    desks.delete(stream);
    return;
  }
}
