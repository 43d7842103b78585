import type { UpstreamKind } from '../../domain/upstream/events.ts';
import { anthropicUpstream } from './anthropic.ts';
import { geminiUpstream } from './gemini.ts';
import type { ProviderOptions } from './http-upstream.ts';
import type { OpenAiOptions } from './openai.ts';
import { openAiUpstream } from './openai.ts';
import type { OpenUpstream } from './upstream.ts';
import { azureAddressOf } from './upstream-address.ts';

/** What is different from provider to provider; what they refuse with is in `operators-fault.ts`. */
export interface Kind {
  /** Undefined: there is none that would be right for everybody. */
  readonly baseUrl: string | undefined;
  /** Opens a line to such a server, with one key. */
  readonly open: (options: ProviderOptions) => OpenUpstream;
}

const likeOpenAi = (
  baseUrl: string | undefined,
  habits: Omit<OpenAiOptions, keyof ProviderOptions>,
): Kind => ({ baseUrl, open: (options) => openAiUpstream({ ...options, ...habits }) });

/** Its limit counts what a model thinks, too: where both are known, the other one leaves that out. */
const newer = { outputLimit: 'max_completion_tokens' } as const;
const older = { outputLimit: 'max_tokens' } as const;

/** Every kind of upstream. A kind that gets a protocol of its own changes its `open`, and nothing else. */
export const upstreamKinds: Readonly<Record<UpstreamKind, Kind>> = {
  openai: likeOpenAi('https://api.openai.com/v1', { ...newer, responses: true }),
  claude: { baseUrl: 'https://api.anthropic.com', open: anthropicUpstream },
  qwen: likeOpenAi('https://dashscope.aliyuncs.com/compatible-mode/v1', {
    ...{ ...older, soundsAs: 'data_url' },
  }),
  doubao: likeOpenAi('https://ark.cn-beijing.volces.com/api/v3', newer),
  bigmodel: likeOpenAi('https://open.bigmodel.cn/api/paas/v4', older),
  grok: likeOpenAi('https://api.x.ai/v1', newer),
  gemini: { baseUrl: 'https://generativelanguage.googleapis.com', open: geminiUpstream },
  // Everybody may read its list of models; who asks for a key's own facts must have one.
  openrouter: likeOpenAi('https://openrouter.ai/api/v1', {
    ...{ ...older, probePath: '/key', filesReadBy: 'model' },
  }),
  siliconflow: likeOpenAi('https://api.siliconflow.cn/v1', older),
  deepseek: likeOpenAi('https://api.deepseek.com/v1', older),
  // Google's own are among them.
  openai_like: likeOpenAi(undefined, { ...older, signaturesAs: 'google' }),
  azure: likeOpenAi(undefined, { ...newer, keyHeader: 'api-key', addressOf: azureAddressOf }),
};
