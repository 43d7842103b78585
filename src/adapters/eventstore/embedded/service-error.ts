import type { ServiceError } from '@grpc/grpc-js';
import { Metadata, status } from '@grpc/grpc-js';
import type { Expected } from './decide.ts';
import { LogUnavailable } from './flights.ts';

/** EventStoreDB tells its errors by trailing metadata; these are the names the clients know. */
function exception(
  code: status,
  details: string,
  name: string,
  values: Readonly<Record<string, string>>,
): ServiceError {
  const metadata = new Metadata();
  metadata.set('exception', name);
  for (const [key, value] of Object.entries(values)) metadata.set(key, ascii(value));
  return Object.assign(new Error(details), { code, details, metadata });
}

const plain = (code: status, details: string, cause?: unknown): ServiceError =>
  Object.assign(new Error(details, { cause }), { code, details, metadata: new Metadata() });

/** Header values are printable ASCII; a stream name may be anything. */
const ascii = (value: string): string => value.replace(/[^ -~]+/g, encodeURIComponent);

export const invalidArgument = (details: string, cause?: unknown): ServiceError =>
  plain(status.INVALID_ARGUMENT, details, cause);

export const unavailable = (details: string): ServiceError => plain(status.UNAVAILABLE, details);

export const deadlineExceeded = (): ServiceError =>
  plain(status.DEADLINE_EXCEEDED, 'The deadline passed before anything was written.');

export const streamDeleted = (stream: string): ServiceError =>
  exception(status.FAILED_PRECONDITION, `Stream '${stream}' is deleted.`, 'stream-deleted', {
    'stream-name': stream,
  });

export const wrongExpectedVersion = (
  stream: string,
  expected: Expected,
  current: number,
): ServiceError =>
  exception(
    status.FAILED_PRECONDITION,
    `Wrong expected version of stream '${stream}': expected ${expected}, it is at ${current}.`,
    'wrong-expected-version',
    {
      'stream-name': stream,
      'expected-version': `${expectedNumber(expected)}`,
      ...(current < 0 ? {} : { 'actual-version': `${current}` }),
    },
  );

export const maximumAppendSizeExceeded = (maxBytes: number): ServiceError =>
  exception(
    status.INVALID_ARGUMENT,
    `An append may have at most ${maxBytes} bytes.`,
    'maximum-append-size-exceeded',
    { 'maximum-append-size': `${maxBytes}` },
  );

export const missingMetadata = (): ServiceError =>
  exception(
    status.INVALID_ARGUMENT,
    'Every event needs a type and a content type.',
    'missing-required-metadata-property',
    { 'required-metadata-properties': 'type,content-type' },
  );

const errorNumbers = { any: -2, no_stream: -1, stream_exists: -4 };

const expectedNumber = (expected: Expected): number =>
  typeof expected === 'number' ? expected : errorNumbers[expected];

/** What a client is told of any fault: its own mistakes as such, everything else as unavailable, so that it retries. */
export function toServiceError(cause: unknown): ServiceError {
  if (isServiceError(cause)) return cause;
  if (cause instanceof LogUnavailable) return unavailable(cause.message);
  return unavailable('The log could not be read.');
}

export function isServiceError(cause: unknown): cause is ServiceError {
  return (
    cause instanceof Error &&
    'code' in cause &&
    typeof cause.code === 'number' &&
    'metadata' in cause
  );
}
