import type { Family } from './tokenizer.ts';

/**
 * A JSON object of OpenAI's protocol, freshly parsed: whoever holds it may change it. Named are the
 * fields that something here looks at; none is checked.
 */
export interface Json {
  [field: string]: unknown;
  arguments?: unknown;
  audio?: unknown;
  choices?: unknown;
  content?: unknown;
  created?: unknown;
  custom?: unknown;
  delta?: unknown;
  error?: unknown;
  finish_reason?: unknown;
  function?: unknown;
  function_call?: unknown;
  id?: unknown;
  index?: unknown;
  input?: unknown;
  logprobs?: unknown;
  max_completion_tokens?: unknown;
  max_tokens?: unknown;
  message?: unknown;
  messages?: unknown;
  modalities?: unknown;
  model?: unknown;
  n?: unknown;
  name?: unknown;
  object?: unknown;
  reasoning?: unknown;
  reasoning_content?: unknown;
  prompt_cache_key?: unknown;
  refusal?: unknown;
  role?: unknown;
  service_tier?: unknown;
  stream?: unknown;
  stream_options?: unknown;
  text?: unknown;
  tool_calls?: unknown;
  tools?: unknown;
  type?: unknown;
  usage?: unknown;
  user?: unknown;
}

export interface UpstreamRequest {
  /** The upstream's own name of the model. */
  readonly model: string;
  /** What the member sent; the model, the output limit and the wish for usage are added here. */
  readonly body: Readonly<Json>;
  readonly stream: boolean;
  /** The body says some things in Anthropic's words, which OpenAI's protocol doesn't have. */
  readonly extended?: boolean;
  /** Output tokens of one choice that are paid for; sent with every request. */
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
  /** How this model counts its tokens. */
  family(model: string): Family;
  ask(request: UpstreamRequest): Promise<UpstreamAnswer>;
}
