import { counted, ended, error, inClasses, plainUsage, said, whole } from './openai-answers.ts';
import type { ProviderCase } from './provider-case.ts';
import { bearer } from './provider-case.ts';

const usage = {
  ...{ ...plainUsage, prompt_cache_hit_tokens: 8, prompt_cache_miss_tokens: 12 },
  completion_tokens_details: { reasoning_tokens: 4 },
};

export const deepseek: ProviderCase = {
  ...{ kind: 'deepseek', base: '/v1', path: '/v1/chat/completions', probePath: '/v1/models' },
  ...{ keyHeader: bearer, limit: 'max_tokens', usage: inClasses },
  whole: whole(usage, { reasoning_content: '想' }),
  stream: { events: [': keep-alive', ...said, ended, counted(usage), '[DONE]'] },
  refusals: [
    [
      'content that is a risk',
      error(400, { code: 'invalid_request_error', message: 'Content Exists Risk' }),
      'filtered',
    ],
    [
      'no balance',
      error(402, {
        message: 'Insufficient Balance',
        type: 'unknown_error',
        code: 'invalid_request_error',
      }),
      'key',
    ],
    [
      'a wrong key',
      error(401, { message: 'Authentication Fails', type: 'authentication_error' }),
      'key',
    ],
    [
      'no such model',
      error(400, {
        message: 'Model Not Exist',
        type: 'invalid_request_error',
        code: 'invalid_request_error',
      }),
      'model',
    ],
    [
      'a wrong field',
      error(422, { message: 'top_p must be at most 1', type: 'invalid_request_error' }),
      'theirs',
    ],
    ['overloaded', error(503, { message: 'Server overloaded' }), 'busy'],
  ],
};
