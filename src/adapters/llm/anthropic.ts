import { anthropicAnswer, anthropicBeginning } from './anthropic-answer.ts';
import { anthropicRequest, omittedByAnthropic } from './anthropic-request.ts';
import { anthropicStream } from './anthropic-stream.ts';
import type { ProviderOptions } from './http-upstream.ts';
import { httpUpstream } from './http-upstream.ts';
import type { Refused } from './refusal.ts';
import { refusal } from './refusal.ts';
import type { OpenUpstream } from './upstream.ts';

const version = '2023-06-01';

/** Its names for what a chat calls otherwise. */
const names = { stop_sequences: 'stop', budget_tokens: null };

const refusalOf = (status: number, text: string, asked: Refused) =>
  refusal(status, text, { ...asked, names });

/** Any server that speaks Anthropic's Messages protocol; its base URL ends before `/v1`. */
export function anthropicUpstream(options: ProviderOptions): OpenUpstream {
  const headers = { 'x-api-key': options.apiKey, 'anthropic-version': version };
  const chat = {
    path: '/v1/messages',
    headers,
    bodyOf: anthropicRequest,
    omits: omittedByAnthropic,
    answerOf: anthropicAnswer,
    beginningOf: anthropicBeginning,
    stream: anthropicStream,
    refusalOf,
  };
  return httpUpstream(options, { chat }, { path: '/v1/models', headers, refusalOf });
}
