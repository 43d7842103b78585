import { geminiAnswer, geminiBeginning } from './gemini-answer.ts';
import { geminiRefusal } from './gemini-refusal.ts';
import { geminiRequest, omittedByGemini } from './gemini-request.ts';
import { geminiStream } from './gemini-stream.ts';
import type { ProviderOptions } from './http-upstream.ts';
import { httpUpstream } from './http-upstream.ts';
import type { OpenUpstream, UpstreamRequest } from './upstream.ts';
import type { Address } from './upstream-address.ts';

/** Google's Gemini API; its base URL ends before `/v1beta`. */
export function geminiUpstream(options: ProviderOptions): OpenUpstream {
  const headers = { 'x-goog-api-key': options.apiKey };
  const chat = {
    path: pathOf,
    headers,
    bodyOf: geminiRequest,
    omits: omittedByGemini,
    answerOf: (text: string) => geminiAnswer(text),
    beginningOf: geminiBeginning,
    stream: () => geminiStream(),
    refusalOf: geminiRefusal,
  };
  const path = '/v1beta/models?pageSize=1';
  return httpUpstream(options, { chat }, { path, headers, addressOf, refusalOf: geminiRefusal });
}

/** Our paths have a query of their own. */
const addressOf = ({ base, path, search }: Address): string =>
  `${base}${path}${path.includes('?') ? search.replace('?', '&') : search}`;

/** A model is a resource of its own; one without a collection in front is one of `models/`. */
function pathOf({ model, stream }: UpstreamRequest): string {
  const resource = (model.includes('/') ? model : `models/${model}`)
    .split('/')
    .map(encodeURIComponent)
    .join('/');
  return `/v1beta/${resource}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`;
}
