import type { EndpointName } from './endpoints/endpoint.ts';
import type { Family } from './tokenizer.ts';

/**
 * A JSON object of OpenAI's protocol, freshly parsed: whoever holds it may change it. Named are the
 * fields that something here looks at; none is checked.
 */
export interface Json {
  [field: string]: unknown;
  arguments?: unknown;
  audio?: unknown;
  b64_json?: unknown;
  best_of?: unknown;
  bytes?: unknown;
  choices?: unknown;
  code?: unknown;
  completion_tokens?: unknown;
  completion_tokens_details?: unknown;
  content?: unknown;
  created?: unknown;
  custom?: unknown;
  data?: unknown;
  delta?: unknown;
  details?: unknown;
  dimensions?: unknown;
  duration?: unknown;
  encoding_format?: unknown;
  error?: unknown;
  finish_reason?: unknown;
  form?: unknown;
  function?: unknown;
  function_call?: unknown;
  id?: unknown;
  index?: unknown;
  input?: unknown;
  input_audio?: unknown;
  item?: unknown;
  logprobs?: unknown;
  max_completion_tokens?: unknown;
  max_tokens?: unknown;
  message?: unknown;
  messages?: unknown;
  modalities?: unknown;
  model?: unknown;
  n?: unknown;
  name?: unknown;
  /** What an upstream that speaks Responses said itself. */
  native?: unknown;
  object?: unknown;
  output?: unknown;
  output_format?: unknown;
  prompt?: unknown;
  prompt_cache_key?: unknown;
  prompt_tokens?: unknown;
  reason?: unknown;
  reasoning?: unknown;
  reasoning_content?: unknown;
  reasoning_details?: unknown;
  reasoning_tokens?: unknown;
  refusal?: unknown;
  response_format?: unknown;
  results?: unknown;
  response?: unknown;
  role?: unknown;
  service_tier?: unknown;
  status?: unknown;
  stream?: unknown;
  stream_format?: unknown;
  stream_options?: unknown;
  text?: unknown;
  tool_calls?: unknown;
  tools?: unknown;
  total_tokens?: unknown;
  transcript?: unknown;
  type?: unknown;
  url?: unknown;
  usage?: unknown;
  user?: unknown;
}

export interface UpstreamRequest {
  readonly endpoint: EndpointName;
  /** The upstream's own name of the model. */
  readonly model: string;
  /** What the member sent; the model, the output limit and the wish for usage are added here. */
  readonly body: Readonly<Json>;
  readonly stream: boolean;
  /** The same request as one of Responses, for who speaks that. */
  readonly native?: Readonly<Json> | undefined;
  /** The body says some things in Anthropic's words, which OpenAI's protocol doesn't have. */
  readonly extended?: boolean;
  /** Output tokens of one choice that are paid for; sent with every request that can say so. */
  readonly maxOutput: number;
  readonly signal: AbortSignal;
}

/** An upstream that has begun to answer: its headers are here. */
export type UpstreamAnswer =
  | {
      readonly stream: false;
      body(): Promise<Json>;
      /** As much of the body's text as has come so far. */
      partial(): string;
    }
  | {
      readonly stream: true;
      /**
       * The chunks, in batches as they came off the wire; it ends only after a whole answer.
       * Nobody reading it costs the upstream no patience.
       */
      readonly chunks: AsyncIterable<readonly Json[]>;
    };

/** One provider endpoint; every failure is a `CallFault`. */
export interface Upstream {
  /** What routes call it. */
  readonly id: string;
  /** Whether it may be asked this; it is no candidate for anything else. */
  serves(endpoint: EndpointName): boolean;
  /** How this model counts its tokens. */
  family(model: string): Family;
  /** Fields of a request that are left out when it is asked, for want of a word; none unless said. */
  omits?(endpoint: EndpointName, body: Readonly<Json>): readonly string[];
  ask(request: UpstreamRequest): Promise<UpstreamAnswer>;
}

/** An upstream with connections of its own. */
export interface OpenUpstream extends Upstream {
  /** Asks what costs nothing; rejects while it would not answer a call either. */
  probe(signal: AbortSignal): Promise<void>;
  /** Takes no new call; resolves when those in flight have their answers. */
  finish(): Promise<void>;
  /** Ends what is in flight, too. */
  close(): Promise<void>;
}
