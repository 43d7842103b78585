import type { AnswerHead } from './endpoints/endpoint.ts';
import { isJson } from './json.ts';
import type { Json } from './upstream.ts';

/** Whoever speaks OpenAI's protocol less than fully leaves these out, or writes null where there is nothing. */
const neverNull = ['tool_calls', 'function_call', 'annotations', 'role'] as const;

/** Fills in what OpenAI's clients rely on in every body or chunk, in place; what is there stays. */
export function completeShape(answer: Json, { isChunk, created }: AnswerHead): void {
  answer.object ??= isChunk ? 'chat.completion.chunk' : 'chat.completion';
  answer.created ??= created;
  // A stream's is kept for its end, and completed there.
  if (!isChunk) answer.usage = completeUsage(answer.usage);
  if (!Array.isArray(answer.choices)) {
    answer.choices = [];
    return;
  }
  const complete = isChunk ? completeDelta : completeChoice;
  answer.choices.forEach((choice: unknown, index) => {
    if (isJson(choice)) complete(choice, index);
  });
}

function completeChoice(choice: Json, index: number): void {
  choice.index ??= index;
  choice.logprobs ??= null;
  const { message } = choice;
  if (!isJson(message)) return;
  withoutNulls(message, neverNull);
  message.role ??= 'assistant';
  message.content ??= null;
  message.refusal ??= null;
}

function completeDelta(choice: Json, index: number): void {
  choice.index ??= index;
  choice.finish_reason ??= null;
  choice.delta ??= {};
  if (isJson(choice.delta)) withoutNulls(choice.delta, neverNull);
}

function withoutNulls(json: Json, fields: readonly (keyof Json)[]): void {
  for (const field of fields) if (json[field] === null) json[field] = undefined;
}

/** A usage with its total, without details that say nothing, and with no other words for a cache than OpenAI's. */
export function completeUsage(usage: unknown): unknown {
  if (!isJson(usage)) return usage;
  const { prompt_tokens: prompt, completion_tokens: completion = 0, total_tokens: total } = usage;
  const { prompt_tokens_details: asked, completion_tokens_details: written } = usage;
  return {
    ...usage,
    completion_tokens: completion,
    total_tokens: total ?? Number(prompt) + Number(completion),
    prompt_tokens_details: withOpenAiWords(detailsOf(asked)),
    completion_tokens_details: detailsOf(written),
  };
}

/** Qwen has words of its own for what a cache took. */
function withOpenAiWords(details: Json | undefined): Json | undefined {
  if (!details) return undefined;
  const { cache_creation_input_tokens: created, ...others } = details;
  const { cache_creation: _, cache_type: __, ...rest } = others;
  return created === undefined ? rest : { cache_write_tokens: created, ...rest };
}

function detailsOf(details: unknown): Json | undefined {
  if (!isJson(details)) return undefined;
  return Object.fromEntries(Object.entries(details).filter(([, count]) => count !== null));
}
