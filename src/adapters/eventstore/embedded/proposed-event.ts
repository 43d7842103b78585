import type shared from '@eventstore/db-client/generated/shared_pb.js';
import { uuidText } from '../uuid.ts';
import type { ProposedEvent } from './recorded-event.ts';
import { invalidArgument, missingMetadata } from './service-error.ts';

/** EventStoreDB's limit of one append. */
export const maxAppendBytes = 1024 * 1024;

interface ProposedMessage {
  getId(): shared.UUID | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getData_asU8(): Uint8Array;
  getCustomMetadata_asU8(): Uint8Array;
}

/** Throws a service error for what no event can be made of. */
export function proposedEvent(message: ProposedMessage): ProposedEvent {
  const id = uuidText(message.getId());
  if (id === undefined) throw invalidArgument('Every event needs a UUID.');
  const map = message.getMetadataMap();
  const type = map.get('type');
  const contentType = map.get('content-type');
  if (type === undefined || contentType === undefined) throw missingMetadata();
  if (type.includes('\0')) throw invalidArgument('An event type has no NUL.');
  return {
    id,
    type,
    isJson: contentType === 'application/json',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

/** Throws a service error for a name that cannot be written to. */
export function writableStream(identifier: shared.StreamIdentifier | undefined): string {
  const stream = streamName(identifier);
  if (stream === '$all') throw invalidArgument('Nothing can be appended to $all.');
  return stream;
}

export function streamName(identifier: shared.StreamIdentifier | undefined): string {
  const bytes = identifier?.getStreamName_asU8();
  const stream = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
  if (stream === '' || stream.includes('\0')) throw invalidArgument('A stream needs a name.');
  return stream;
}
