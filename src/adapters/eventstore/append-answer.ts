import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ExpectedRevision } from './log.ts';

export type AppendAnswer =
  /** No position: these very events were there already, and where isn't said. */
  | { readonly kind: 'written'; readonly position: bigint | undefined }
  | { readonly kind: 'wrong_revision'; readonly actual: ExpectedRevision }
  /** It will never be written, whatever happens. */
  | { readonly kind: 'impossible'; readonly reason: string }
  /** Not now; whether an earlier attempt was written is unknown. */
  | { readonly kind: 'again'; readonly reason: string };

const impossible = new Set([
  'event_store.client.StreamDeleted',
  'event_store.client.MaximumAppendSizeExceeded',
  'event_store.client.BadRequest',
]);

export function appendAnswer(answer: BatchAppendResp): AppendAnswer {
  const position = answer.getSuccess()?.getPosition();
  if (answer.hasSuccess()) {
    return { kind: 'written', position: position && BigInt(position.getCommitPosition()) };
  }
  const error = answer.getError();
  const type = error?.getDetails()?.getTypeName() ?? '';
  const reason = `${error?.getMessage() ?? 'An append was answered with nothing.'} ${type}`.trim();
  if (type === 'event_store.client.WrongExpectedVersion') return wrongRevision(error);
  return { kind: impossible.has(type) ? 'impossible' : 'again', reason };
}

function wrongRevision(error: ReturnType<BatchAppendResp['getError']>): AppendAnswer {
  const details = error?.getDetails()?.getValue_asU8() ?? new Uint8Array();
  const wrong = shared.WrongExpectedVersion.deserializeBinary(details);
  const actual = wrong.hasCurrentStreamRevision()
    ? BigInt(wrong.getCurrentStreamRevision())
    : 'no_stream';
  return { kind: 'wrong_revision', actual };
}
