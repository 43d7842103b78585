import type { DomainEvent } from '../../domain/events.ts';
import { carried } from '../tracing/carried.ts';
import type { Outcome, Runner } from './execute.ts';
import { Busy, OutcomeUnknown } from './execute.ts';
import type { Noun } from './fold.ts';
import type { Log } from './log.ts';
import { snapshotKeeper } from './snapshot-keeper.ts';
import type { Snapshots } from './snapshots.ts';
import { streamChain } from './stream-chain.ts';
import type { Desk } from './stream-desk.ts';
import { openDesk, workOff } from './stream-desk.ts';
import { streamHistory } from './stream-history.ts';
import { streamWriter } from './stream-writer.ts';
import type { Waiting } from './waiting.ts';
import { waitingRoom } from './waiting-room.ts';

export interface SingleWriterParts {
  readonly log: Pick<Log, 'append' | 'read' | 'last'>;
  readonly clock: () => Date;
  /** Where folds are kept for a quicker start; absent: nowhere. */
  readonly snapshots?: Snapshots;
  /** After so long a waiter gets `OutcomeUnknown`; its append goes on. */
  readonly patienceMs?: number;
  /** Commands that may wait for one stream before the next one gets `Busy`. */
  readonly mostWaiting?: number;
  /** Streams whose folds are kept between commands. */
  readonly mostResident?: number;
  /** A stream with so many events is closed, where the noun closes any; at least 2. */
  readonly mostEvents?: number;
}

/**
 * Runs a noun's commands: one writer a stream, which decides what is waiting on the fold it holds and
 * appends all of it at once. The expected revision makes it correct next to writers of other processes.
 */
export function singleWriter<Command, Event extends DomainEvent, State>(
  noun: Noun<Command, Event, State>,
  parts: SingleWriterParts,
): Runner<Command, Event, State> {
  const { patienceMs = 10_000, mostWaiting = 2_000, mostResident = 10_000 } = parts;
  const { log, clock, mostEvents = 50_000 } = parts;
  const chain = streamChain(noun, log);
  const history = streamHistory({ noun, log, chain, snapshots: parts.snapshots });
  const snapshots = snapshotKeeper(noun.books, parts.snapshots);
  const now = () => clock().toISOString();
  const { round, load } = streamWriter({ noun, log, history, chain, snapshots, now, mostEvents });
  const room = waitingRoom();
  const desks = new Map<string, Desk<Command, Event, State>>();

  /** Used last is last in the map. */
  const deskOf = (first: string) => {
    const desk = desks.get(first) ?? openDesk<Command, Event, State>(first);
    desks.delete(first);
    desks.set(first, desk);
    if (desks.size > mostResident) forgetOldest(desk);
    return desk;
  };

  const forgetOldest = (asked: Desk<Command, Event, State>) => {
    for (const [first, desk] of desks) {
      if (desks.size <= mostResident) return;
      if (desk.working || desk === asked) continue;
      snapshots.keepNow(desk);
      desks.delete(first);
    }
  };

  return {
    run: (first, command, context) =>
      new Promise<Outcome<Event, State>>((resolve, reject) => {
        const desk = deskOf(first);
        if (desk.queue.length >= mostWaiting) throw new Busy(first);
        const waiting: Waiting<Command, Event, State> = {
          command,
          context: carried(context),
          untilMs: performance.now() + patienceMs,
          gaveUp: false,
          confirmed: false,
          searchedTo: null,
          giveUp() {
            waiting.gaveUp = true;
            reject(new OutcomeUnknown(first));
          },
          resolve(outcome) {
            room.leave(waiting);
            resolve(outcome);
          },
          reject(error) {
            room.leave(waiting);
            reject(error);
          },
        };
        room.enter(waiting);
        desk.queue.push(waiting);
        workOff(desk, round);
      }),
    load: (first) => load(deskOf(first)),
  };
}
