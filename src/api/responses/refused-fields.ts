import { ApiError } from '../errors.ts';
import type { Reason } from '../reasons.ts';

/** Fields that are understood well enough not to be passed on. */
const refused: Readonly<Record<string, Reason>> = {
  previous_response_id: 'nothing_kept',
  conversation: 'nothing_kept',
  prompt: 'nothing_kept',
  background: 'nothing_kept',
  context_management: 'unsupported_field',
  moderation: 'unsupported_field',
  // A chat completion's own words for what is asked here in others, or not at all: a second limit, answers
  // nobody holds credit for, or a sound that a response has no place for.
  messages: 'not_a_field',
  n: 'not_a_field',
  max_tokens: 'not_a_field',
  max_completion_tokens: 'not_a_field',
  response_format: 'not_a_field',
  web_search_options: 'not_a_field',
  modalities: 'not_a_field',
  functions: 'not_a_field',
  function_call: 'not_a_field',
};

const noWish = new Set<unknown>([undefined, null, false]);

export const refusal = (param: string, why: Reason): ApiError =>
  new ApiError('invalid_request', { param, why, values: { param } });

export const isRefused = (field: string): boolean => Object.hasOwn(refused, field);

/** Throws for the first field that asks for what is not done here. */
export function refuseFields(request: Readonly<Record<string, unknown>>): void {
  for (const [field, value] of Object.entries(request)) {
    const why = isRefused(field) ? refused[field] : undefined;
    if (why !== undefined && !noWish.has(value)) throw refusal(field, why);
  }
}
