import type { Endpoint, Spelling } from './endpoints/endpoint.ts';
import { endpoints } from './endpoints/endpoints.ts';
import type { Protocol, ProviderOptions } from './http-upstream.ts';
import { httpUpstream } from './http-upstream.ts';
import { refusal } from './refusal.ts';
import { responsesProtocol } from './responses-protocol.ts';
import type { OpenUpstream } from './upstream.ts';
import type { Address } from './upstream-address.ts';

/**
 * OpenAI's own newer models refuse `max_tokens`; many compatible servers ignore `max_completion_tokens`,
 * and an ignored limit is an unpaid answer.
 */
export interface OpenAiOptions extends ProviderOptions, Spelling {
  /** The header that carries the key; `authorization` unless said. */
  readonly keyHeader?: 'authorization' | 'api-key';
  /** Where it isn't simply the path behind the base URL. */
  readonly addressOf?: (address: Address) => string;
  /** What answers to a GET and costs nothing; the list of models unless said. */
  readonly probePath?: string;
  /** It speaks Responses itself. */
  readonly responses?: boolean;
}

/** Any server that speaks OpenAI's protocol. */
export function openAiUpstream(options: OpenAiOptions): OpenUpstream {
  const headers = keyHeaders(options);
  const protocols = Object.entries(endpoints).map(([name, endpoint]) => [
    name,
    protocolOf(endpoint, options, headers),
  ]);
  return httpUpstream(options, Object.fromEntries(protocols), {
    path: options.probePath ?? '/models',
    ...{ headers, refusalOf: refusal, addressOf: options.addressOf },
  });
}

type Headers = Protocol['headers'];

function keyHeaders({ apiKey, keyHeader }: OpenAiOptions): Headers {
  // Servers of one's own often want none.
  if (apiKey === '') return {};
  return keyHeader === 'api-key' ? { 'api-key': apiKey } : { authorization: `Bearer ${apiKey}` };
}

const protocolOf = (endpoint: Endpoint, options: OpenAiOptions, headers: Headers): Protocol => ({
  path: endpoint.path,
  headers,
  bodyOf: (request) => endpoint.bodyOf(request, options),
  answerOf: endpoint.answerOf,
  beginningOf: (text) => text,
  stream: endpoint.stream,
  streamsBytes: endpoint.streamsBytes,
  ...(endpoint.asEvent === null ? {} : { asEvent: endpoint.asEvent }),
  refusalOf: refusal,
  native:
    endpoint.path === '/chat/completions' && options.responses
      ? responsesProtocol(headers)
      : undefined,
});
