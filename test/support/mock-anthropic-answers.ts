import type { Behaviour } from './mock-anthropic.ts';

const weather = { city: 'Paris', unit: 'celsius' };
const thought = { type: 'thinking', thinking: ' hm', signature: 'c2lnbmVk' };

/** The blocks of a whole message. */
export function contentOf({ chunks, text, thinking, tool }: Behaviour): readonly unknown[] {
  const thoughts = thinking > 0 ? [{ ...thought, thinking: ' hm'.repeat(thinking) }] : [];
  if (tool === 'no') return [...thoughts, { type: 'text', text: text.repeat(chunks) }];
  const input = tool === 'yes' ? weather : {};
  const call = { type: 'tool_use', id: 'toolu_01', name: 'get_weather', input };
  return [...thoughts, { type: 'text', text: 'Let me see.' }, call];
}

export function usageOf(behaviour: Behaviour): object | undefined {
  const { usage, input, cached, written, chunks, thinking, output } = behaviour;
  if (usage === 'no') return undefined;
  if (usage === 'rubbish') return { input_tokens: -5, output_tokens: 'many' };
  return {
    input_tokens: input,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: written,
    output_tokens: output ?? chunks + thinking,
    ...(thinking > 0 ? { output_tokens_details: { thinking_tokens: thinking } } : {}),
    service_tier: 'standard',
  };
}

/** The last word on what was written, and on nothing else. */
export function lateUsageOf(behaviour: Behaviour): object | undefined {
  const usage = usageOf(behaviour);
  return usage && { ...usage, input_tokens: null, cache_read_input_tokens: null };
}

export const stopOf = ({ tool, stop }: Behaviour) => ({
  stop_reason: tool === 'no' ? stop : 'tool_use',
  stop_sequence: stop === 'stop_sequence' ? 'END' : null,
});

export const messageOf = (model: string, more: object) => ({
  ...{ id: 'msg_upstream_4711', type: 'message', role: 'assistant', model, ...more },
});

interface Said {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The events of all blocks: a thought, a text, a call. */
export function deltasOf({ chunks, text, thinking, tool }: Behaviour): readonly Said[] {
  let index = -1;
  const block = (content: object, deltas: readonly object[]): readonly Said[] => {
    index += 1;
    return [
      { type: 'content_block_start', index, content_block: content },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ];
  };
  const times = (count: number, delta: object) => Array.from({ length: count }, () => delta);
  const thoughts =
    thinking > 0
      ? block({ type: 'thinking', thinking: '', signature: '' }, [
          ...times(thinking, { type: 'thinking_delta', thinking: ' hm' }),
          { type: 'signature_delta', signature: thought.signature },
        ])
      : [];
  const empty = { type: 'text', text: '' };
  if (tool === 'no') {
    return [...thoughts, ...block(empty, times(chunks, { type: 'text_delta', text }))];
  }
  const json = JSON.stringify(weather);
  const parts = tool === 'yes' ? ['', json.slice(0, 9), json.slice(9)] : [''];
  return [
    ...thoughts,
    ...block(empty, [{ type: 'text_delta', text: 'Let me see.' }]),
    ...block(
      { type: 'tool_use', id: 'toolu_01', name: 'get_weather', input: {} },
      parts.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
    ),
  ];
}
