import { openAiRefusals } from './openai.ts';
import { inLast, plain, plainUsage, whole } from './openai-answers.ts';
import type { ProviderCase } from './provider-case.ts';
import { bearer } from './provider-case.ts';

export const openAiLike: ProviderCase = {
  ...{ kind: 'openai_like', base: '/api', path: '/api/chat/completions' },
  ...{ probePath: '/api/models', keyHeader: bearer, limit: 'max_tokens', usage: plain },
  ...{ whole: whole(plainUsage), stream: inLast(plainUsage), refusals: openAiRefusals },
};
