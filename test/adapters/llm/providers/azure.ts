import {
  counted,
  detailed,
  ended,
  error,
  head,
  inClasses,
  rateLimited,
  said,
  whole,
} from './openai-answers.ts';
import type { ProviderCase } from './provider-case.ts';
import { key } from './provider-case.ts';

/** Azure with an API version of its own, where a model is a deployment of its path. */
export const azure: ProviderCase = {
  ...{ kind: 'azure', base: '?api-version=2025-01-01-preview' },
  path: '/openai/deployments/m/chat/completions?api-version=2025-01-01-preview',
  probePath: '/openai/models?api-version=2025-01-01-preview',
  ...{ keyHeader: ['api-key', key], limit: 'max_completion_tokens', usage: inClasses },
  whole: whole(detailed, {}, { prompt_filter_results: [{ prompt_index: 0 }] }),
  stream: {
    events: [
      { ...head, model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] },
      ...said,
      ended,
      counted(detailed),
      '[DONE]',
    ],
  },
  refusals: [
    [
      'no such deployment',
      error(404, {
        code: 'DeploymentNotFound',
        message: 'The API deployment for this resource does not exist.',
      }),
      'model',
    ],
    [
      'a deployment that can’t chat',
      error(400, {
        code: 'OperationNotSupported',
        message: 'It does not work with the specified model.',
      }),
      'model',
    ],
    [
      'a wrong key',
      error(401, { code: '401', message: 'Access denied due to invalid subscription key.' }),
      'key',
    ],
    [
      'a prompt that is filtered',
      error(400, {
        ...{
          code: 'content_filter',
          param: 'prompt',
          message: 'Filtered by Azure OpenAI’s policy.',
        },
        innererror: { code: 'ResponsibleAIPolicyViolation' },
      }),
      'filtered',
    ],
    rateLimited('429'),
  ],
};
