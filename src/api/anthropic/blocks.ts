import type { Json } from '../../adapters/llm/upstream.ts';

/** One event of a stream of Anthropic's. */
export interface AnthropicEvent extends Json {
  readonly type: string;
}

type Events = readonly AnthropicEvent[];

/** Writes blocks one behind the other: whoever begins one ends the one before. */
export interface Blocks {
  text(text: string): Events;
  thinking(text: string): Events;
  /** Ends the thought that it signs. */
  signature(signature: string): Events;
  redacted(data: string): Events;
  tool(start: { readonly id: string; readonly name: string }): Events;
  /** More of the arguments of the tool that began last. */
  json(text: string): Events;
  end(): Events;
}

export function blocks(): Blocks {
  let index = -1;
  let open: 'text' | 'thinking' | 'tool' | undefined;

  const end = (): Events => {
    if (!open) return [];
    open = undefined;
    return [{ type: 'content_block_stop', index }];
  };
  const begin = (kind: typeof open, block: Json): Events => {
    const before = end();
    index += 1;
    open = kind;
    return [...before, { type: 'content_block_start', index, content_block: block }];
  };
  const delta = (said: Json): Events => [{ type: 'content_block_delta', index, delta: said }];
  const inThought = (said: Json): Events => [
    ...(open === 'thinking'
      ? []
      : begin('thinking', { type: 'thinking', thinking: '', signature: '' })),
    ...delta(said),
  ];

  return {
    end,
    text: (text) => [
      ...(open === 'text' ? [] : begin('text', { type: 'text', text: '' })),
      ...delta({ type: 'text_delta', text }),
    ],
    thinking: (thinking) => inThought({ type: 'thinking_delta', thinking }),
    signature: (signature) => [...inThought({ type: 'signature_delta', signature }), ...end()],
    redacted: (data) => [...begin('thinking', { type: 'redacted_thinking', data }), ...end()],
    tool: (start) => begin('tool', { type: 'tool_use', ...start, input: {} }),
    json: (text) => delta({ type: 'input_json_delta', partial_json: text }),
  };
}
