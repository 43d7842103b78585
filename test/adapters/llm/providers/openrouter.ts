import {
  counted,
  ended,
  error,
  rateLimited,
  said,
  whole,
  writing,
  writtenInClasses,
} from './openai-answers.ts';
import type { ProviderCase } from './provider-case.ts';
import { bearer } from './provider-case.ts';

const usage = { ...writing({ cache_write_tokens: 100, audio_tokens: 0 }), cost: 0.00014 };

export const openrouter: ProviderCase = {
  ...{ kind: 'openrouter', base: '/api/v1', path: '/api/v1/chat/completions' },
  probePath: '/api/v1/key',
  ...{ keyHeader: bearer, limit: 'max_tokens', usage: writtenInClasses },
  whole: whole(usage, {}, { provider: 'Somebody' }),
  stream: {
    events: [': STILL AT IT', ...said, ended, counted(usage), '[DONE]'],
  },
  refusals: [
    [
      'a context that is too long, in the words of whoever it asked',
      error(400, {
        ...{ code: 400, message: 'Provider returned error' },
        metadata: {
          raw: '{"error":{"message":"This model\'s maximum context length is 262144 tokens.","code":400}}',
        },
      }),
      'too_long',
    ],
    [
      'input that must be moderated',
      error(403, {
        code: 403,
        message: 'The chosen model requires moderation and your input was flagged',
      }),
      'filtered',
    ],
    ['no credits', error(402, { code: 402, message: 'Insufficient credits.' }), 'key'],
    ['a wrong key', error(401, { code: 401, message: 'No auth credentials found' }), 'key'],
    ['no such model', error(400, { code: 400, message: 'm is not a valid model ID' }), 'model'],
    [
      'nobody who serves it',
      error(404, { code: 404, message: 'No endpoints found for m.' }),
      'model',
    ],
    [
      'input that is flagged',
      error(403, { code: 403, message: 'Flagged.', metadata: { reasons: ['x'] } }),
      'model',
    ],
    [
      'a provider that is down',
      error(502, { code: 502, message: 'Provider returned error' }),
      'busy',
    ],
    rateLimited('429'),
  ],
};
