import { apart, whole } from './openai-answers.ts';
import type { ProviderCase } from './provider-case.ts';
import { bearer } from './provider-case.ts';

// What it thought is beside the completion, and in the total.
const usage = {
  ...{ prompt_tokens: 20, completion_tokens: 9, total_tokens: 123, num_sources_used: 0 },
  completion_tokens_details: { reasoning_tokens: 94 },
};

export const grok: ProviderCase = {
  ...{ kind: 'grok', base: '/v1', path: '/v1/chat/completions', probePath: '/v1/models' },
  ...{ keyHeader: bearer, limit: 'max_completion_tokens' },
  usage: { input: 20, cachedInput: 0, output: 9, reasoning: 94 },
  ...{ whole: whole(usage, { reasoning_content: 'Hm.' }), stream: apart(usage) },
  refusals: [
    [
      'a context that is too long',
      {
        status: 400,
        body: {
          code: 'Client specified an invalid argument',
          error: 'The maximum prompt length is 131072 but the request contains 537812 tokens.',
        },
      },
      'too_long',
    ],
    [
      'a wrong key, said with 400',
      {
        status: 400,
        body: {
          code: 'Client specified an invalid argument',
          error: 'Incorrect API key provided: xa***xx.',
        },
      },
      'key',
    ],
    [
      'no credits',
      {
        status: 429,
        body: {
          code: 'resource-exhausted',
          error:
            'Your team has either used all available credits or reached its monthly spending limit.',
        },
      },
      'key',
    ],
    [
      'no such model',
      { status: 404, body: { code: 'not-found', error: 'The model m does not exist.' } },
      'model',
    ],
    [
      'content that another may answer',
      {
        status: 403,
        body: { code: 'permission-denied', error: 'Content violates usage guidelines.' },
      },
      'filtered',
    ],
    [
      'a wrong field',
      { status: 422, body: { code: 'invalid', error: 'It is invalid.' } },
      'theirs',
    ],
  ],
};
