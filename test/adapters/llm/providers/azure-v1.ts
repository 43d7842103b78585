import { apart, detailed, inClasses, whole } from './openai-answers.ts';
import type { ProviderCase } from './provider-case.ts';
import { key } from './provider-case.ts';

/** Azure as it speaks OpenAI’s own protocol. */
export const azureV1: ProviderCase = {
  ...{ kind: 'azure', base: '/openai/v1', path: '/openai/v1/chat/completions' },
  probePath: '/openai/v1/models',
  ...{ keyHeader: ['api-key', key], limit: 'max_completion_tokens', usage: inClasses },
  ...{ whole: whole(detailed), stream: apart(detailed), refusals: [] },
};
