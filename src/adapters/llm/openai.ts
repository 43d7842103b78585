import type { Endpoint, Spelling } from './endpoints/endpoint.ts';
import { endpoints } from './endpoints/endpoints.ts';
import type { Protocol, ProviderOptions } from './http-upstream.ts';
import { httpUpstream } from './http-upstream.ts';
import { refusal } from './refusal.ts';
import type { Upstream } from './upstream.ts';

/**
 * OpenAI's own newer models refuse `max_tokens`; many compatible servers ignore `max_completion_tokens`,
 * and an ignored limit is an unpaid answer.
 */
export interface OpenAiOptions extends ProviderOptions, Spelling {}

/** Any server that speaks OpenAI's protocol. */
export function openAiUpstream(options: OpenAiOptions): Upstream & { close(): Promise<void> } {
  const protocols = Object.entries(endpoints).map(([name, endpoint]) => [
    name,
    protocolOf(endpoint, options),
  ]);
  return httpUpstream(options, Object.fromEntries(protocols));
}

const protocolOf = (endpoint: Endpoint, options: OpenAiOptions): Protocol => ({
  path: endpoint.path,
  headers: { authorization: `Bearer ${options.apiKey}` },
  bodyOf: (request) => endpoint.bodyOf(request, options),
  answerOf: endpoint.answerOf,
  beginningOf: (text) => text,
  stream: endpoint.stream,
  streamsBytes: endpoint.streamsBytes,
  refusalOf: refusal,
});
