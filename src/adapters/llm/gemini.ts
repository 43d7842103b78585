import { geminiAnswer, geminiBeginning } from './gemini-answer.ts';
import { geminiRefusal } from './gemini-refusal.ts';
import { geminiRequest } from './gemini-request.ts';
import { geminiStream } from './gemini-stream.ts';
import type { ProviderOptions } from './http-upstream.ts';
import { httpUpstream } from './http-upstream.ts';
import type { Upstream, UpstreamRequest } from './upstream.ts';

/** Google's Gemini API; its base URL ends before `/v1beta`. */
export const geminiUpstream = (options: ProviderOptions): Upstream & { close(): Promise<void> } =>
  httpUpstream(options, {
    chat: {
      path: pathOf,
      headers: { 'x-goog-api-key': options.apiKey },
      bodyOf: geminiRequest,
      answerOf: (text) => geminiAnswer(text),
      beginningOf: geminiBeginning,
      stream: () => geminiStream(),
      refusalOf: geminiRefusal,
    },
  });

/** A model is a resource of its own; one without a collection in front is one of `models/`. */
function pathOf({ model, stream }: UpstreamRequest): string {
  const resource = (model.includes('/') ? model : `models/${model}`)
    .split('/')
    .map(encodeURIComponent)
    .join('/');
  return `/v1beta/${resource}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`;
}
