import { z } from 'zod';
import type { AnswerStream } from './answer-stream.ts';
import { Block, finishOf, reasoningDetails, usageOf } from './anthropic-answer.ts';
import { unusable } from './call-fault.ts';
import { isJson, parseJson } from './json.ts';
import { streamRefusal } from './refusal.ts';
import type { Json } from './upstream.ts';

const Event = z.looseObject({
  type: z.string(),
  index: z.int().min(0).default(0),
  message: z.looseObject({ usage: z.unknown().optional() }).optional(),
  content_block: Block.optional(),
  delta: z
    .looseObject({
      type: z.string().optional(),
      text: z.string().optional(),
      thinking: z.string().optional(),
      signature: z.string().optional(),
      partial_json: z.string().optional(),
      stop_reason: z.string().nullish(),
      stop_sequence: z.string().nullish(),
    })
    .optional(),
  usage: z.unknown().optional(),
});
type Event = z.output<typeof Event>;

/** One stream of Anthropic's as chunks of OpenAI's. */
export function anthropicStream(): AnswerStream {
  const calls = toolCalls();
  let isBegun = false;
  let isFinished = false;
  let isEnded = false;
  let counted: Json = {};

  const count = (usage: unknown) => {
    if (!isJson(usage)) return;
    const said = Object.entries(usage).filter(([, value]) => value !== null);
    counted = { ...counted, ...Object.fromEntries(said) };
  };
  const saying = (delta: Json | undefined): readonly Json[] => {
    if (!delta) return [];
    const first = isBegun ? {} : { role: 'assistant' };
    isBegun = true;
    return [chunkOf([{ index: 0, delta: { ...first, ...delta }, finish_reason: null }])];
  };
  const ending = ({ delta, usage }: Event): readonly Json[] => {
    count(usage);
    const { stop_reason: reason, stop_sequence: sequence } = delta ?? {};
    const totals = isJson(usage) ? usageOf(counted) : undefined;
    const chunks: Json[] = totals ? [{ ...chunkOf([]), usage: totals }] : [];
    if (!reason) return chunks;
    isBegun = true;
    isFinished = true;
    return [chunkOf([{ index: 0, delta: {}, ...finishOf(reason, sequence) }]), ...chunks];
  };
  const chunksOf = (event: Event): readonly Json[] => {
    switch (event.type) {
      case 'message_start':
        count(event.message?.usage);
        return [];
      case 'content_block_start':
        return saying(event.content_block && begun(event.content_block, event.index, calls));
      case 'content_block_delta':
        return saying(event.delta && going(event.delta, event.index, calls));
      case 'content_block_stop':
        return saying(calls.end(event.index));
      case 'message_delta':
        return ending(event);
      case 'message_stop':
        isEnded = true;
        return [];
      case 'error':
        throw streamRefusal(event);
      default:
        // `ping`, and what is new.
        return [];
    }
  };

  return {
    read: (events) => events.flatMap((data) => (isEnded ? [] : chunksOf(eventOf(data)))),
    begun: () => isBegun,
    ended: () => isEnded && isFinished,
    finished: () => isFinished,
  };
}

function eventOf(data: string): Event {
  const parsed = Event.safeParse(parseJson(data));
  if (!parsed.success) throw unusable();
  return parsed.data;
}

const chunkOf = (choices: readonly Json[]): Json => ({
  object: 'chat.completion.chunk',
  choices,
});

type Calls = ReturnType<typeof toolCalls>;

/** What the first event of a block says already. */
function begun(block: Block, index: number, calls: Calls): Json {
  switch (block.type) {
    case 'tool_use':
      return calls.begin(block, index);
    case 'thinking':
    case 'redacted_thinking':
      return thought(block, index);
    default:
      return { content: block.text ?? '' };
  }
}

function going(
  { type, text, thinking, signature, partial_json: json }: NonNullable<Event['delta']>,
  index: number,
  calls: Calls,
): Json | undefined {
  switch (type) {
    case 'text_delta':
      return { content: text ?? '' };
    case 'thinking_delta':
    case 'signature_delta':
      return thought({ type: 'thinking', thinking, signature }, index);
    case 'input_json_delta':
      return calls.more(json ?? '', index);
    default:
      return undefined;
  }
}

function thought(block: Partial<Block>, index: number): Json {
  const details = reasoningDetails(block, index);
  return {
    reasoning_content: block.thinking ?? '',
    ...(details.length > 0 ? { reasoning_details: details } : {}),
  };
}

/** Anthropic counts blocks, OpenAI counts calls; a call that needs no arguments has empty ones. */
function toolCalls() {
  const places = new Map<number, number>();
  const silent = new Map<number, unknown>();
  const argumentsOf = (index: number, text: string): Json | undefined =>
    text === ''
      ? undefined
      : { tool_calls: [{ index: places.get(index), function: { arguments: text } }] };
  return {
    begin({ id, name, input }: Block, index: number): Json {
      const place = places.size;
      places.set(index, place);
      silent.set(index, input ?? {});
      return {
        tool_calls: [{ index: place, id, type: 'function', function: { name, arguments: '' } }],
      };
    },
    more(text: string, index: number): Json | undefined {
      if (!places.has(index)) return undefined;
      if (text !== '') silent.delete(index);
      return argumentsOf(index, text);
    },
    end(index: number): Json | undefined {
      if (!silent.has(index)) return undefined;
      const input = silent.get(index);
      silent.delete(index);
      return argumentsOf(index, JSON.stringify(input));
    },
  };
}
