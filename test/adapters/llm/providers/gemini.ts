import { error } from './openai-answers.ts';
import type { ProviderCase } from './provider-case.ts';
import { key, text } from './provider-case.ts';

const usageMetadata = {
  ...{ promptTokenCount: 20, cachedContentTokenCount: 8 },
  ...{ candidatesTokenCount: 9, thoughtsTokenCount: 31, totalTokenCount: 60 },
};
const generated = (words: string, finishReason?: string) => ({
  ...{ index: 0, content: { role: 'model', parts: [{ text: words }] }, finishReason },
});

export const gemini: ProviderCase = {
  ...{ kind: 'gemini', base: '', probePath: '/v1beta/models?pageSize=1' },
  path: '/v1beta/models/m:streamGenerateContent?alt=sse',
  ...{ keyHeader: ['x-goog-api-key', key], limit: 'maxOutputTokens' },
  usage: { input: 12, cachedInput: 8, output: 9, reasoning: 31 },
  whole: { body: { candidates: [generated(text, 'STOP')], usageMetadata } },
  stream: {
    events: [
      { candidates: [generated('你好')], usageMetadata: { promptTokenCount: 20 } },
      { candidates: [generated(', world', 'STOP')], usageMetadata },
    ],
  },
  refusals: [
    [
      'a context that is too long',
      {
        status: 400,
        body: {
          error: {
            ...{ code: 400, status: 'INVALID_ARGUMENT' },
            message:
              'The input token count (1300000) exceeds the maximum number of tokens allowed (1048575).',
          },
        },
      },
      'too_long',
    ],
    [
      'a wrong key, in a list',
      {
        status: 400,
        body: [
          {
            error: {
              ...{ code: 400, status: 'INVALID_ARGUMENT', message: 'API key not valid.' },
              details: [{ reason: 'API_KEY_INVALID' }],
            },
          },
        ],
      },
      'key',
    ],
    [
      'a place it doesn’t serve',
      error(400, { code: 400, status: 'FAILED_PRECONDITION', message: 'Not here.' }),
      'key',
    ],
    [
      'no such model',
      error(404, {
        code: 404,
        status: 'NOT_FOUND',
        message: 'models/m is not found for API version v1main.',
      }),
      'model',
    ],
    [
      'too many requests',
      error(429, { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Slow down.' }),
      'limited',
    ],
  ],
};
