import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { uuidText } from '../uuid.ts';
import type { WriteCommand } from './batch.ts';
import type { AppendAnswer } from './batch-append-answer.ts';
import type { Expected } from './decide.ts';
import { maxAppendBytes, proposedEvent, writableStream } from './proposed-event.ts';
import type { ProposedEvent } from './recorded-event.ts';
import { sizeOf } from './recorded-event.ts';

export interface PendingAppend {
  /** Its first part: that one carries the options. */
  readonly request: streams.BatchAppendReq;
  readonly bytes: number;
  readonly command: Extract<WriteCommand, { type: 'append' }>;
}

/** What a part makes of its append. */
export type Added =
  | { readonly type: 'incomplete' }
  | { readonly type: 'complete'; readonly append: PendingAppend }
  | {
      readonly type: 'refused';
      readonly request: streams.BatchAppendReq;
      readonly expected: Expected;
      readonly answer: AppendAnswer;
    };

interface Collecting {
  readonly request: streams.BatchAppendReq;
  readonly command: PendingAppend['command'];
  readonly events: ProposedEvent[];
  bytes: number;
}

const incomplete: Added = { type: 'incomplete' };

/** Puts together the appends of one batch stream, which come in parts; what follows a refused part is dropped. */
export function pendingAppends(clock: () => number) {
  const pending = new Map<string, Collecting>();

  const add = (append: Collecting, part: streams.BatchAppendReq): AppendAnswer | undefined => {
    if (append.command.deadline <= clock()) return { type: 'timed_out' };
    for (const message of part.getProposedMessagesList()) {
      const event = proposedEvent(message);
      append.bytes += sizeOf(event);
      append.events.push(event);
    }
    return append.bytes > maxAppendBytes
      ? { type: 'too_large', maxBytes: maxAppendBytes }
      : undefined;
  };

  const find = (id: string, part: streams.BatchAppendReq): Collecting | undefined =>
    pending.get(id) ?? (part.hasOptions() ? collecting(part) : undefined);

  const take = (id: string, part: streams.BatchAppendReq): Added => {
    const append = find(id, part);
    if (append === undefined) return incomplete;
    const answer = add(append, part);
    if (answer !== undefined) {
      return {
        type: 'refused',
        request: append.request,
        expected: append.command.expected,
        answer,
      };
    }
    if (part.getIsFinal()) return { type: 'complete', append };
    pending.set(id, append);
    return incomplete;
  };

  return (part: streams.BatchAppendReq): Added => {
    const id = uuidText(part.getCorrelationId());
    if (id === undefined) return incomplete;
    const added = orBadRequest(() => take(id, part), pending.get(id)?.request ?? part);
    if (added.type !== 'incomplete') pending.delete(id);
    return added;
  };
}

function orBadRequest(take: () => Added, request: streams.BatchAppendReq): Added {
  try {
    return take();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { type: 'refused', request, expected: 'any', answer: { type: 'bad_request', message } };
  }
}

function collecting(request: streams.BatchAppendReq): Collecting {
  const options = request.getOptions();
  const stream = writableStream(options?.getStreamIdentifier());
  const events: ProposedEvent[] = [];
  const deadline = options?.getDeadline()?.toDate().getTime() ?? Number.POSITIVE_INFINITY;
  const expected = expectedOf(options);
  return {
    request,
    events,
    bytes: 0,
    command: { type: 'append', stream, expected, events, deadline },
  };
}

function expectedOf(options: streams.BatchAppendReq.Options | undefined): Expected {
  if (options?.hasStreamPosition()) return Number(options.getStreamPosition());
  if (options?.hasNoStream()) return 'no_stream';
  if (options?.hasStreamExists()) return 'stream_exists';
  return 'any';
}
