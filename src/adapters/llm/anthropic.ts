import { anthropicAnswer, anthropicBeginning } from './anthropic-answer.ts';
import { anthropicRequest } from './anthropic-request.ts';
import { anthropicStream } from './anthropic-stream.ts';
import type { CallFault } from './call-fault.ts';
import { broken } from './chat-stream.ts';
import type { ProviderOptions } from './http-upstream.ts';
import { httpUpstream } from './http-upstream.ts';
import type { Refused } from './refusal.ts';
import { refusal } from './refusal.ts';
import type { Upstream } from './upstream.ts';

const version = '2023-06-01';

/** Any server that speaks Anthropic's Messages protocol; its base URL ends before `/v1`. */
export const anthropicUpstream = (
  options: ProviderOptions,
): Upstream & { close(): Promise<void> } =>
  httpUpstream(options, {
    chat: {
      path: '/v1/messages',
      headers: { 'x-api-key': options.apiKey, 'anthropic-version': version },
      bodyOf: anthropicRequest,
      answerOf: anthropicAnswer,
      beginningOf: anthropicBeginning,
      stream: anthropicStream,
      refusalOf,
    },
  });

/** An account without credit is answered 400 here, which is no fault of the request's. */
const unpaid = /credit balance|usage limit|billing|purchase credits/i;

function refusalOf(status: number, text: string, asked: Refused): CallFault {
  if (status === 400 && unpaid.test(text)) {
    return broken('The upstream failed.', new Error('The upstream wants to be paid.'));
  }
  return refusal(status, text, asked);
}
