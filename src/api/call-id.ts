import { randomUUIDv7 } from 'node:crypto';
import { z } from 'zod';

const prefix = 'req_';

/** What a request is called, in `x-request-id`; new ones come after older ones. */
export const newRequestId = (): string => `${prefix}${randomUUIDv7().replaceAll('-', '')}`;

/** The call that a request made: the same number, written as ids of calls are. */
export const callIdOf = (requestId: string): string =>
  requestId.slice(prefix.length).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

const written = /^(?:req_[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** A call as a caller may name it: by its id, or by the `x-request-id` of its answer. */
export const WrittenCallId = z
  .string()
  .toLowerCase()
  .regex(written, 'the id of a call, or the `x-request-id` of its answer')
  .transform((id) => (id.startsWith(prefix) ? callIdOf(id) : id));
