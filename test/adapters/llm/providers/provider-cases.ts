import { azure } from './azure.ts';
import { azureV1 } from './azure-v1.ts';
import { bigmodel } from './bigmodel.ts';
import { claude } from './claude.ts';
import { deepseek } from './deepseek.ts';
import { doubao } from './doubao.ts';
import { gemini } from './gemini.ts';
import { grok } from './grok.ts';
import { openAi } from './openai.ts';
import { openAiLike } from './openai-like.ts';
import { openrouter } from './openrouter.ts';
import type { ProviderCase } from './provider-case.ts';
import { qwen } from './qwen.ts';
import { siliconflow } from './siliconflow.ts';

/** Every provider as it documents itself. */
export const providerCases: readonly ProviderCase[] = [
  openAi,
  openAiLike,
  azure,
  azureV1,
  claude,
  qwen,
  doubao,
  bigmodel,
  grok,
  gemini,
  openrouter,
  siliconflow,
  deepseek,
];
