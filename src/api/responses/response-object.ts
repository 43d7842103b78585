import { z } from 'zod';
import type { Json } from '../../adapters/llm/upstream.ts';
import { countsOf } from '../chat-usage.ts';
import type { ResponsesRequest, Tool } from './schemas.ts';

/** What a response is made of before any of it is answered. */
export interface ResponseHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly suffix: string;
  readonly withSeals: boolean;
  /** What it repeats of its request. */
  readonly echo: Json;
}

/** `callId` is a UUIDv7, whose first 48 bits are the moment, in milliseconds. */
export function headOf(callId: string, request: ResponsesRequest): ResponseHead {
  const suffix = callId.replaceAll('-', '');
  return {
    id: `resp_${suffix}`,
    createdAt: Math.floor(Number.parseInt(suffix.slice(0, 12), 16) / 1_000),
    suffix,
    withSeals: request.include?.includes('reasoning.encrypted_content') ?? false,
    echo: echoOf(request),
  };
}

/** What the request says, nothing where it says nothing. */
const told = {
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  prompt_cache_key: null,
  safety_identifier: null,
  temperature: null,
  tool_choice: 'auto',
  top_logprobs: 0,
  top_p: null,
  user: undefined,
} as const;

/** Nothing is kept, cut short or done later, whatever the request wishes. */
const done = {
  background: false,
  previous_response_id: null,
  store: false,
  truncation: 'disabled',
} as const;

function echoOf(request: ResponsesRequest): Json {
  const { model, text, reasoning, tools } = request;
  const wishes = Object.entries(told).map(([field, usual]) => [field, request[field] ?? usual]);
  return {
    model,
    ...Object.fromEntries(wishes),
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    text: { ...text, format: text?.format ?? { type: 'text' } },
    tools: (tools ?? []).map(toolShown),
    ...done,
  };
}

/** A function names all that it could, as OpenAI's clients expect. */
const toolShown = (tool: Tool): Json =>
  tool.type === 'function'
    ? { ...tool, strict: tool.strict ?? null, parameters: tool.parameters ?? null }
    : tool;

interface End {
  readonly status: 'completed' | 'incomplete';
  readonly incomplete_details: { readonly reason: string } | null;
}

const incomplete = new Map([
  ['length', 'max_output_tokens'],
  ['content_filter', 'content_filter'],
]);

/** How an answer ended, by its finish reason. */
export function endOf(finishReason: string | undefined): End {
  const reason = incomplete.get(finishReason ?? '');
  return reason === undefined
    ? { status: 'completed', incomplete_details: null }
    : { status: 'incomplete', incomplete_details: { reason } };
}

export interface ResponseState {
  readonly status: 'in_progress' | 'failed' | End['status'];
  readonly output: readonly Json[];
  readonly error?: { readonly code: string; readonly message: string };
  readonly incomplete_details?: End['incomplete_details'];
  /** A chat completion's, when the response is over. */
  readonly usage?: unknown;
  readonly serviceTier?: string | undefined;
}

/** A response, as it is at some moment. */
export function responseObject(
  { id, createdAt, echo }: ResponseHead,
  { status, output, error, incomplete_details: details, usage, serviceTier }: ResponseState,
): Json {
  return {
    id,
    object: 'response',
    created_at: createdAt,
    status,
    error: error ?? null,
    incomplete_details: details ?? null,
    ...echo,
    output,
    ...(serviceTier === undefined ? {} : { service_tier: serviceTier }),
    ...(status === 'completed' || status === 'incomplete' ? { usage: usageOf(usage) } : {}),
  };
}

/** What a call cost, for who asked. */
const Priced = z.object({ cost: z.string(), cost_currency: z.string() });

/** A chat completion's usage in the words of a response. */
export function usageOf(raw: unknown): Json {
  const { input, read, wrote, output, reasoning } = countsOf(raw);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: read, cache_write_tokens: wrote },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
    ...Priced.safeParse(raw).data,
  };
}
