import { z } from 'zod';
import type { Json } from '../../adapters/llm/upstream.ts';
import { Thoughts } from '../chat-thoughts.ts';
import type { AnthropicEvent } from './blocks.ts';
import { blocks } from './blocks.ts';
import type { Head } from './from-chat.ts';
import { anthropicUsage, stopOf } from './from-chat.ts';
import { toolCalls } from './tool-calls.ts';

const Delta = Thoughts.extend({
  content: z.string().nullish().catch(undefined),
  refusal: z.string().nullish().catch(undefined),
  tool_calls: z
    .array(
      z.looseObject({
        index: z.int().default(0),
        id: z.string().nullish(),
        function: z
          .looseObject({ name: z.string().nullish(), arguments: z.string().nullish() })
          .nullish(),
      }),
    )
    .nullish()
    .catch(undefined),
});
type Delta = z.output<typeof Delta>;
const Chunk = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        index: z.int().default(0),
        delta: Delta.nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .catch([]),
  usage: z.unknown().optional(),
});

/** Chunks as events of Anthropic's; what ends a message is written only when the chunks have ended. */
export async function* messageEvents(
  chunks: AsyncIterable<readonly Json[]>,
  head: Head,
): AsyncGenerator<readonly AnthropicEvent[]> {
  const writer = eventWriter();
  let events: AnthropicEvent[] = [startOf(head)];
  for await (const batch of chunks) {
    for (const chunk of batch) events.push(...writer.take(chunk));
    if (events.length > 0) yield events;
    events = [];
  }
  yield [...events, ...writer.end()];
}

/** What the input was is told at the end: nobody knows it before. */
const startOf = ({ id, model }: Head): AnthropicEvent => ({
  type: 'message_start',
  message: {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 0, output_tokens: 0 },
  },
});

function eventWriter() {
  const writer = blocks();
  const calls = toolCalls(writer);
  let stop = stopOf({});
  let usage: unknown;

  const saying = (delta: Delta): readonly AnthropicEvent[] => {
    const text = `${delta.content ?? ''}${delta.refusal ?? ''}`;
    return [
      ...thinking(delta),
      ...(text === '' ? [] : writer.text(text)),
      ...(delta.tool_calls ?? []).flatMap((call) => calls.take(call)),
    ];
  };
  const thinking = (delta: Delta): readonly AnthropicEvent[] => {
    const details = delta.reasoning_details ?? [];
    const thought =
      delta.reasoning_content || delta.reasoning || details.map(({ text }) => text ?? '').join('');
    return [
      ...(thought === '' ? [] : writer.thinking(thought)),
      ...details.flatMap(({ signature, data }) => [
        ...(signature ? writer.signature(signature) : []),
        ...(data ? writer.redacted(data) : []),
      ]),
    ];
  };

  return {
    take(chunk: Json): readonly AnthropicEvent[] {
      const parsed = Chunk.safeParse(chunk);
      if (!parsed.success) return [];
      if (parsed.data.usage) usage = parsed.data.usage;
      const choice = parsed.data.choices.find(({ index }) => index === 0);
      if (choice?.finish_reason) stop = stopOf(choice);
      return choice?.delta ? saying(choice.delta) : [];
    },
    end: (): readonly AnthropicEvent[] => [
      ...calls.end(),
      ...writer.end(),
      { type: 'message_delta', delta: stop, usage: anthropicUsage(usage) },
      { type: 'message_stop' },
    ],
  };
}
