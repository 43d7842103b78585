import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { EventFilter } from './event-filter.ts';
import { eventFilter } from './event-filter.ts';
import { streamName } from './proposed-event.ts';
import { invalidArgument } from './service-error.ts';

const { Options } = streams.ReadReq;

/** A read request, understood: what to read, from where, and in which form to answer. */
export interface ReadPlan {
  /** Undefined: `$all`. */
  readonly stream: string | undefined;
  /** A revision of the stream, or a position of `$all`. */
  readonly from: number | 'start' | 'end';
  readonly backwards: boolean;
  /** Undefined: a subscription. */
  readonly count: number | undefined;
  readonly filter: EventFilter | undefined;
  readonly resolveLinks: boolean;
  readonly structuredIds: boolean;
}

export function readPlan(request: streams.ReadReq): ReadPlan {
  const options = request.getOptions();
  if (options === undefined) throw invalidArgument('A read needs options.');
  const filter = options.getFilter();
  return {
    ...source(options),
    backwards: options.getReadDirection() === Options.ReadDirection.BACKWARDS,
    count: options.hasSubscription() ? undefined : Number(options.getCount()),
    filter: filter === undefined ? undefined : eventFilter(filter),
    resolveLinks: options.getResolveLinks(),
    structuredIds: options.getUuidOption()?.hasStructured() ?? false,
  };
}

function source(options: streams.ReadReq.Options): Pick<ReadPlan, 'stream' | 'from'> {
  const one = options.getStream();
  if (one !== undefined) {
    return {
      stream: streamName(one.getStreamIdentifier()),
      from: one.hasRevision() ? Number(one.getRevision()) : startOrEnd(one),
    };
  }
  const all = options.getAll();
  if (all === undefined) throw invalidArgument('A read needs a stream or $all.');
  const position = all.getPosition();
  return {
    stream: undefined,
    from: position === undefined ? startOrEnd(all) : Number(position.getCommitPosition()),
  };
}

const startOrEnd = (options: { hasEnd(): boolean }): 'start' | 'end' =>
  options.hasEnd() ? 'end' : 'start';
