import {
  chunk,
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

/** A request whose marks made a cache, which is beside what another one had. */
const marked = writing({
  text_tokens: 120,
  cache_creation: { ephemeral_5m_input_tokens: 100 },
  cache_creation_input_tokens: 100,
  cache_type: 'ephemeral',
});

export const qwen: ProviderCase = {
  ...{ kind: 'qwen', base: '/compatible-mode/v1', path: '/compatible-mode/v1/chat/completions' },
  probePath: '/compatible-mode/v1/models',
  ...{ keyHeader: bearer, limit: 'max_tokens', usage: writtenInClasses },
  whole: whole(marked, { reasoning_content: '想' }),
  stream: {
    events: [
      chunk({ role: 'assistant', content: null, reasoning_content: '想' }),
      ...said,
      ended,
      counted(marked),
      '[DONE]',
    ],
  },
  refusals: [
    [
      'an account in arrears',
      error(400, {
        ...{ code: 'Arrearage', type: 'Arrearage', param: null },
        message: 'Access denied, please make sure your account is in good standing.',
      }),
      'key',
    ],
    [
      'a wrong key',
      error(401, { code: 'invalid_api_key', message: 'Incorrect API key provided.' }),
      'key',
    ],
    [
      'no such model',
      error(404, { code: 'model_not_found', message: 'It does not exist.' }),
      'model',
    ],
    [
      'no such model, said with 400',
      error(400, { code: 'InvalidParameter', message: 'Model not exist.' }),
      'model',
    ],
    [
      'content that is inspected',
      error(400, {
        code: 'data_inspection_failed',
        message: 'Input data may contain inappropriate content.',
      }),
      'filtered',
    ],
    [
      'a context that is too long',
      error(400, {
        ...{ code: 'invalid_parameter_error', type: 'invalid_request_error', param: null },
        message:
          '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 98304]',
      }),
      'too_long',
    ],
    rateLimited('limit_requests'),
  ],
};
