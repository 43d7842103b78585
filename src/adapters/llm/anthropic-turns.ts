import { z } from 'zod';
import { CacheMark } from './anthropic-cache.ts';
import { beyondProtocol } from './beyond-protocol.ts';
import { isJson } from './chat-stream.ts';
import { parseJson } from './parse-json.ts';
import type { Json } from './upstream.ts';

const Part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
  image_url: z.looseObject({ url: z.string() }).optional(),
  cache_control: CacheMark,
});
const Reasoning = z.looseObject({
  text: z.string().optional(),
  signature: z.string().optional(),
  data: z.string().optional(),
});
const Message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(Part)]).nullish(),
  refusal: z.string().nullish(),
  reasoning_details: z.array(Reasoning).nullish(),
  tool_calls: z
    .array(
      z.looseObject({
        id: z.string(),
        function: z.looseObject({ name: z.string(), arguments: z.string() }),
      }),
    )
    .nullish(),
  tool_call_id: z.string().nullish(),
  is_error: z.boolean().optional(),
  cache_control: CacheMark,
});
type Message = z.output<typeof Message>;

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: Json[];
}

export interface Turns {
  /** What stands outside of the conversation, in its order. */
  readonly system: readonly Json[];
  readonly turns: readonly Turn[];
}

/** OpenAI's messages as turns of two: neighbours of one role are one turn, results of tools are the user's. */
export function anthropicTurns(messages: unknown): Turns {
  const system: Json[] = [];
  const turns: Turn[] = [];
  const say = (role: Turn['role'], content: readonly Json[]) => {
    const last = turns.at(-1);
    if (content.length === 0) return;
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content: [...content] });
  };
  (Array.isArray(messages) ? messages : []).forEach((each: unknown, index) => {
    const path = `messages[${index}]`;
    const parsed = Message.safeParse(each);
    if (!parsed.success) throw beyondProtocol(pathOf(path, parsed.error));
    const message = parsed.data;
    switch (message.role) {
      case 'system':
      case 'developer':
        system.push(...blocksOf(message, path));
        break;
      case 'user':
        say('user', blocksOf(message, path));
        break;
      case 'assistant':
        say('assistant', [
          ...thoughtsOf(message),
          ...blocksOf(message, path),
          ...callsOf(message, path),
        ]);
        break;
      case 'tool':
        say('user', [resultOf(message, path)]);
        break;
      default:
        throw beyondProtocol(`${path}.role`);
    }
  });
  return { system, turns };
}

function pathOf(path: string, { issues }: z.ZodError): string {
  const [field] = issues[0]?.path ?? [];
  return field === undefined ? path : `${path}.${String(field)}`;
}

function blocksOf({ content, refusal }: Message, path: string): readonly Json[] {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
  const blocks = parts.flatMap((part, index) => blockOf(part, `${path}.content[${index}]`));
  return refusal ? [...blocks, { type: 'text', text: refusal }] : blocks;
}

/** An empty text is no block: Anthropic refuses it. */
function blockOf(part: z.output<typeof Part>, path: string): readonly Json[] {
  const { type, text = part.refusal, image_url: image, cache_control: cache } = part;
  if ((type === 'text' || type === 'refusal') && text !== undefined) {
    return text === '' ? [] : [{ type: 'text', text, cache_control: cache }];
  }
  if (type !== 'image_url' || !image) throw beyondProtocol(path);
  return [{ type: 'image', source: sourceOf(image.url, path), cache_control: cache }];
}

const inline = /^data:(image\/(?:jpeg|png|gif|webp));base64,([A-Za-z0-9+/=]+)$/;

function sourceOf(url: string, path: string): Json {
  const [, mediaType, data] = inline.exec(url) ?? [];
  if (data !== undefined) return { type: 'base64', media_type: mediaType, data };
  if (!url.startsWith('https://')) throw beyondProtocol(`${path}.image_url.url`);
  return { type: 'url', url };
}

/** Only what Anthropic signed or sealed is taken back; other thoughts it would refuse. */
const thoughtsOf = ({ reasoning_details: details }: Message): readonly Json[] =>
  (details ?? []).flatMap(({ text, signature, data }): readonly Json[] => {
    if (data !== undefined) return [{ type: 'redacted_thinking', data }];
    return signature ? [{ type: 'thinking', thinking: text ?? '', signature }] : [];
  });

const callsOf = ({ tool_calls: calls }: Message, path: string): readonly Json[] =>
  (calls ?? []).map(({ id, function: { name, arguments: text } }, index) => {
    const input = text.trim() === '' ? {} : parseJson(text);
    if (!isJson(input)) throw beyondProtocol(`${path}.tool_calls[${index}].function.arguments`);
    return { type: 'tool_use', id: plainId(id), name, input };
  });

function resultOf(message: Message, path: string): Json {
  const { tool_call_id: id } = message;
  if (!id) throw beyondProtocol(`${path}.tool_call_id`);
  return {
    type: 'tool_result',
    tool_use_id: plainId(id),
    content: blocksOf(message, path),
    is_error: message.is_error || undefined,
    cache_control: message.cache_control,
  };
}

/** Anthropic knows no other characters in the id of a call. */
const plainId = (id: string): string => id.replace(/[^\w-]/g, '_');
