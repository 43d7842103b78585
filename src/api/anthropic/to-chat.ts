import { Buffer } from 'node:buffer';
import type { NameOf } from '../../adapters/llm/field-names.ts';
import type { Json } from '../../adapters/llm/upstream.ts';
import { ApiError } from '../errors.ts';
import { from, fromThat, originOf, pathOf, renamedField } from '../origin.ts';
import { written } from '../written.ts';
import type { Block, CountRequest, MessagesRequest } from './schemas.ts';
import { MessagesRequest as Known } from './schemas.ts';

const known = new Set(Object.keys(Known.shape));

/** Left out: an answer without them is as good, and costs no more. */
const hints = new Set([
  'service_tier',
  'context_management',
  'diagnostics',
  'user_profile_id',
  'workspace_id',
]);

/**
 * Anthropic's request as a chat request of OpenAI's. What that has no word for keeps Anthropic's own
 * (`thinking`, `output_config`, `top_k`, `cache_control`, a thought's signature), so that the call is `extended`.
 */
export function chatOf(request: CountRequest & Partial<MessagesRequest>): Json {
  refuseUnknown(request);
  const { model, messages, system, tools, tool_choice: choice, thinking } = request;
  locate(system ?? [], 'system');
  const { output_config: output, metadata } = request;
  const { format, effort } = output ?? {};
  return written({
    model,
    messages: [
      ...(system ? [from('system', { role: 'system', content: textOf(system) })] : []),
      ...messages.flatMap(({ role, content }, index) => turnsOf(role, content, index)),
    ],
    tools: tools?.length
      ? tools.map((tool, index) => from(`tools[${index}]`, toolOf(tool)))
      : undefined,
    ...(choice ? choiceOf(choice) : {}),
    stream: request.stream,
    max_tokens: request.max_tokens,
    stop: request.stop_sequences?.length ? request.stop_sequences : undefined,
    temperature: request.temperature,
    top_p: request.top_p,
    top_k: request.top_k,
    user: metadata?.user_id,
    thinking,
    output_config: effort ? { effort } : undefined,
    response_format: format && {
      type: 'json_schema',
      json_schema: { name: 'answer', strict: true, schema: format.schema },
    },
    cache_control: request.cache_control,
  });
}

/** Fields of a chat by their names here. */
const names: Readonly<Record<string, string>> = {
  max_completion_tokens: 'max_tokens',
  messages: 'messages',
  parallel_tool_calls: 'tool_choice.disable_parallel_tool_use',
  // The one or the other has it told to a model that knows it by this name.
  reasoning_effort: 'thinking',
  response_format: 'output_config.format',
  stop: 'stop_sequences',
  user: 'metadata.user_id',
};

/** What a path into such a chat is called in the request that it was made of. */
export const namesIn =
  (chat: Json): NameOf =>
  (path) =>
    originOf(chat, path) ?? renamedField(names, path) ?? path;

function refuseUnknown(request: Readonly<Record<string, unknown>>): void {
  for (const [field, value] of Object.entries(request)) {
    if (known.has(field) || hints.has(field) || value === null) continue;
    throw unsupported(field);
  }
}

const unsupported = (param: string) =>
  new ApiError('invalid_request', { param, why: 'unsupported_field', values: { param } });

type Blocks = readonly Block[];
type Of<Type extends Block['type']> = Extract<Block, { type: Type }>;

const all = <Type extends Block['type']>(blocks: Blocks, type: Type): readonly Of<Type>[] =>
  blocks.filter((block): block is Of<Type> => block.type === type);

/** From now on it is known of these blocks where they are. */
function locate(blocks: Blocks, path: string): void {
  blocks.forEach((block, index) => {
    from(`${path}[${index}]`, block);
    if (block.type === 'tool_result') locate(block.content ?? [], `${path}[${index}].content`);
  });
}

function turnsOf(role: Role, blocks: Blocks, index: number): readonly Json[] {
  const path = `messages[${index}]`;
  locate(blocks, `${path}.content`);
  return turns[role](blocks).map((turn) =>
    pathOf(turn) === undefined ? from(path, turn, { content: `${path}.content` }) : turn,
  );
}

type Role = MessagesRequest['messages'][number]['role'];

/** What one turn becomes: results of tools are messages of their own, and come first. */
const turns: Readonly<Record<Role, (blocks: Blocks) => readonly Json[]>> = {
  system: (blocks) => [{ role: 'system', content: textOf(all(blocks, 'text')) }],
  user: (blocks) => {
    const results = all(blocks, 'tool_result');
    // OpenAI's tools answer in text, so what they show stands behind it.
    const shown = results.flatMap(({ content = [] }) =>
      content.filter((block) => block.type !== 'text'),
    );
    const said = blocks.filter(isShown);
    const parts = partsOf([...shown, ...said]);
    return [...results.map(resultOf), ...(parts ? [{ role: 'user', content: parts }] : [])];
  },
  assistant: (blocks) => [
    written({
      role: 'assistant',
      ...thoughtsOf(blocks),
      content: partsOf(all(blocks, 'text')) ?? '',
      tool_calls: callsOf(all(blocks, 'tool_use')),
    }),
  ],
};

type Shown = Of<'text' | 'image' | 'document'>;
const isShown = (block: Block): block is Shown =>
  block.type === 'text' || block.type === 'image' || block.type === 'document';

const textOf = (blocks: readonly Of<'text'>[]): unknown => partsOf(blocks) ?? '';

/** One plain text is said as such; undefined: nothing is said. */
function partsOf(blocks: readonly Shown[]): unknown {
  const [first, ...more] = blocks;
  if (!first) return undefined;
  if (more.length === 0 && first.type === 'text' && !first.cache_control) return first.text;
  return blocks.flatMap((block) => shownOf(block).map((part) => fromThat(block, part)));
}

/** What is said of a document stands before it. */
function shownOf(block: Shown): readonly Json[] {
  if (block.type !== 'document') return [partOf(block)];
  const { context } = block;
  return [...(context ? [{ type: 'text', text: context }] : []), fileOf(block)];
}

function partOf(block: Of<'text' | 'image'>): Json {
  if (block.type === 'image') {
    const { source, cache_control: cache } = block;
    const url =
      source.type === 'url' ? source.url : `data:${source.media_type};base64,${source.data}`;
    return written({ type: 'image_url', image_url: { url }, cache_control: cache });
  }
  const { text, cache_control: cache } = block;
  return written({ type: 'text', text, cache_control: cache });
}

function fileOf({ source, title, cache_control: cache }: Of<'document'>): Json {
  const address = `data:${typeOf[source.type]};base64,${base64Of(source)}`;
  const file = written({ filename: title, file_data: address });
  return written({ type: 'file', file, cache_control: cache });
}

type Source = Of<'document'>['source'];
const typeOf: Readonly<Record<Source['type'], string>> = {
  base64: 'application/pdf',
  text: 'text/plain',
  content: 'text/plain',
};

function base64Of(source: Source): string {
  if (source.type === 'base64') return source.data;
  const text =
    source.type === 'text' ? source.data : source.content.map(({ text }) => text).join('\n\n');
  return Buffer.from(text).toString('base64');
}

function resultOf(block: Of<'tool_result'>): Json {
  const { tool_use_id: id, content, is_error: isError, cache_control: cache } = block;
  const result = written({
    role: 'tool',
    tool_call_id: id,
    content: textOf(all(content ?? [], 'text')),
    is_error: isError || undefined,
    cache_control: cache,
  });
  return fromThat(block, result);
}

const callsOf = (blocks: readonly Of<'tool_use'>[]): readonly Json[] | undefined =>
  blocks.length === 0 ? undefined : blocks.map((block) => fromThat(block, callOf(block)));

const callOf = ({ id, name, input }: Of<'tool_use'>): Json => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
});

/** Signed thoughts go back with their signature, others as the plain text that they are. */
function thoughtsOf(blocks: Blocks): Json {
  const details = blocks.flatMap((block): readonly Json[] => {
    if (block.type === 'redacted_thinking')
      return [{ type: 'reasoning.encrypted', data: block.data }];
    if (block.type !== 'thinking' || !block.signature) return [];
    return [{ type: 'reasoning.text', text: block.thinking, signature: block.signature }];
  });
  const plain = all(blocks, 'thinking').filter(({ signature }) => !signature);
  return {
    reasoning_content: plain.map(({ thinking }) => thinking).join('') || undefined,
    reasoning_details: details.length > 0 ? details : undefined,
  };
}

const toolOf = ({
  name,
  description,
  input_schema: parameters,
  strict,
  cache_control: cache,
}: NonNullable<CountRequest['tools']>[number]): Json =>
  written({
    type: 'function',
    function: written({ name, description, parameters, strict }),
    cache_control: cache,
  });

function choiceOf(choice: NonNullable<CountRequest['tool_choice']>): Json {
  const parallel =
    'disable_parallel_tool_use' in choice && choice.disable_parallel_tool_use
      ? { parallel_tool_calls: false }
      : {};
  switch (choice.type) {
    case 'auto':
    case 'none':
      return { tool_choice: choice.type, ...parallel };
    case 'any':
      return { tool_choice: 'required', ...parallel };
    case 'tool':
      return {
        tool_choice: { type: 'function', function: { name: choice.name } },
        ...parallel,
      };
  }
}
