import { z } from 'zod';
import { CacheMark } from './anthropic-cache.ts';
import { beyondProtocol } from './beyond-protocol.ts';
import { toldFile } from './chat-files.ts';
import { eachMessage, Message, Part } from './chat-words.ts';
import { isJson, parseToldJson } from './json.ts';
import type { Json } from './upstream.ts';

const OwnPart = Part.extend({ cache_control: CacheMark });
const Reasoning = z.looseObject({
  text: z.string().optional(),
  signature: z.string().optional(),
  data: z.string().optional(),
});
const OwnMessage = Message.extend({
  content: z.union([z.string(), z.array(OwnPart)]).nullish(),
  reasoning_details: z.array(Reasoning).nullish(),
  cache_control: CacheMark,
});
type Said = z.output<typeof OwnMessage>;

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
  eachMessage(messages, OwnMessage, {
    system: (message, path) => system.push(...blocksOf(message, path)),
    user: (message, path) => say('user', blocksOf(message, path)),
    assistant: (message, path) =>
      say('assistant', [
        ...thoughtsOf(message),
        ...blocksOf(message, path),
        ...callsOf(message, path),
      ]),
    tool: (message, path) => say('user', [resultOf(message, path)]),
  });
  return { system, turns };
}

function blocksOf({ content, refusal }: Said, path: string): readonly Json[] {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
  const blocks = parts.flatMap((part, index) => blockOf(part, `${path}.content[${index}]`));
  return refusal ? [...blocks, { type: 'text', text: refusal }] : blocks;
}

/** An empty text is no block: Anthropic refuses it. */
function blockOf(part: z.output<typeof OwnPart>, path: string): readonly Json[] {
  const { type, text = part.refusal, image_url: image, file, cache_control: cache } = part;
  if ((type === 'text' || type === 'refusal') && text !== undefined) {
    return text === '' ? [] : [{ type: 'text', text, cache_control: cache }];
  }
  if (type === 'file' && file) {
    const title = file.filename || undefined;
    return [
      { type: 'document', source: documentOf(file.file_data, path), title, cache_control: cache },
    ];
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

/** Of texts it has one kind. */
function documentOf(address: string, path: string): Json {
  const file = toldFile(address);
  if (!file) throw beyondProtocol(path);
  return file.kind === 'pdf'
    ? { type: 'base64', media_type: 'application/pdf', data: file.data }
    : { type: 'text', media_type: 'text/plain', data: file.text };
}

/** Only what Anthropic signed or sealed is taken back; other thoughts it would refuse. */
const thoughtsOf = ({ reasoning_details: details }: Said): readonly Json[] =>
  (details ?? []).flatMap(({ text, signature, data }): readonly Json[] => {
    if (data !== undefined) return [{ type: 'redacted_thinking', data }];
    return signature ? [{ type: 'thinking', thinking: text ?? '', signature }] : [];
  });

const callsOf = ({ tool_calls: calls }: Said, path: string): readonly Json[] =>
  (calls ?? []).map(({ id, function: { name, arguments: text } }, index) => {
    const input = text.trim() === '' ? {} : parseToldJson(text);
    if (!isJson(input)) throw beyondProtocol(`${path}.tool_calls[${index}].function.arguments`);
    return { type: 'tool_use', id: plainId(id), name, input };
  });

function resultOf(message: Said, path: string): Json {
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
