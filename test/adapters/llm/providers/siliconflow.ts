import { ended, plain, plainUsage, said, whole } from './openai-answers.ts';
import type { ProviderCase } from './provider-case.ts';
import { bearer } from './provider-case.ts';

export const siliconflow: ProviderCase = {
  ...{ kind: 'siliconflow', base: '/v1', path: '/v1/chat/completions', probePath: '/v1/models' },
  ...{ keyHeader: bearer, limit: 'max_tokens', usage: plain },
  whole: whole(plainUsage),
  // It counts in every chunk.
  stream: {
    events: [
      ...said.map((each, n) => ({
        ...each,
        usage: { prompt_tokens: 20, completion_tokens: n + 1, total_tokens: 21 + n },
      })),
      { ...ended, usage: plainUsage },
      '[DONE]',
    ],
  },
  refusals: [
    [
      'a context that is too long',
      {
        status: 400,
        body: {
          ...{ code: 20_015, data: null },
          message: 'length of prompt_tokens (70000) must be less than max_seq_len (65536).',
        },
      },
      'too_long',
    ],
    [
      'no balance',
      {
        status: 403,
        body: {
          code: 30_001,
          message: 'Sorry, your account balance is insufficient',
          data: null,
        },
      },
      'key',
    ],
    ['a wrong key', { status: 401, body: '"Invalid token"' }, 'key'],
    [
      'no such model',
      { status: 400, body: { code: 20_012, message: 'Model does not exist.', data: null } },
      'model',
    ],
    [
      'a wrong field',
      { status: 400, body: { code: 20_015, message: 'The parameter is invalid.', data: null } },
      'theirs',
    ],
    [
      'too many requests',
      {
        status: 429,
        body: { message: 'Request was rejected due to rate limiting.', data: null },
      },
      'limited',
    ],
  ],
};
