import { randomUUIDv7 } from 'node:crypto';
import { z } from 'zod';
import { WrittenUuid } from './written-uuid.ts';

const prefix = 'req_';

/** What a request is called, in `x-request-id`; new ones come after older ones. */
export const newRequestId = (): string => `${prefix}${randomUUIDv7().replaceAll('-', '')}`;

/** The call that a request made: the same number, written as ids of calls are. */
export const callIdOf = (requestId: string): string =>
  requestId.slice(prefix.length).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** A call as a caller may name it: by its id, or by the `x-request-id` of its answer. */
export const WrittenCallId = z.union([
  WrittenUuid,
  z
    .string()
    .regex(/^req_[0-9a-f]{32}$/)
    .transform(callIdOf),
]);
