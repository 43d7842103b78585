import { z } from 'zod';
import type { AnswerStream } from './answer-stream.ts';
import { unusable } from './call-fault.ts';
import { isJson, parseJson } from './json.ts';
import { streamRefusal } from './refusal.ts';
import { chatUsageOf } from './responses-answer.ts';
import type { Json } from './upstream.ts';

const Event = z.looseObject({
  type: z.string(),
  output_index: z.int().min(0).catch(0),
  delta: z.string().optional().catch(undefined),
  item: z
    .looseObject({
      type: z.string(),
      call_id: z.string().nullish(),
      name: z.string().nullish(),
    })
    .optional()
    .catch(undefined),
  response: z.looseObject({ usage: z.unknown().optional() }).optional(),
});
type Event = z.output<typeof Event>;

/** What a delta of each type adds to a chat message. */
const deltas: Readonly<Record<string, (text: string, index: number) => Json>> = {
  'response.output_text.delta': (content) => ({ content }),
  'response.refusal.delta': (refusal) => ({ refusal }),
  'response.reasoning_text.delta': (text) => ({ reasoning_content: text }),
  'response.reasoning_summary_text.delta': (text) => ({ reasoning_content: text }),
  'response.function_call_arguments.delta': (text, index) => ({
    tool_calls: [{ index, function: { arguments: text } }],
  }),
  'response.custom_tool_call_input.delta': (text, index) => ({
    tool_calls: [{ index, custom: { input: text } }],
  }),
};

/** They tell only that there will be an answer: nothing of it has come. */
const announcing = new Set(['response.created', 'response.queued', 'response.in_progress']);
const ending = new Set(['response.completed', 'response.incomplete']);
const failing = new Set(['response.failed', 'response.cancelled', 'error']);

/** Events of Responses as chunks that each carry theirs. */
export function responsesStream(): AnswerStream {
  /** Kept until an answer begins: up to then another upstream may give it. */
  let waiting: Json[] = [];
  let isBegun = false;
  let isEnded = false;

  const chunksOf = (data: string): readonly Json[] => {
    const native = parseJson(data);
    const parsed = Event.safeParse(native);
    if (!(parsed.success && isJson(native))) throw unusable();
    const event = parsed.data;
    if (failing.has(event.type))
      throw streamRefusal(isJson(native.response) ? native.response : native);
    const chunk: Json = { object: 'chat.completion.chunk', choices: choicesOf(event), native };
    if (announcing.has(event.type)) {
      waiting.push(chunk);
      return [];
    }
    isBegun = true;
    isEnded = ending.has(event.type);
    if (isEnded) chunk.usage = chatUsageOf(event.response?.usage);
    const chunks = [...waiting, chunk];
    waiting = [];
    return chunks;
  };

  return {
    read: (events) => events.flatMap((data) => (isEnded ? [] : chunksOf(data))),
    begun: () => isBegun,
    ended: () => isEnded,
    finished: () => isEnded,
  };
}

function choicesOf({ type, delta, output_index: index, item }: Event): readonly Json[] {
  const said = deltas[type]?.(delta ?? '', index) ?? begun(type, index, item);
  return said ? [{ index: 0, delta: said, finish_reason: null }] : [];
}

/** A call is named where it begins. */
function begun(type: string, index: number, item: Event['item']): Json | undefined {
  if (type !== 'response.output_item.added' || !item?.name) return undefined;
  const kind = item.type === 'custom_tool_call' ? 'custom' : 'function';
  return { tool_calls: [{ index, id: item.call_id, type: kind, [kind]: { name: item.name } }] };
}
