import { apart, detailed, error, inClasses, rateLimited, whole } from './openai-answers.ts';
import type { ProviderCase } from './provider-case.ts';
import { bearer } from './provider-case.ts';

export const doubao: ProviderCase = {
  ...{ kind: 'doubao', base: '/api/v3', path: '/api/v3/chat/completions' },
  probePath: '/api/v3/models',
  ...{ keyHeader: bearer, limit: 'max_completion_tokens', usage: inClasses },
  ...{ whole: whole(detailed, { reasoning_content: '想' }), stream: apart(detailed) },
  refusals: [
    [
      'a context that is too long',
      error(400, {
        ...{ code: 'OutofContextError', type: 'BadRequest' },
        message: 'Total tokens of image and text exceed max message tokens.',
      }),
      'too_long',
    ],
    [
      'a balance that is overdue',
      error(403, {
        code: 'AccountOverdueError',
        type: 'Forbidden',
        message: 'It has an overdue balance.',
      }),
      'key',
    ],
    ['a wrong key', error(401, { code: 'AuthenticationError', message: 'It is invalid.' }), 'key'],
    [
      'no such endpoint',
      error(404, { code: 'InvalidEndpointOrModel.NotFound', message: 'It does not exist.' }),
      'model',
    ],
    [
      'an endpoint that is closed',
      error(400, { code: 'InvalidEndpoint.ClosedEndpoint', message: 'It is closed.' }),
      'model',
    ],
    [
      'content that is sensitive',
      error(400, {
        code: 'SensitiveContentDetected',
        message: 'The input may contain sensitive information.',
      }),
      'filtered',
    ],
    rateLimited('RateLimitExceeded.EndpointTPMExceeded'),
  ],
};
