import type { NameOf } from '../../adapters/llm/field-names.ts';
import type { Json } from '../../adapters/llm/upstream.ts';
import { from, originOf, renamedField } from '../origin.ts';
import { written } from '../written.ts';
import { nativeNames } from './native-request.ts';
import { isRefused, refusal, refuseFields } from './refused-fields.ts';
import type { ResponsesRequest } from './schemas.ts';
import { ResponsesRequest as Known } from './schemas.ts';
import { toolChoiceOf, toolsOf } from './tools.ts';
import { turnsOf } from './turns.ts';

/** A request as a chat request. */
export interface Asked {
  readonly body: Json;
  /** Some of its thoughts are in Anthropic's words. */
  readonly extended: boolean;
  /** What a path into the body is called in the request; undefined: nothing in it is. */
  readonly nameOf: NameOf;
}

const known = new Set(Object.keys(Known.shape));

/** Says in a chat request all that one of Responses says, or refuses by name what that can't say. */
export function chatOf(request: ResponsesRequest): Asked {
  refuseFields(request);
  refuseModes(request);
  const messages = [...instructionsOf(request), ...turnsOf(request.input)];
  const body = { ...unknownIn(request), ...wishesOf(request), messages };
  const nativeName = nativeNames(request);
  return {
    body,
    extended: messages.some((message) => 'reasoning_details' in message),
    nameOf: (path) => originOf(body, path) ?? renamedField(names, path) ?? nativeName(path),
  };
}

const instructionsOf = ({ instructions }: ResponsesRequest): readonly Json[] =>
  instructions ? [from('instructions', { role: 'system', content: instructions })] : [];

/** Harder thinking than a model does by itself has no word, and no bound, in a chat request. */
function refuseModes({ reasoning }: ResponsesRequest): void {
  const { mode } = reasoning ?? {};
  if (mode && mode !== 'standard') throw refusal('reasoning.mode', 'unsupported_field');
}

function unknownIn(request: ResponsesRequest): Json {
  const unknown = Object.entries(request).filter(
    ([field]) => !(known.has(field) || isRefused(field)),
  );
  return written(Object.fromEntries(unknown));
}

function wishesOf(request: ResponsesRequest): Json {
  const { text, reasoning, include, top_logprobs: top } = request;
  const tools = toolsOf(request.tools);
  const hasLogprobs = top || include?.includes('message.output_text.logprobs');
  return written({
    model: request.model,
    stream: request.stream,
    max_completion_tokens: request.max_output_tokens,
    temperature: request.temperature,
    top_p: request.top_p,
    ...(hasLogprobs ? { logprobs: true, top_logprobs: top ?? 0 } : {}),
    tools,
    tool_choice: tools && toolChoiceOf(request.tool_choice),
    parallel_tool_calls: tools && request.parallel_tool_calls,
    response_format: formatOf(text?.format),
    verbosity: text?.verbosity,
    reasoning_effort: reasoning?.effort,
    prompt_cache_key: request.prompt_cache_key,
    prompt_cache_retention: request.prompt_cache_retention,
    safety_identifier: request.safety_identifier,
    user: request.user,
    service_tier: request.service_tier,
  });
}

type Format = NonNullable<NonNullable<ResponsesRequest['text']>['format']>;

function formatOf(format: Format | null | undefined): Json | undefined {
  if (!format || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json_object' };
  const { type, name, description, schema, strict } = format;
  return { type, json_schema: written({ name, description, schema, strict }) };
}

/** Fields of a chat by their names here. */
const names: Readonly<Record<string, string>> = {
  messages: 'input',
  max_tokens: 'max_output_tokens',
  max_completion_tokens: 'max_output_tokens',
  response_format: 'text.format',
  reasoning_effort: 'reasoning.effort',
  verbosity: 'text.verbosity',
};
