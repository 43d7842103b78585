import { apart, detailed, error, inClasses, rateLimited, whole } from './openai-answers.ts';
import type { ProviderCase, Refusal } from './provider-case.ts';
import { bearer } from './provider-case.ts';

/** Of those who say it as OpenAI does. */
export const openAiRefusals: readonly Refusal[] = [
  [
    'a wrong key',
    error(401, {
      message: 'Incorrect API key provided.',
      type: 'invalid_request_error',
      code: 'invalid_api_key',
    }),
    'key',
  ],
  [
    'no quota left',
    error(429, {
      message: 'You exceeded your current quota.',
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    }),
    'key',
  ],
  rateLimited('rate_limit_exceeded'),
  [
    'no such model',
    error(404, {
      message: 'The model `m` does not exist or you do not have access to it.',
      code: 'model_not_found',
    }),
    'model',
  ],
  [
    'a wrong field',
    error(400, {
      message: 'temperature must be at most 2.',
      type: 'invalid_request_error',
      param: 'temperature',
    }),
    'theirs',
  ],
  ['overloaded', error(503, { message: 'The engine is overloaded.' }), 'busy'],
];

export const openAi: ProviderCase = {
  ...{ kind: 'openai', base: '/v1', path: '/v1/chat/completions', probePath: '/v1/models' },
  ...{ keyHeader: bearer, limit: 'max_completion_tokens', usage: inClasses },
  ...{ whole: whole(detailed), stream: apart(detailed), refusals: openAiRefusals },
};
