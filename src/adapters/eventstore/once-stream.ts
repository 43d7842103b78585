import { randomUUID } from 'node:crypto';
import type { CommandContext } from '../../domain/envelope.ts';
import type { Recorded } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';
import { later } from '../../domain/ids.ts';
import type { OnceEvent } from '../../domain/once/events.ts';
import { onceEvents } from '../../domain/once/events.ts';
import { carried } from '../tracing/carried.ts';
import { envelopeOf } from './envelope-of.ts';
import type { Place } from './execute.ts';
import { decoder } from './fold.ts';
import type { Log } from './log.ts';

export type Reply = Extract<OnceEvent, { type: 'CommandDone' }>['data']['reply'];
export type Claimed = Extract<OnceEvent, { type: 'CommandClaimed' }>['data'];

/** How far a claimed command has come, as its stream says. */
export interface OnceState {
  readonly revision: bigint | null;
  /** The first claim; later ones only say who runs the command now. */
  readonly claim: Claimed | undefined;
  /** The command that it is for; empty while there is none. */
  readonly by: string;
  readonly reply: Reply | undefined;
  /** When the last event was recorded. */
  readonly at: Instant | undefined;
}

const decode = decoder<OnceEvent>({ events: onceEvents });
const unclaimed: OnceState = {
  revision: null,
  claim: undefined,
  by: '',
  reply: undefined,
  at: undefined,
};

export async function readOnceStream(log: Pick<Log, 'read'>, stream: string): Promise<OnceState> {
  let state = unclaimed;
  for await (const stored of log.read(stream)) state = evolve(state, decode(stored));
  return state;
}

function evolve(state: OnceState, event: Recorded<OnceEvent>): OnceState {
  const place = { revision: event.revision, at: event.meta.recordedAt };
  switch (event.type) {
    case 'CommandClaimed':
      if (state.claim) return { ...state, ...place };
      return { ...state, ...place, claim: event.data, by: event.meta.commandId };
    case 'CommandDone':
      return { ...state, ...place, reply: event.data.reply };
  }
}

export const claimedAt = (bodyHash: string, { stream, revision }: Place): Claimed => ({
  bodyHash,
  stream,
  revision: `${revision ?? -1n}`,
});

export const placeOf = ({ stream, revision }: Claimed): Place => ({
  stream,
  revision: revision === '-1' ? null : BigInt(revision),
});

/** Appends after what has been read; null when somebody else was first. */
export async function appendOnce(
  log: Pick<Log, 'append'>,
  stream: string,
  { revision, at }: Pick<OnceState, 'revision' | 'at'>,
  { event, context }: { readonly event: OnceEvent; readonly context: CommandContext },
): Promise<{ readonly revision: bigint; readonly at: Instant } | null> {
  const recordedAt = at === undefined ? context.at : later(at, context.at);
  const metadata = envelopeOf(event.type, carried(context), recordedAt);
  // Two claims must never pass for one: their ids are no names.
  const added = [{ id: randomUUID(), ...event, metadata }];
  const written = await log.append(stream, revision ?? 'no_stream', added);
  return written.ok ? { revision: written.revision, at: recordedAt } : null;
}
